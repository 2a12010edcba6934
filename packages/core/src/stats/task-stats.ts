import { BEAT, elapsed, type Instant, type Micros, micros } from '../units/index.ts';
import { type BeatCounts, BeatWindows } from './beat-windows.ts';
import { Histogram, type HistogramData } from './histogram.ts';
import { type HttpFigures, type HttpOutcome, HttpStats } from './http-stats.ts';
import { type Disturbance, type KeptBySecond, Seconds } from './seconds.ts';
import { SendWindows, type WindowCounts } from './send-windows.ts';

/** Names of the counters of a task; `docs/statistics.md` says what each counts. */
export const COUNTERS = [
  'sent',
  'early',
  'late',
  'waited',
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
  /** Present for HTTP requests. */
  readonly http?: HttpOutcome;
}

/** An op that is sent more than a beat after its intended start is late. */
export const LATE: Micros = BEAT;

export const DURATIONS = ['response', 'service', 'lateness'] as const;

/** The three durations of ops. */
export interface Durations<H = Histogram> {
  /** Intended start → end of the answer. */
  readonly response: H;
  /** Actual send → end of the answer: uncorrected. */
  readonly service: H;
  /** Actual send − intended start, 0 for ops that were sent early. */
  readonly lateness: H;
}

/** The statistics of one task with everything that can be read off them. Cumulative. */
export interface TaskFigures<H = Histogram> extends Durations<H> {
  readonly counters: TaskCounters;
  /** Failed ops by error code. */
  readonly errors: ReadonlyMap<string, number>;
  /** The part of the three that was recorded in disturbed seconds; absent while there is none. */
  readonly disturbed?: Durations<H>;
  readonly windows: WindowCounts;
  readonly beats: BeatCounts;
  /** Present when the task has sent HTTP requests. */
  readonly http?: HttpFigures<H>;
}

/** The same as plain data, which can be posted to another OS thread. */
export type TaskSnapshot = TaskFigures<HistogramData>;

export const newDurations = (): Durations => ({
  response: new Histogram(),
  service: new Histogram(),
  lateness: new Histogram(),
});

