import { z } from 'zod';
import { DrumlineError } from '../errors/index.ts';
import { type Instant, instant, type Micros, micros } from '../units/index.ts';
import { json } from './json-field.ts';
import { POSITION, type RunPosition } from './position.ts';

/** A task began at a beat: the barrier before it had opened. */
export interface TaskStart {
  readonly task: number;
  readonly beat: number;
  /** Ops that one batch of the task holds at most, as the config said then. */
  readonly batchOps: number;
}

/** From `beat` on, the axis has stood for `stood` in all. */
export interface Stand {
  readonly beat: number;
  readonly stood: Micros;
}

/** From `beat` on, batches are dealt to queues 0…`queues`−1. */
export interface Deal {
  readonly beat: number;
  readonly queues: number;
}

/** The ops of beats `from`…`to` were counted as dropped instead of being published. */
export interface Skip {
  /** Absent = of every task. */
  readonly task?: number;
  readonly from: number;
  readonly to: number;
}

/** Why the axis stands: an operator paused the fleet, or the queues hold too much. */
export type StandReason = 'command' | 'backlog';

/** The axis stands now. */
export interface Standing {
  /** The next beat, once the axis goes on. */
  readonly beat: number;
  readonly from: Instant;
  readonly reasons: readonly StandReason[];
}

/**
 * What a publisher has decided while it played: all that its batches and their queues depend on besides the run's record
 * (whose `rates` belong to it). Each decision takes effect before its beat is played, and is in the bus before anything that
 * depends on it. So what a beat puts on which queue is a function of record, decisions and beat: whoever reads them can go
 * on where another one stopped.
 */
export interface Decisions {
  readonly starts: readonly TaskStart[];
  readonly stands: readonly Stand[];
  readonly deals: readonly Deal[];
  /** Those of beats that the checkpoint does not cover. */
  readonly skips: readonly Skip[];
  readonly standing: Standing | null;
  /** The first beat that is not played; `null` = the plan is still being played. */
  readonly end: number | null;
  /** A checkpoint to play forward from; `null` = from beat 0. */
  readonly position: RunPosition | null;
  /** The run's publisher has said its last word. */
  readonly over: boolean;
}

/** Nothing decided yet. */
export const UNDECIDED: Decisions = {
  starts: [],
  stands: [],
  deals: [],
  skips: [],
  standing: null,
  end: null,
  position: null,
  over: false,
};

const count = z.int().nonnegative();
/** As in the config: more than that would be a queue that nobody serves. */
const queues = z.int().min(1).max(1_024);
const skip = z
  .object({ task: count.optional(), from: count, to: count })
  .refine(({ from, to }) => from <= to)
  .transform(({ task, from, to }): Skip => (task === undefined ? { from, to } : { task, from, to }));
const reason = z.enum(['command', 'backlog']);
const inOrder = (steps: readonly { readonly beat: number }[]): boolean =>
  steps.every(({ beat }, i) => beat >= (steps[i - 1]?.beat ?? 0));

const DECISIONS = z.object({
  starts: json(
    z
      .array(z.object({ task: count, beat: count, batchOps: z.int().min(1).max(10_000) }))
      .refine(inOrder)
      .refine((starts) => new Set(starts.map(({ task }) => task)).size === starts.length),
  ),
  stands: json(z.array(z.object({ beat: count, stood: count.transform(micros) })).refine(inOrder)),
  deals: json(
    z
      .array(z.object({ beat: count, queues }))
      .min(1)
      .refine(inOrder),
  ),
  skips: json(z.array(skip)),
  standing: json(z.object({ beat: count, from: count.transform(instant), reasons: z.array(reason).min(1) }).nullable()),
  end: json(count.nullable()),
  position: json(POSITION.nullable()),
  over: json(z.boolean()),
});

/** @throws DrumlineError DRUM_RUN_UNKNOWN when fields are missing or are not what `encodeRun` writes. */
export function decodeDecisions(fields: Readonly<Record<string, string>>): Decisions {
  const parsed = DECISIONS.safeParse(fields);
  if (parsed.success) return parsed.data;
  const field = String(parsed.error.issues[0]?.path[0]);
  const value = fields[field] === undefined ? 'missing' : JSON.stringify(fields[field].slice(0, 80));
  throw new DrumlineError('DRUM_RUN_UNKNOWN', `the run's field ${field} is ${value}`);
}
