import { type CountedOutcome, Seconds, TaskStats } from '@drumline/core/stats';
import { type Instant, instant, micros, millis } from '@drumline/core/units';
import type { TaskReport, WorkerReport } from '@drumline/core/wire';

/** The beginning of time in tests, at a window's beginning. */
export const T0 = instant(1_700_000_000_000_000);
export const at = (us: number): Instant => instant(T0 + us);

const OUTCOME: CountedOutcome = {
  items: 1,
  misses: 0,
  throttles: 0,
  unprocessed: 0,
  capacity: 0.5,
  bytesSent: 100,
  bytesReceived: 50,
};

/** A worker's task whose ops take 1,000 µs from intended start and are sent 100 µs late; `failures` more ops fail after 5,000 µs. */
export class PlayedTask {
  readonly #seconds = new Seconds();
  readonly #stats = new TaskStats(this.#seconds);
  readonly #identity: Pick<TaskReport, 'run' | 'task' | 'action'>;
  #now = T0;

  constructor(run = 'r1', task = 0, action = 'putItem') {
    this.#identity = { run, task, action };
  }

  play(intendedUs: readonly number[], failures: readonly number[] = []): this {
    for (const us of intendedUs) this.#op(us, 1_000);
    for (const us of failures) this.#op(us, 5_000, 'DRUM_OP_TIMEOUT');
    return this;
  }

  /** The second with the last op is disturbed. */
  disturb(): this {
    this.#stats.mark('stall', this.#now);
    return this;
  }

  #op(us: number, length: number, error?: string): void {
    this.#stats.recordSend(at(us), at(us + 100));
    this.#stats.recordEnd(error === undefined ? OUTCOME : { ...OUTCOME, error }, at(us), at(us + 100), at(us + length));
    this.#now = instant(Math.max(this.#now, at(us + length)));
  }

  /** A frozen report of what was played so far. */
  report(): TaskReport {
    const copy = new TaskStats();
    copy.merge(this.#stats.snapshot(this.#now));
    return { ...this.#identity, ...copy.figures(this.#now) };
  }
}

export function workerReport(changes: Partial<WorkerReport> = {}): WorkerReport {
  return {
    worker: 'w1',
    incarnation: T0,
    host: 'host-a',
    pid: 100,
    seq: 1,
    at: at(1_000_000),
    tasks: [],
    seconds: [],
    inFlight: 0,
    pending: 0,
    threads: 2,
    paused: false,
    eventLoopDelay: { p50: millis(0), p99: millis(1), max: millis(2) },
    loopBusy: 0.3,
    cpu: 0.5,
    memory: { rss: 90_000_000, heapUsed: 20_000_000 },
    clockError: micros(80),
    garbage: 0,
    ...changes,
  };
}
