import type { RunPosition } from '@drumline/core/run';
import { type Instant, type Millis, microsOf, millis, shift } from '@drumline/core/units';
import type { Dispatcher } from './dispatcher.ts';
import type { Journal } from './journal.ts';
import type { Score } from './score.ts';

const EVERY: Millis = millis(1_000);

/**
 * Writes down now and then where the run stands, so that whoever takes over need not play it from its beginning. A position
 * is written once everything before it is on the queues, never sooner: what is not would be lost with its publisher.
 */
export class Checkpoints {
  readonly #score: Score;
  readonly #dispatcher: Dispatcher;
  readonly #journal: Journal;
  #taken: RunPosition | undefined;
  #last = 0;
  #next: Instant;

  constructor(score: Score, dispatcher: Dispatcher, journal: Journal, now: Instant) {
    this.#score = score;
    this.#dispatcher = dispatcher;
    this.#journal = journal;
    this.#next = now;
  }

  /** To be called every now and then, beside the beats. */
  look(now: Instant): void {
    if (this.#taken === undefined && now >= this.#next && this.#score.beat > this.#last)
      this.#taken = this.#score.position;
    if (this.#taken === undefined || !this.#dispatcher.hasDelivered(this.#taken.beat)) return;
    this.#journal.write({ position: this.#taken });
    this.#score.log.forgetSkips(this.#taken.beat);
    this.#last = this.#taken.beat;
    this.#next = shift(now, microsOf(EVERY));
    this.#taken = undefined;
  }
}
