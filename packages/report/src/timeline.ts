import { type Durations, Histogram } from '@drumline/core/stats';
import { type Instant, instant, type Micros, type Millis, micros, millis } from '@drumline/core/units';

/** What one task did in an interval; histograms are of what ended (response, service) or was sent (lateness) in it. */
export interface TaskInterval extends Durations {
  readonly task: number;
  readonly action: string;
  /** Ops whose intended start lies in the interval. */
  readonly planned: number;
  readonly sent: number;
  readonly ok: number;
  readonly failed: number;
  /** Ops that workers did not send because their time had passed. */
  readonly dropped: number;
  /** Failed ops by error code. */
  readonly errors: ReadonlyMap<string, number>;
}

/** What one worker said last in an interval. */
export interface WorkerInterval {
  readonly worker: string;
  /** Ops per second that it sent. */
  readonly rate: number;
  readonly inFlight: number;
  /** CPU cores. */
  readonly cpu: number;
  readonly loopDelayP99: Millis;
}

/** What happened in one stretch of a run, usually a second. */
export interface TimelinePoint {
  readonly at: Instant;
  readonly length: Micros;
  /** The publisher's state at the end of the interval. */
  readonly state: string;
  /** By which a `rate` command has multiplied every rate; 1 = as planned. */
  readonly factor: number;
  /** Age of the oldest batch that waits. */
  readonly backlog: Micros;
  /** Elements on all queues. */
  readonly queued: number;
  /** Ops that are with their target. */
  readonly inFlight: number;
  /** Something besides the target had a part in what was measured. */
  readonly disturbed: boolean;
  /** Those of which there is something to say. */
  readonly tasks: readonly TaskInterval[];
  readonly workers: readonly WorkerInterval[];
}

/** Points that are kept. */
const MOST_POINTS = 4_096;
/** Windows over the last ten minutes are exact. */
const FINE = 600;
const SECOND = 1_000_000;

/**
 * What happened in a run, second by second, in bounded memory: when there are more than 4,096 points, neighbours are
 * merged (counts and histograms added up, lengths too; of gauges the greater stays). After 24 h the first half of the
 * day is in stretches of 32 s, and the last ten minutes are still in seconds.
 *
 * One pair is merged for each point that is added, going from the oldest on, so that no addition takes longer than
 * another: they happen in the process that keeps the beat.
 */
export class Timeline {
  readonly #points: PackedPoint[] = [];
  /** Neighbours that lie in one stretch of this length are merged; what is before `#next` already is. */
  #stretch = 2 * SECOND;
  #next = 0;
  readonly #most: number;
  readonly #fine: number;

  /**
   * @param most points that are kept
   * @param fine of them, how many of the newest stay as they were added: fewer than `most`
   */
  constructor(most = MOST_POINTS, fine = FINE) {
    this.#most = most;
    this.#fine = fine;
  }

