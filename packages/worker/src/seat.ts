import { delay } from '@drumline/core/clock';
import { DrumlineError } from '@drumline/core/errors';
import type { Log } from '@drumline/core/log';
import { type Millis, micros, millis } from '@drumline/core/units';
import { type EngineEvents, EngineHost, type EngineLine } from './host/engine-host.ts';
import type { EngineCommand, EngineReport, EngineSettings } from './host/protocol.ts';

const RESTART_AFTER: Millis = millis(500);
/** So many failures in a row, each before the engine was ready, and the seat is given up. */
const MAX_FAILED_STARTS = 3;

export interface SeatOptions {
  /** Starts an engine with what is in force now. */
  readonly open: (queues: readonly number[], settings: EngineSettings, events: EngineEvents) => EngineLine;
  /** Gives back what an engine of this worker that is gone has claimed on the queue; answers how many elements. */
  readonly reclaim: (queue: number) => Promise<number>;
  readonly onGivenUp: (why: Error) => void;
  readonly log: Log;
}

/**
 * The place of one engine in a worker. An engine that crashes is replaced. What it had claimed goes back to the queues first, and is
 * counted as having perhaps run twice; what Redis served it after that is found by its successor, which consumes the
 * same queues under the same name.
 */
export class Seat {
  readonly #options: SeatOptions;
  #host: EngineHost;
  #queues: readonly number[];
  #settings: EngineSettings;
  /** All that were ever consumed here: a queue that is used no more may still have been drained by the engine that crashed. */
  readonly #used: Set<number>;
  #reclaiming: Promise<void> | undefined;
  /** Figures of engines that are gone: counts are cumulative for the worker's whole life. */
  readonly #past: EngineReport[] = [];
  #last: EngineReport | undefined;
  #failedStarts = 0;
  #ending = false;

  constructor(options: SeatOptions, queues: readonly number[], settings: EngineSettings) {
    this.#options = options;
    this.#queues = queues;
    this.#used = new Set(queues);
    this.#settings = settings;
    this.#host = this.#open();
  }

  /** Resolves when the engine is claiming. @throws DrumlineError of the driver's `open()`. */
  get ready(): Promise<void> {
    return this.#host.ready;
  }

  /** @throws DrumlineError when the new settings could not be applied: the old ones stay in force. */
  async apply(settings: EngineSettings): Promise<void> {
    await this.#host.apply(settings);
    this.#settings = settings;
  }

  get settings(): EngineSettings {
    return this.#settings;
  }

  useQueues(queues: readonly number[]): void {
    this.#queues = queues;
    for (const queue of queues) this.#used.add(queue);
    this.#host.post({ kind: 'queues', queues });
  }

  post(command: Extract<EngineCommand, { kind: 'pause' | 'resume' | 'stop' }>): void {
    this.#host.post(command);
  }

  /** Asks the engine for its figures: see `reports`. */
  async refresh(): Promise<void> {
    const host = this.#host;
    const report = await host.report();
    if (report !== undefined && host === this.#host && !host.isGone) this.#last = report;
  }

  /** The figures of all engines that this seat has had, as of the last refresh. */
  get reports(): readonly EngineReport[] {
    return this.#last === undefined ? this.#past : [...this.#past, this.#last];
  }

  /** Resolves when the engine has ended. Called again, it turns a drain into a leave. */
  async end(how: 'drain' | 'leave'): Promise<void> {
    this.#ending = true;
    this.#host.post({ kind: how });
    const last = await this.#host.ended;
    if (last !== undefined) this.#last = last;
    await this.#reclaiming;
  }

  #open(): EngineHost {
    const { open, log } = this.#options;
    return new EngineHost(
      (events) => open(this.#queues, this.#settings, events),
      (error) => this.#replace(error),
      log,
    );
  }

  #replace(error: Error): void {
    const { log, onGivenUp } = this.#options;
    if (this.#last !== undefined) this.#past.push(resting(this.#last));
    this.#last = undefined;
    this.#reclaiming = this.#reclaim();
    if (this.#ending) return;
    this.#failedStarts += 1;
    if (this.#failedStarts > MAX_FAILED_STARTS) return onGivenUp(error);
    log.error({ err: error, queues: this.#queues }, 'an engine crashed; starting another in its place');
    void this.#openAgain();
  }

  async #openAgain(): Promise<void> {
    await Promise.all([delay(RESTART_AFTER), this.#reclaiming]);
    if (this.#ending) return;
    const host = this.#open();
    this.#host = host;
    try {
      await host.ready;
      this.#failedStarts = 0;
    } catch (error) {
      // One that crashed comes to #replace by itself; one that was refused what it needs is still there, with nothing in hand.
      if (host.isGone) return;
      host.post({ kind: 'leave' });
      this.#replace(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** The successor waits for this: what it finds under its name must be what nobody has begun. */
  async #reclaim(): Promise<void> {
    const { reclaim, log } = this.#options;
    for (const queue of this.#used) {
      for (;;) {
        try {
          const batches = await reclaim(queue);
          if (batches > 0) log.warn({ queue, batches }, 'gave back what the engine that crashed had claimed');
          break;
        } catch (error) {
          if (isClosed(error)) return;
          log.warn({ err: error, queue }, 'giving back what an engine had claimed failed; trying again');
          await delay(RESTART_AFTER);
        }
      }
    }
  }
}

const isClosed = (error: unknown): boolean => error instanceof DrumlineError && error.code === 'DRUM_BUS_CLOSED';

/** What an engine that is gone has counted; the rest was its present. */
function resting(report: EngineReport): EngineReport {
  const { tasks, seconds, buried } = report;
  const loopDelay = { p50: 0, p99: 0, max: 0, busy: 0 };
  return { tasks, seconds, buried, queues: [], inFlight: 0, pending: 0, clockBar: micros(0), loopDelay };
}
