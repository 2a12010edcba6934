import type { Bus } from '@drumline/core/bus';
import type { Accounts } from './accounts.ts';
import type { Dispatcher } from './dispatcher.ts';
import { lostError } from './lost-error.ts';

export interface LossWatchOptions {
  readonly bus: Bus;
  readonly run: string;
  readonly epoch: number;
  readonly accounts: Accounts;
  readonly dispatcher: Dispatcher;
}

/**
 * Reads the ledger, and sees whether Redis still has what it had: no op that was confirmed as published, and no outcome that
 * was read, can go away again. What was lost otherwise shows too, if it is not seen here: in numbers of pushes (`Outbox`) and
 * of acks (the bus).
 */
export class LossWatch {
  readonly #options: LossWatchOptions;

  constructor(options: LossWatchOptions) {
    this.#options = options;
  }

  /** @throws DrumlineError DRUM_BUS_LOST, or what the bus says. */
  async read(): Promise<void> {
    const { accounts, dispatcher } = this.#options;
    const had = { published: dispatcher.confirmed, outcomes: accounts.outcomes };
    await this.#refresh();
    if (!this.#isBehind(had)) return;
    // During a fail-over this may have been a replica that lags. Only a master lets itself be fenced.
    if (!(await this.#fenceAll())) return;
    await this.#refresh();
    if (!this.#isBehind(had)) return;
    const { published, outcomes } = accounts;
    const lost = [
      published < had.published && `${had.published - published} of ${had.published} published ops`,
      outcomes < had.outcomes && `the outcomes of ${had.outcomes - outcomes} of ${had.outcomes} ops`,
    ];
    throw lostError(lost.filter((part) => part !== false).join(', and '));
  }

  #isBehind(had: { readonly published: number; readonly outcomes: number }): boolean {
    const { published, outcomes } = this.#options.accounts;
    return published < had.published || outcomes < had.outcomes;
  }

  #refresh(): Promise<void> {
    const { bus, run, accounts, dispatcher } = this.#options;
    return accounts.refresh(bus, run, dispatcher.queuesUsed);
  }

  /** `false` when a newer publisher has taken over: what is missing is for that one to judge. */
  async #fenceAll(): Promise<boolean> {
    const { bus, run, epoch, dispatcher } = this.#options;
    const queues = Array.from({ length: dispatcher.queuesUsed }, (_, queue) => queue);
    const replies = await Promise.all(queues.map((queue) => bus.fence(queue, run, epoch)));
    return replies.every(({ kind }) => kind === 'ready');
  }
}