export const zeroCounters = (): Record<Counter, number> => ({
  sent: 0,
  early: 0,
  late: 0,
  waited: 0,
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
 *
 * Durations are recorded into those of the second that is on; when it ends, they are added to the sums, and to the sums of
 * the disturbed seconds if it was one. So what was disturbed is known without a second record an op.
 */
export class TaskStats implements KeptBySecond {
  readonly run: string;
  readonly #seconds: Seconds;
  readonly #counters = zeroCounters();
  readonly #errors = new Map<string, number>();
  readonly #windows = new SendWindows();
  readonly #beats = new BeatWindows();
  /** Of the second that is on. */
  readonly #present = newDurations();
  readonly #all = newDurations();
  #disturbed: Durations | undefined;
  #http: HttpStats | undefined;

  /** @param seconds those of the OS thread; forget them with `Seconds.release` */
  constructor(seconds: Seconds = new Seconds(), run = '') {
    this.#seconds = seconds;
    this.run = run;
    seconds.keep(this);
  }

  /** @param hasWaited since it was due, its lane had ops that were due and no place for them: the target kept it full. */
  recordSend(intended: Instant, sent: Instant, hasWaited = false): void {
    this.#seconds.passOp(sent, intended, sent);
    const lateness = sent - intended;
    this.#counters.sent += 1;
    if (lateness < 0) this.#counters.early += 1;
    else if (lateness > LATE) this.#countLate(intended, hasWaited);
    this.#beats.add(intended, sent);
    this.#present.lateness.record(micros(lateness < 0 ? 0 : lateness));
    this.#windows.add(sent);
  }

  /** Counts an op that was sent and has ended, well or not: failed ops have response times too. */
  recordEnd(outcome: CountedOutcome, intended: Instant, sent: Instant, end: Instant): void {
    this.#seconds.passOp(end, intended, sent);
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
    this.#present.response.record(micros(end < intended ? 0 : end - intended));
    this.#present.service.record(elapsed(sent, end));
    if (outcome.http !== undefined) (this.#http ??= new HttpStats()).record(outcome.http);
  }

  /** Counts ops that were not sent because their time had passed. */
  recordDropped(ops = 1): void {
    this.#counters.dropped += ops;
  }

  /** The op that was to start at `intended` is dropped, at `at`, for its age. */
  recordMissed(intended: Instant, at: Instant, hasWaited: boolean): void {
    this.#seconds.pass(at);
    this.#countLate(intended, hasWaited);
    this.#beats.miss(intended);
  }

  #countLate(intended: Instant, hasWaited: boolean): void {
    this.#counters.late += 1;
    // After a stall ops fill their lane at once: what follows of it is not the target's.
    if (hasWaited && !this.#seconds.isOwed(intended)) this.#counters.waited += 1;
  }

  /** The second in which the next figures of this task are recorded is disturbed. */
  mark(reason: Disturbance, at: Instant): void {
    this.#seconds.pass(at);
    this.#seconds.mark(reason);
  }

  get isTouched(): boolean {
    return this.#present.lateness.total > 0 || this.#present.response.total > 0;
  }

  close(disturbed: boolean): void {
    merge(this.#all, this.#present);
    if (disturbed) merge((this.#disturbed ??= newDurations()), this.#present);
    for (const name of DURATIONS) this.#present[name].reset();
  }

  /** Adds the statistics of another OS thread. */
  merge(other: TaskSnapshot): void {
    for (const name of COUNTERS) this.#counters[name] += other.counters[name];
    for (const [code, count] of other.errors) this.#errors.set(code, (this.#errors.get(code) ?? 0) + count);
    add(this.#all, other);
    if (other.disturbed !== undefined) add((this.#disturbed ??= newDurations()), other.disturbed);
    this.#windows.merge(other.windows);
    this.#beats.merge(other.beats);
    if (other.http !== undefined) (this.#http ??= new HttpStats()).merge(other.http);
  }

  /**
   * What was counted so far. The histograms are not copied while the second that is on is empty, and go on counting: for a
   * report that is encoded at once.
   */
  figures(now: Instant): TaskFigures {
    this.#seconds.pass(now);
    const [all, disturbed] = this.#durations();
    return {
      counters: { ...this.#counters },
      errors: new Map(this.#errors),
      ...all,
      ...(disturbed !== undefined && { disturbed }),
      windows: this.#windows.snapshot(now),
      beats: this.#beats.snapshot(now),
      ...(this.#http !== undefined && { http: this.#http }),
    };
  }

  /** A copy of what was counted so far. */
  snapshot(now: Instant): TaskSnapshot {
    const { disturbed, http: _, ...figures } = this.figures(now);
    return {
      ...figures,
      ...dataOf(figures),
      ...(disturbed !== undefined && { disturbed: dataOf(disturbed) }),
      ...(this.#http !== undefined && { http: this.#http.data() }),
    };
  }

  /** With the second that is on, as it stands: what was not disturbed so far may still be. */
  #durations(): [all: Durations, disturbed: Durations | undefined] {
    if (!this.isTouched) return [this.#all, this.#disturbed];
    const all = sumOf(this.#all, this.#present);
    if (!this.#seconds.isDisturbed) return [all, this.#disturbed];
    return [all, this.#disturbed === undefined ? sumOf(this.#present) : sumOf(this.#disturbed, this.#present)];
  }
}

function merge(into: Durations, from: Durations): void {
  for (const name of DURATIONS) into[name].merge(from[name]);
}

function add(into: Durations, from: Durations<HistogramData>): void {
  for (const name of DURATIONS) into[name].add(from[name]);
}

function sumOf(...parts: readonly Durations[]): Durations {
  const sum = newDurations();
  for (const part of parts) merge(sum, part);
  return sum;
}

const dataOf = ({ response, service, lateness }: Durations): Durations<HistogramData> => ({
  response: response.data(),
  service: service.data(),
  lateness: lateness.data(),
});
