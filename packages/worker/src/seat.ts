import { delay } from '@drumline/core/clock';
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
  readonly onGivenUp: (why: Error) => void;
  readonly log: Log;
}

/**
 * The place of one engine in a worker. An engine that crashes is replaced: its successor consumes the same queues under
 * the same name, finds what was claimed and not acknowledged, and executes it.
 */
export class Seat {
  readonly #options: SeatOptions;
  #host: EngineHost;
  #queues: readonly number[];
  #settings: EngineSettings;
  /** Figures of engines that are gone: counts are cumulative for the worker's whole life. */
  readonly #past: EngineReport[] = [];
  #last: EngineReport | undefined;
  #failedStarts = 0;
  #ending = false;

  constructor(options: SeatOptions, queues: readonly number[], settings: EngineSettings) {
    this.#options = options;
    this.#queues = queues;
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
    if (this.#ending) return;
    this.#failedStarts += 1;
    if (this.#failedStarts > MAX_FAILED_STARTS) return onGivenUp(error);
    log.error({ err: error, queues: this.#queues }, 'an engine crashed; starting another in its place');
    void this.#openAgain();
  }

  async #openAgain(): Promise<void> {
    await delay(RESTART_AFTER);
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
}

/** What an engine that is gone has counted; the rest was its present. */
function resting(report: EngineReport): EngineReport {
  const { tasks, buried } = report;
  const loopDelay = { p50: 0, p99: 0, max: 0 };
  return { tasks, buried, queues: [], inFlight: 0, pending: 0, clockBar: micros(0), loopDelay };
}
