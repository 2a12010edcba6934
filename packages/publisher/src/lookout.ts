import type { Clock } from '@drumline/core/clock';
import { DrumlineError, type ErrorCode } from '@drumline/core/errors';
import type { Log } from '@drumline/core/log';
import { millis } from '@drumline/core/units';
import { LossWatch, type LossWatchOptions } from './loss-watch.ts';

/** ms between two looks; never less than one a queue, or looking would be what Redis is busy with. */
const EVERY = 100;

/** What no further look would change. */
const FINAL: ReadonlySet<ErrorCode> = new Set(['DRUM_BUS_UNREACHABLE', 'DRUM_BUS_LOST', 'DRUM_BUS_REFUSED']);

export interface LookoutOptions extends LossWatchOptions {
  readonly clock: Clock;
  readonly log: Log;
}

/** Reads ledger and queues while the run lasts: barriers between tasks, and the end, wait for what it sees. */
export class Lookout {
  readonly #options: LookoutOptions;
  readonly #ended = new AbortController();
  readonly #looking: Promise<void>;
  readonly #watch: LossWatch;
  #failure: DrumlineError | undefined;

  constructor(options: LookoutOptions) {
    this.#options = options;
    this.#watch = new LossWatch(options);
    this.#looking = this.#look();
  }

  /** Why there is nothing more to be seen, if so: Redis is gone, or has lost what it had. */
  get failure(): DrumlineError | undefined {
    return this.#failure;
  }

  /** Looks a last time. */
  async stop(): Promise<void> {
    this.#ended.abort();
    await this.#looking;
    const { bus, run, accounts, dispatcher } = this.#options;
    if (this.#failure === undefined) await accounts.refresh(bus, run, dispatcher.queuesUsed);
  }

  async #look(): Promise<void> {
    const { clock, log, dispatcher } = this.#options;
    const { signal } = this.#ended;
    for (;;) {
      await clock.sleep(millis(Math.max(EVERY, dispatcher.queuesUsed)), signal);
      if (signal.aborted) return;
      try {
        await Promise.all([this.#watch.read(), dispatcher.look()]);
      } catch (error) {
        if (error instanceof DrumlineError && FINAL.has(error.code)) {
          this.#failure = error;
          return;
        }
        log.debug({ err: error }, 'reading the ledger failed; trying again');
      }
    }
  }
}
