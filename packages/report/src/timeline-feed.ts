import { DURATIONS, type Durations, newDurations } from '@drumline/core/stats';
import { elapsed, type Instant, instant, type Micros, micros } from '@drumline/core/units';
import type { FanIn, WorkerFigures } from './fan-in.ts';
import type { TaskTotals } from './task-totals.ts';
import { secondOf, type TaskInterval, type TimelinePoint, type WorkerInterval } from './timeline.ts';

/** What only the publisher knows, now. */
export interface PublisherLook {
  readonly state: string;
  readonly factor: number;
  readonly backlog: Micros;
  /** Elements by queue. */
  readonly queues: readonly number[];
  readonly tasks: readonly { readonly task: number; readonly action: string }[];
}

export interface FeedOptions {
  readonly figures: FanIn;
  readonly run: string;
  /** The first point begins with its second. */
  readonly begin: Instant;
  /** Workers know the run already, from an earlier publisher: what they did until `begin` is left out. */
  readonly isResumed: boolean;
  readonly look: () => PublisherLook;
  /** Ops of the task whose intended start lies before `at`, of those that were published. */
  readonly plannedBefore: (task: number, at: Instant) => number;
}

/** Workers report a second within 220 ms of its end; the rest is the way here. */
const SETTLES: Micros = micros(300_000);
const NEVER = instant(Number.MAX_SAFE_INTEGER);
/** A worker that has been silent for so long is not shown any more. */
const SILENT: Micros = micros(5_000_000);

/** What of a task was there when the last point was made. */
interface Seen {
  readonly planned: number;
  readonly sent: number;
  readonly ok: number;
  readonly failed: number;
  readonly dropped: number;
  readonly errors: ReadonlyMap<string, number>;
  readonly durations: Durations;
}

const NOTHING: Seen = {
  planned: 0,
  sent: 0,
  ok: 0,
  failed: 0,
  dropped: 0,
  errors: new Map(),
  durations: newDurations(),
};

/**
 * Makes the points of a timeline from what workers report and the publisher knows. A point is a whole second of the
 * fleet's clock, made 0.3 s after its end. Planned and sent ops are exactly those of that second; what ended is taken
 * from the reports made at its end, which are up to 0.22 s younger. Nothing is lost between points: what is heard late
 * is in a later one.
 */
export class TimelineFeed {
  readonly #options: FeedOptions;
  readonly #seen = new Map<number, Seen>();
  #until: Instant;
  #disturbed = 0;
  /** What was there before counts as seen. */
  #isBaseTaken: boolean;

  constructor(options: FeedOptions) {
    this.#options = options;
    this.#until = secondOf(options.begin);
    this.#isBaseTaken = !options.isResumed;
  }

  /** The point of what has ended and was reported since the last one; `undefined` while there is no whole second of it. */
  next(now: Instant): TimelinePoint | undefined {
    const end = secondOf(instant(now - SETTLES));
    return end > this.#until ? this.#point(now, end) : undefined;
  }

  /** The point of all that is left, after the run; `undefined` when there is nothing. */
  last(now: Instant): TimelinePoint | undefined {
    const end = instant(Math.max(now, this.#until));
    const point = this.#point(now, end, NEVER);
    return point?.tasks.length === 0 ? undefined : point;
  }

  /** @param before what lies before it is in this point or in an earlier one. */
  #point(now: Instant, end: Instant, before = end): TimelinePoint | undefined {
    const { figures, run, look } = this.#options;
    const { state, factor, backlog, queues, tasks } = look();
    const at = this.#until;
    const disturbed = figures.seconds(run).disturbed;
    const wasDisturbed = disturbed > this.#disturbed;
    this.#until = end;
    this.#disturbed = disturbed;
    const intervals = tasks.map((task) => this.#interval(task, before));
    if (!this.#isBaseTaken) {
      // Each worker's first report holds all that it has ever done in the run, and comes within a second.
      this.#isBaseTaken = elapsed(this.#options.begin, end) >= 1_000_000;
      return undefined;
    }
    const workers = figures.workers().filter((worker) => now - worker.at < SILENT);
    return {
      at,
      length: elapsed(at, end),
      state,
      factor,
      backlog,
      queued: queues.reduce((sum, length) => sum + length, 0),
      inFlight: workers.reduce((sum, { inFlight }) => sum + inFlight, 0),
      disturbed: wasDisturbed,
      tasks: intervals.filter(isActive),
      workers: workers.map(workerInterval),
    };
  }

  #interval({ task, action }: { task: number; action: string }, until: Instant): TaskInterval {
    const { figures, run, plannedBefore } = this.#options;
    const before = this.#seen.get(task) ?? NOTHING;
    const after = seenNow(figures.task(run, task), before, plannedBefore(task, until), until);
    this.#seen.set(task, after);
    return { task, action, ...differenceOf(before, after) };
  }
}

function seenNow(totals: TaskTotals | undefined, before: Seen, planned: number, until: Instant): Seen {
  if (totals === undefined) return { ...before, planned };
  const { counters, errors, windows, all } = totals;
  const { ok, failed, dropped } = counters;
  const sent = counters.sent - windows.since(until);
  return { planned, sent, ok, failed, dropped, errors: new Map(errors), durations: copyOf(all, before.durations) };
}

/** A copy, or the one from before when nothing was added since: tasks that have ended cost nothing. */
function copyOf(durations: Durations, before: Durations): Durations {
  if (DURATIONS.every((name) => durations[name].total === before[name].total)) return before;
  const copy = newDurations();
  for (const name of DURATIONS) copy[name].merge(durations[name]);
  return copy;
}

function differenceOf(before: Seen, after: Seen): Omit<TaskInterval, 'task' | 'action'> {
  const errors = new Map<string, number>();
  for (const [code, count] of after.errors) {
    const more = count - (before.errors.get(code) ?? 0);
    if (more !== 0) errors.set(code, more);
  }
  return {
    planned: after.planned - before.planned,
    sent: after.sent - before.sent,
    ok: after.ok - before.ok,
    failed: after.failed - before.failed,
    dropped: after.dropped - before.dropped,
    errors,
    ...durationsSince(before.durations, after.durations),
  };
}

function durationsSince(before: Durations, after: Durations): Durations {
  const durations = newDurations();
  if (after === before) return durations;
  for (const name of DURATIONS) {
    durations[name].merge(after[name]);
    durations[name].subtract(before[name]);
  }
  return durations;
}

const isActive = ({ planned, sent, ok, failed, dropped, response }: TaskInterval): boolean =>
  planned !== 0 || sent !== 0 || ok !== 0 || failed !== 0 || dropped !== 0 || response.total > 0;

const workerInterval = (figures: WorkerFigures): WorkerInterval => ({
  worker: figures.worker,
  rate: figures.rate,
  inFlight: figures.inFlight,
  cpu: figures.cpu,
  loopDelayP99: figures.eventLoopDelay.p99,
});
