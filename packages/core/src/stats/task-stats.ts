import { elapsed, type Instant, micros } from '../units/index.ts';
import { Histogram, type HistogramData } from './histogram.ts';
import { SendWindows, type WindowCounts } from './send-windows.ts';

/** Names of the counters of a task; `docs/statistics.md` says what each counts. */
export const COUNTERS = [
  'sent',
  'early',
  'ok',
  'failed',
  'dropped',
  'items',
  'misses',
  'throttles',
  'unprocessed',
  'capacity',
  'bytesSent',
  'bytesReceived',
] as const;
export type Counter = (typeof COUNTERS)[number];
/** All are whole numbers but `capacity`, which comes in halves. */
export type TaskCounters = Readonly<Record<Counter, number>>;

/** What the statistics need of a driver's outcome. */
export interface CountedOutcome {
  /** Absent = ok. */
  readonly error?: string;
  readonly items: number;
  readonly misses: number;
  readonly throttles: number;
  readonly unprocessed: number;
  readonly capacity: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
}

/** The statistics of one task with everything that can be read off them. Cumulative. */
export interface TaskFigures {
  readonly counters: TaskCounters;
  /** Failed ops by error code. */
  readonly errors: ReadonlyMap<string, number>;
  /** Intended start → end of the answer. */
  readonly response: Histogram;
  /** Actual send → end of the answer: uncorrected. */
  readonly service: Histogram;
  /** Actual send − intended start, 0 for ops that were sent early. */
  readonly lateness: Histogram;
  readonly windows: WindowCounts;
}

/** The same as plain data, which can be posted to another OS thread. */
export interface TaskSnapshot extends Omit<TaskFigures, 'response' | 'service' | 'lateness'> {
  readonly response: HistogramData;
  readonly service: HistogramData;
  readonly lateness: HistogramData;
}

export const zeroCounters = (): Record<Counter, number> => ({
  sent: 0,
  early: 0,
  ok: 0,
  failed: 0,
  dropped: 0,
  items: 0,
  misses: 0,
  throttles: 0,
  unprocessed: 0,
  capacity: 0,
  bytesSent: 0,
  bytesReceived: 0,
});

/**
 * The statistics of one task in one OS thread: the hot path writes here. Everything is cumulative since the run began
 * on this worker; whoever wants an interval subtracts two snapshots, so a lost report loses nothing.
 */
export class TaskStats {
  readonly #counters = zeroCounters();
  readonly #errors = new Map<string, number>();
  readonly #response = new Histogram();
  readonly #service = new Histogram();
  readonly #lateness = new Histogram();
  readonly #windows = new SendWindows();

  recordSend(intended: Instant, sent: Instant): void {
    const lateness = sent - intended;
    this.#counters.sent += 1;
    if (lateness < 0) this.#counters.early += 1;
    this.#lateness.record(micros(lateness < 0 ? 0 : lateness));
    this.#windows.add(sent);
  }

  /** Counts an op that was sent and has ended, well or not: failed ops have response times too. */
  recordEnd(outcome: CountedOutcome, intended: Instant, sent: Instant, end: Instant): void {
    const counters = this.#counters;
    if (outcome.error === undefined) {
      counters.ok += 1;
    } else {
      counters.failed += 1;
      this.#errors.set(outcome.error, (this.#errors.get(outcome.error) ?? 0) + 1);
    }
    counters.items += outcome.items;
    counters.misses += outcome.misses;
    counters.throttles += outcome.throttles;
    counters.unprocessed += outcome.unprocessed;
    counters.capacity += outcome.capacity;
    counters.bytesSent += outcome.bytesSent;
    counters.bytesReceived += outcome.bytesReceived;
    // An op that was sent early may end before its intended start.
    this.#response.record(micros(end < intended ? 0 : end - intended));
    this.#service.record(elapsed(sent, end));
  }

  /** Counts ops that were not sent because their time had passed. */
  recordDropped(ops = 1): void {
    this.#counters.dropped += ops;
  }

  /** Adds the statistics of another OS thread. */
  merge(other: TaskSnapshot): void {
    for (const name of COUNTERS) this.#counters[name] += other.counters[name];
    for (const [code, count] of other.errors) this.#errors.set(code, (this.#errors.get(code) ?? 0) + count);
    this.#response.add(other.response);
    this.#service.add(other.service);
    this.#lateness.add(other.lateness);
    this.#windows.merge(other.windows);
  }

  /** What was counted so far, for a report that is encoded at once: the histograms are not copied and go on counting. */
  figures(now: Instant): TaskFigures {
    return {
      counters: { ...this.#counters },
      errors: new Map(this.#errors),
      response: this.#response,
      service: this.#service,
      lateness: this.#lateness,
      windows: this.#windows.snapshot(now),
    };
  }

  /** A copy of what was counted so far. */
  snapshot(now: Instant): TaskSnapshot {
    return {
      ...this.figures(now),
      response: this.#response.data(),
      service: this.#service.data(),
      lateness: this.#lateness.data(),
    };
  }
}
