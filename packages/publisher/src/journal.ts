import type { Bus } from '@drumline/core/bus';
import type { Clock } from '@drumline/core/clock';
import { DrumlineError, type ErrorCode } from '@drumline/core/errors';
import type { Log } from '@drumline/core/log';
import { type Decisions, encodeRun, type RunRecord } from '@drumline/core/run';
import { type Millis, millis } from '@drumline/core/units';

const RETRY_AFTER: Millis = millis(100);
/** Faults that no retry mends. */
const FINAL: ReadonlySet<ErrorCode> = new Set(['DRUM_BUS_REFUSED', 'DRUM_BUS_CLOSED', 'DRUM_BUS_UNREACHABLE']);

export interface JournalOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly run: string;
  readonly epoch: number;
  readonly log: Log;
}

type Changes = Partial<RunRecord & Decisions>;

/**
 * Keeps the run's record in the bus up to date. One write follows the other, so what is said last is what stays; what
 * changes during a write goes with the next, all of it or nothing. A write that fails is tried again.
 *
 * Decisions are numbered: what depends on the first *n* may go out once `confirmed` is *n*.
 */
export class Journal {
  readonly #options: JournalOptions;
  #changes: Changes = {};
  #writing: Promise<void> | undefined;
  #decided = 0;
  #confirmed = 0;
  #onConfirmed: () => void = () => undefined;
  #failure: DrumlineError | undefined;
  #isClosed = false;

  constructor(options: JournalOptions) {
    this.#options = options;
  }

  /** What is nice to know, and what nothing waits for. */
  write(changes: Changes): void {
    if (this.#isClosed) return;
    this.#changes = { ...this.#changes, ...changes };
    this.#writing ??= this.#writeAll();
  }

  /** What batches depend on. */
  decide(changes: Changes): void {
    this.#decided += 1;
    this.write(changes);
  }

  /** How many decisions there were. */
  get decided(): number {
    return this.#decided;
  }

  /** How many of them are in the bus. */
  get confirmed(): number {
    return this.#confirmed;
  }

  /** Calls `listener` whenever more decisions are in the bus. */
  onConfirmed(listener: () => void): void {
    this.#onConfirmed = listener;
  }

  /** Why nothing more can be written, if so: a newer publisher has written, or the bus refuses or is gone. */
  get failure(): DrumlineError | undefined {
    return this.#failure;
  }

  /** Writes nothing more. */
  close(): void {
    this.#isClosed = true;
    this.#changes = {};
  }

  /** Resolves when everything is written, or cannot be. */
  async flushed(): Promise<void> {
    await this.#writing;
  }

  async #writeAll(): Promise<void> {
    // What is said in one go is one write.
    await Promise.resolve();
    while (Object.keys(this.#changes).length > 0 && this.#failure === undefined) await this.#writeOnce();
    this.#writing = undefined;
  }

  async #writeOnce(): Promise<void> {
    const { bus, clock, run, epoch, log } = this.#options;
    const [changes, decided] = [this.#changes, this.#decided];
    this.#changes = {};
    try {
      if (!(await bus.writeRun(run, encodeRun(changes), epoch))) {
        const why = `a newer publisher has taken over run ${run}; this one has epoch ${epoch}`;
        this.#failure = new DrumlineError('DRUM_PUBLISHER_FENCED', why);
        return;
      }
      this.#confirmed = decided;
      this.#onConfirmed();
    } catch (error) {
      if (this.#isClosed) return;
      this.#changes = { ...changes, ...this.#changes };
      log.warn({ err: error, fields: Object.keys(changes) }, 'saving the state of the run failed; trying again');
      if (error instanceof DrumlineError && FINAL.has(error.code)) this.#failure = error;
      else await clock.sleep(RETRY_AFTER);
    }
  }
}
