import { z } from 'zod';
import { type Instant, instant, type Micros, micros } from '../units/index.ts';

/** Where one task stands at a beat of the run. */
export interface TaskPosition {
  readonly task: number;
  /** Number of the repeat, and of the next beat and the next op within it. */
  readonly repeat: number;
  readonly beat: number;
  readonly ops: number;
  /** Elapsed time from the task's start to this repeat's. */
  readonly start: Micros;
  /** Ops that were given out: published, or skipped. */
  readonly planned: number;
  readonly skipped: number;
  /** For `seeds`: how often each stream was picked. */
  readonly streams: readonly number[];
  /** Live factors on the task's own axis. */
  readonly history: readonly { readonly at: Micros; readonly factor: string }[];
  /** From the task's start to the end of what was played of it. */
  readonly span: { readonly from: Instant; readonly to: Instant };
}

/**
 * Where a run stands before a beat, and before anything that was decided for it. It is written once everything of the beats
 * before it is on the queues.
 */
export interface RunPosition {
  readonly beat: number;
  readonly stood: Micros;
  /** The queue that the next batch goes to. */
  readonly next: number;
  /** Number of the last push, by queue. */
  readonly pushes: readonly number[];
  readonly tasks: readonly TaskPosition[];
}

const count = z.int().nonnegative();
const elapsed = count.transform(micros);

const TASK = z
  .object({
    task: count,
    repeat: count,
    beat: count,
    ops: count,
    start: elapsed,
    planned: count,
    skipped: count,
    streams: z.array(count).max(1_024),
    history: z.array(z.object({ at: elapsed, factor: z.string().max(100) })),
    span: z.object({ from: count.transform(instant), to: count.transform(instant) }),
  })
  .refine(({ skipped, planned, ops }) => skipped <= planned && ops <= planned);

export const POSITION = z.object({
  beat: count,
  stood: elapsed,
  next: count.max(1_023),
  pushes: z.array(count).max(1_024),
  tasks: z.array(TASK),
});
