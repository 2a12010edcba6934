import { z } from 'zod';
import { DrumlineError } from '../errors/index.ts';
import type { Task } from '../plan/plan.ts';
import { type Instant, instant } from '../units/index.ts';
import type { Decisions } from './decisions.ts';
import { json } from './json-field.ts';

/** A task as the fleet plays it: like the plan's, its seed drawn. */
export type RunTask = Task & { readonly seed: string };

/** `running` and `paused` alternate; `draining` finishes what is published; see `FINAL_STATES` for the others. */
export type RunState = 'running' | 'paused' | 'draining' | 'stopped' | 'done' | 'failed';

/** In these states nothing more will ever be published. */
export const FINAL_STATES: ReadonlySet<RunState> = new Set(['stopped', 'done', 'failed']);

/** From `beat` of the run's axis on, every rate is multiplied by `factor` (a decimal text). */
export interface RateStep {
  readonly beat: number;
  readonly factor: string;
}

/** A stretch of time that is not on the run's axis. `to` is absent while it lasts. */
export interface Pause {
  readonly from: Instant;
  readonly to?: Instant;
}

/**
 * One execution of a plan, as it stands in `<prefix>_run:<run>`: whatever a worker must know. What a publisher that takes
 * over must know besides lies in the same hash (`Decisions`).
 */
export interface RunRecord {
  readonly run: string;
  readonly state: RunState;
  /** In file order: a batch names a task by its index here. */
  readonly tasks: readonly RunTask[];
  /** The traffic file's text. */
  readonly plan: string;
  /** Queues at the start; `update_config` may change them (`Decisions.deals`). */
  readonly queues: number;
  /** Decimal texts. */
  readonly scale: string;
  readonly speed: string;
  /** Instant 0 of the run's axis. */
  readonly origin: Instant;
  readonly rates: readonly RateStep[];
  readonly pauses: readonly Pause[];
}

/** The fields of the run's hash: each changes on its own, so a change writes only what it touches. */
export function encodeRun(record: Partial<RunRecord & Decisions>): Record<string, string> {
  const fields = Object.entries(record).filter(([, value]) => value !== undefined);
  return Object.fromEntries(
    fields.map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]),
  );
}

const text = z.string();
const count = z.int().nonnegative();

/** Tasks are not looked into: only a publisher writes them, after every check that there is. */
const RECORD = z.object({
  run: text,
  state: z.enum(['running', 'paused', 'draining', 'stopped', 'done', 'failed']),
  plan: text,
  tasks: json(z.array(z.custom<RunTask>((task) => typeof task === 'object' && task !== null && 'action' in task))),
  queues: json(count),
  scale: text,
  speed: text,
  origin: json(count.transform(instant)),
  rates: json(z.array(z.object({ beat: count, factor: text }))),
  pauses: json(
    z.array(
      z
        .object({ from: count.transform(instant), to: count.transform(instant).optional() })
        .transform(({ from, to }): Pause => (to === undefined ? { from } : { from, to })),
    ),
  ),
});

/** @throws DrumlineError DRUM_RUN_UNKNOWN when fields are missing or are not what `encodeRun` writes. */
export function decodeRun(fields: Readonly<Record<string, string>>): RunRecord {
  const parsed = RECORD.safeParse(fields);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = String(issue?.path[0]);
  const value = fields[field] === undefined ? 'missing' : JSON.stringify(fields[field].slice(0, 80));
  throw new DrumlineError('DRUM_RUN_UNKNOWN', `the run's field ${field} is ${value}`);
}
