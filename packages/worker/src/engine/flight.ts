import type { Instant } from '@drumline/core/units';
import { Abort } from '@drumline/targets';
import type { Lane } from './lane.ts';
import type { Work } from './work.ts';

/** One op between its send and its end. */
export class Flight {
  readonly lane: Lane;
  readonly work: Work;
  /** Intended start, moved by pauses. */
  readonly intended: Instant;
  readonly sent: Instant;
  readonly abort = new Abort();
  #done = false;
  #ended: PromiseWithResolvers<void> | undefined;

  constructor(lane: Lane, work: Work, intended: Instant, sent: Instant) {
    this.lane = lane;
    this.work = work;
    this.intended = intended;
    this.sent = sent;
  }

  get done(): boolean {
    return this.#done;
  }

  /** Resolves when the op has ended. For the few who wait: the hot path makes no promise. */
  get ended(): Promise<void> {
    this.#ended ??= Promise.withResolvers();
    if (this.#done) this.#ended.resolve();
    return this.#ended.promise;
  }

  end(): void {
    this.#done = true;
    this.#ended?.resolve();
  }
}
