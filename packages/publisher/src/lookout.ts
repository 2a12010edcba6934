import type { Bus } from '@drumline/core/bus';
import type { Clock } from '@drumline/core/clock';
import type { Log } from '@drumline/core/log';
import { millis } from '@drumline/core/units';
import type { Accounts } from './accounts.ts';
import type { Dispatcher } from './dispatcher.ts';

/** ms between two looks; never less than one a queue, or looking would be what Redis is busy with. */
const EVERY = 100;

export interface LookoutOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: Log;
  readonly run: string;
  readonly accounts: Accounts;
  readonly dispatcher: Dispatcher;
}

/** Reads ledger and queues while the run lasts: barriers between tasks, and the end, wait for what it sees. */
export class Lookout {
  readonly #options: LookoutOptions;
  readonly #ended = new AbortController();
  readonly #looking: Promise<void>;

  constructor(options: LookoutOptions) {
    this.#options = options;
    this.#looking = this.#look();
  }

  /** Looks a last time. */
  async stop(): Promise<void> {
    this.#ended.abort();
    await this.#looking;
    await this.#readLedger();
  }

  async #look(): Promise<void> {
    const { clock, log, dispatcher } = this.#options;
    const { signal } = this.#ended;
    for (;;) {
      await clock.sleep(millis(Math.max(EVERY, dispatcher.queuesUsed)), signal);
      if (signal.aborted) return;
      try {
        await Promise.all([this.#readLedger(), dispatcher.look()]);
      } catch (error) {
        log.debug({ err: error }, 'reading the ledger failed; trying again');
      }
    }
  }

  #readLedger(): Promise<void> {
    const { bus, run, accounts, dispatcher } = this.#options;
    return accounts.refresh(bus, run, dispatcher.queuesUsed);
  }
}
