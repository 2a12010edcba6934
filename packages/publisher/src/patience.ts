import type { Instant, Micros } from '@drumline/core/units';

/** Runs out when something is owed and nothing has come in for too long. */
export class Patience {
  readonly #limit: Micros;
  #since: Instant;
  #outcomes = 0;

  constructor(limit: Micros, now: Instant) {
    this.#limit = limit;
    this.#since = now;
  }

  /**
   * To be called every now and then.
   * @param waiting whether there is nothing to do but to wait for outcomes
   * @param outcomes how many have come so far
   * @returns whether it has run out.
   */
  isOver(now: Instant, waiting: boolean, outcomes: number): boolean {
    if (!waiting || outcomes !== this.#outcomes) {
      this.#since = now;
      this.#outcomes = outcomes;
    }
    return now - this.#since > this.#limit;
  }
}
