import type { Histogram } from '@drumline/core/stats';
import type { Instant } from '@drumline/core/units';
import type { TaskInterval, TimelinePoint, WorkerInterval } from '../timeline.ts';

export type FieldValue = string | number | boolean | null | Readonly<Record<string, number>>;

/** One figure of an output: its stable name (with the unit, where it is not ops), and what it says. */
export interface OutputField<T> {
  readonly name: string;
  readonly type: 'text' | 'integer' | 'number' | 'boolean' | 'object';
  readonly meaning: string;
  readonly read: (of: T) => FieldValue;
}

const iso = (at: Instant): string => new Date(at / 1_000).toISOString();

/** Of the whole fleet in one second. */
export const POINT_FIELDS: readonly OutputField<TimelinePoint>[] = [
  {
    name: 'at',
    type: 'text',
    meaning: 'When the interval began: ISO 8601, a whole second of the clock of Redis',
    read: ({ at }) => iso(at),
  },
  {
    name: 'lengthUs',
    type: 'integer',
    meaning: 'How long it was: 1,000,000, but for the last one, and for what a standing process made up for',
    read: ({ length }) => length,
  },
  {
    name: 'state',
    type: 'text',
    meaning: 'What the publisher did at its end: `running`, `paused`, `draining`, `stopped`, `done` or `failed`',
    read: ({ state }) => state,
  },
  {
    name: 'factor',
    type: 'number',
    meaning: 'By which a `rate` command has multiplied every rate; 1 = as planned',
    read: ({ factor }) => factor,
  },
  {
    name: 'backlogUs',
    type: 'integer',
    meaning: 'Age of the oldest batch that waits on a queue; 0 = workers keep up',
    read: ({ backlog }) => Math.round(backlog),
  },
  { name: 'queued', type: 'integer', meaning: 'Elements on all queues', read: ({ queued }) => queued },
  { name: 'inFlight', type: 'integer', meaning: 'Ops that are with their target', read: ({ inFlight }) => inFlight },
  {
    name: 'disturbed',
    type: 'boolean',
    meaning: 'Whether a stall, a redelivery or a clock had a part in what was measured',
    read: ({ disturbed }) => disturbed,
  },
];

const duration =
  (name: 'response' | 'service' | 'lateness', figure: (histogram: Histogram) => number) =>
  (task: TaskInterval): number | null => {
    const histogram = task[name];
    return histogram.total === 0 ? null : Math.round(figure(histogram));
  };

const percentile = (name: 'response' | 'service' | 'lateness', percent: number) =>
  duration(name, (histogram) => histogram.percentile(percent));

/** Of one task in one second. Durations are of what ended in it (lateness: was sent in it); `null` when nothing did. */
export const TASK_FIELDS: readonly OutputField<TaskInterval>[] = [
  { name: 'task', type: 'integer', meaning: 'Number of the task in the plan, from 0', read: ({ task }) => task },
  { name: 'action', type: 'text', meaning: 'What its ops do', read: ({ action }) => action },
  { name: 'planned', type: 'integer', meaning: 'Ops that were due in the interval', read: ({ planned }) => planned },
  { name: 'sent', type: 'integer', meaning: 'Ops that were sent in it', read: ({ sent }) => sent },
  { name: 'ok', type: 'integer', meaning: 'Ops that ended in it, and well', read: ({ ok }) => ok },
  {
    name: 'failed',
    type: 'integer',
    meaning: 'Ops that ended in it with an error, a time-out included',
    read: ({ failed }) => failed,
  },
  {
    name: 'dropped',
    type: 'integer',
    meaning: 'Ops that workers did not send because their time had passed',
    read: ({ dropped }) => dropped,
  },
  {
    name: 'responseMeanUs',
    type: 'integer',
    meaning: 'Intended start to the end of the answer: mean',
    read: duration('response', ({ mean }) => mean),
  },
  { name: 'responseP50Us', type: 'integer', meaning: 'Half were not slower', read: percentile('response', 50) },
  { name: 'responseP90Us', type: 'integer', meaning: '90 % were not slower', read: percentile('response', 90) },
  { name: 'responseP99Us', type: 'integer', meaning: '99 % were not slower', read: percentile('response', 99) },
  { name: 'responseP999Us', type: 'integer', meaning: '99.9 % were not slower', read: percentile('response', 99.9) },
  { name: 'responseMaxUs', type: 'integer', meaning: 'The slowest', read: percentile('response', 100) },
  {
    name: 'serviceP50Us',
    type: 'integer',
    meaning: 'Actual send to the end of the answer, _uncorrected_: it hides the wait before the send',
    read: percentile('service', 50),
  },
  { name: 'serviceP99Us', type: 'integer', meaning: 'The same, 99 %', read: percentile('service', 99) },
  { name: 'serviceMaxUs', type: 'integer', meaning: 'The same, the slowest', read: percentile('service', 100) },
  {
    name: 'latenessP50Us',
    type: 'integer',
    meaning: 'Actual send minus intended start; 0 = on time or early',
    read: percentile('lateness', 50),
  },
  { name: 'latenessP99Us', type: 'integer', meaning: 'The same, 99 %', read: percentile('lateness', 99) },
  { name: 'latenessMaxUs', type: 'integer', meaning: 'The same, the latest', read: percentile('lateness', 100) },
  {
    name: 'errors',
    type: 'object',
    meaning: 'Failed ops by error code. In CSV: `CODE=3 OTHER=1`',
    read: ({ errors }) => Object.fromEntries([...errors].sort(([a], [b]) => (a < b ? -1 : 1))),
  },
];

/** Of one worker, as it said last. */
export const WORKER_FIELDS: readonly OutputField<WorkerInterval>[] = [
  { name: 'worker', type: 'text', meaning: 'Its name', read: ({ worker }) => worker },
  {
    name: 'ratePerS',
    type: 'number',
    meaning: 'Ops per second that it sent',
    read: ({ rate }) => Math.round(rate * 10) / 10,
  },
  { name: 'inFlight', type: 'integer', meaning: 'Its ops that are with their target', read: (of) => of.inFlight },
  {
    name: 'cpuCores',
    type: 'number',
    meaning: 'CPU cores that it used',
    read: ({ cpu }) => Math.round(cpu * 1_000) / 1_000,
  },
  {
    name: 'loopDelayP99Us',
    type: 'integer',
    meaning: 'How late the event loop of its slowest OS thread was, 99 %',
    read: ({ loopDelayP99 }) => Math.round(loopDelayP99 * 1_000),
  },
];

/** An object with every field of `fields`. */
export const readFields = <T>(fields: readonly OutputField<T>[], of: T): Record<string, FieldValue> =>
  Object.fromEntries(fields.map(({ name, read }) => [name, read(of)]));
