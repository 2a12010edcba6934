import { DrumlineError } from '../errors/index.ts';
import type { Task } from '../plan/plan.ts';
import { type Instant, instant } from '../units/index.ts';

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

/** One execution of a plan, as it stands in `<prefix>_run:<run>`: whatever a worker or a later publisher must know. */
export interface RunRecord {
  readonly run: string;
  readonly state: RunState;
  /** In file order: a batch names a task by its index here. */
  readonly tasks: readonly RunTask[];
  /** The traffic file's text. */
  readonly plan: string;
  /** Queues at the start; `update_config` may change them. */
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
export function encodeRun(record: Partial<RunRecord>): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const [name, value] of Object.entries(record)) fields[name] = typeof value === 'string' ? value : JSON.stringify(value);
  return fields;
}

const TEXTS = new Set(['run', 'state', 'plan', 'scale', 'speed']);

/** @throws DrumlineError DRUM_RUN_UNKNOWN when fields are missing or are not what `encodeRun` writes. */
export function decodeRun(fields: Readonly<Record<string, string>>): RunRecord {
  const record: Record<string, unknown> = {};
  for (const name of ['run', 'state', 'plan', 'tasks', 'queues', 'scale', 'speed', 'origin', 'rates', 'pauses']) {
    const field = fields[name];
    try {
      record[name] = TEXTS.has(name) ? field : JSON.parse(field ?? '');
    } catch (cause) {
      throw new DrumlineError('DRUM_RUN_UNKNOWN', `the run's field ${name} is ${field?.slice(0, 80) ?? 'missing'}`, { cause });
    }
  }
  if (!Array.isArray(record['tasks'])) throw new DrumlineError('DRUM_RUN_UNKNOWN', 'the run has no list of tasks');
  record['origin'] = instant(Number(record['origin']));
  return record as unknown as RunRecord;
}