  /** Adds a point that begins where the last one ended, or later. Keeps a copy. */
  add(point: TimelinePoint): void {
    this.#points.push({ ...point, tasks: point.tasks.map((task) => PackedTask.of(task)) });
    if (this.#points.length > this.#most) this.#mergeOnePair();
  }

  /** From the first to the last. Histograms are unpacked each time that they are read. */
  get points(): readonly TimelinePoint[] {
    return this.#points;
  }

  /** The points that end after `at`. */
  since(at: Instant): readonly TimelinePoint[] {
    const last = this.#points.findLastIndex((point) => point.at + point.length <= at);
    return this.#points.slice(last + 1);
  }

  #mergeOnePair(): void {
    for (;;) {
      const [a, b] = [this.#points[this.#next], this.#points[this.#next + 1]];
      if (a === undefined || b === undefined || this.#next >= this.#most - this.#fine) {
        this.#stretch *= 2;
        this.#next = 0;
      } else if (Math.floor(a.at / this.#stretch) === Math.floor(b.at / this.#stretch)) {
        this.#points.splice(this.#next, 2, mergePoints(a, b));
        return;
      } else {
        this.#next += 1;
      }
    }
  }
}

interface PackedPoint extends TimelinePoint {
  readonly tasks: readonly PackedTask[];
}

/** A task's interval whose histograms are packed: some 1 KB each instead of 64. */
class PackedTask implements TaskInterval {
  readonly task: number;
  readonly action: string;
  readonly planned: number;
  readonly sent: number;
  readonly ok: number;
  readonly failed: number;
  readonly dropped: number;
  readonly errors: ReadonlyMap<string, number>;
  readonly #packed: Durations<Packed>;

  constructor(interval: Omit<TaskInterval, keyof Durations>, packed: Durations<Packed>) {
    this.task = interval.task;
    this.action = interval.action;
    this.planned = interval.planned;
    this.sent = interval.sent;
    this.ok = interval.ok;
    this.failed = interval.failed;
    this.dropped = interval.dropped;
    this.errors = interval.errors;
    this.#packed = packed;
  }

  static of(interval: TaskInterval): PackedTask {
    const { response, service, lateness } = interval;
    return new PackedTask(interval, { response: pack(response), service: pack(service), lateness: pack(lateness) });
  }

  /** Both together. */
  with(later: PackedTask): PackedTask {
    const errors = new Map(this.errors);
    for (const [code, count] of later.errors) errors.set(code, (errors.get(code) ?? 0) + count);
    const sums = {
      task: this.task,
      action: this.action,
      planned: this.planned + later.planned,
      sent: this.sent + later.sent,
      ok: this.ok + later.ok,
      failed: this.failed + later.failed,
      dropped: this.dropped + later.dropped,
      errors,
    };
    return new PackedTask(sums, {
      response: mergePacked(this.#packed.response, later.#packed.response),
      service: mergePacked(this.#packed.service, later.#packed.service),
      lateness: mergePacked(this.#packed.lateness, later.#packed.lateness),
    });
  }

  get response(): Histogram {
    return unpack(this.#packed.response);
  }

  get service(): Histogram {
    return unpack(this.#packed.service);
  }

  get lateness(): Histogram {
    return unpack(this.#packed.lateness);
  }
}

type Packed = { readonly hdr: string; readonly clamped: number } | undefined;

const pack = (histogram: Histogram): Packed =>
  histogram.total === 0 ? undefined : { hdr: histogram.encode(), clamped: histogram.clamped };

const unpack = (packed: Packed): Histogram =>
  packed === undefined ? new Histogram() : Histogram.decode(packed.hdr, packed.clamped);

function mergePacked(a: Packed, b: Packed): Packed {
  if (a === undefined || b === undefined) return a ?? b;
  const sum = unpack(a);
  sum.merge(unpack(b));
  return pack(sum);
}

function mergePoints(a: PackedPoint, b: PackedPoint): PackedPoint {
  return {
    at: a.at,
    length: micros(a.length + b.length),
    state: b.state,
    factor: b.factor,
    backlog: micros(Math.max(a.backlog, b.backlog)),
    queued: Math.max(a.queued, b.queued),
    inFlight: Math.max(a.inFlight, b.inFlight),
    disturbed: a.disturbed || b.disturbed,
    tasks: mergeBy(
      a.tasks,
      b.tasks,
      ({ task }) => task,
      (one, later) => one.with(later),
    ).sort((x, y) => x.task - y.task),
    workers: mergeBy(a.workers, b.workers, ({ worker }) => worker, mergeWorkers(a.length, b.length)),
  };
}

/** Both lists as one, with what has the same key put together. */
function mergeBy<T>(
  as: readonly T[],
  bs: readonly T[],
  key: (of: T) => string | number,
  merge: (a: T, b: T) => T,
): T[] {
  const merged = new Map(as.map((a) => [key(a), a]));
  for (const b of bs) {
    const a = merged.get(key(b));
    merged.set(key(b), a === undefined ? b : merge(a, b));
  }
  return [...merged.values()];
}

const mergeWorkers =
  (before: Micros, after: Micros) =>
  (a: WorkerInterval, b: WorkerInterval): WorkerInterval => {
    const mean = (of: 'rate' | 'cpu'): number => (a[of] * before + b[of] * after) / Math.max(1, before + after);
    return {
      worker: a.worker,
      rate: mean('rate'),
      inFlight: Math.max(a.inFlight, b.inFlight),
      cpu: mean('cpu'),
      loopDelayP99: millis(Math.max(a.loopDelayP99, b.loopDelayP99)),
    };
  };

/** The whole second that `at` lies in. */
export const secondOf = (at: Instant): Instant => instant(Math.floor(at / SECOND) * SECOND);
