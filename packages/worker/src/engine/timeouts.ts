import type { Instant } from '@drumline/core/units';

interface Timed {
  /** When it was sent. */
  readonly sent: Instant;
  readonly done: boolean;
}

/**
 * Ops in flight in the order of their sends. All have the same time-out, so those that may have outlived it are at the
 * front and no op needs a timer of its own.
 */
export class Timeouts<F extends Timed> {
  #flights: F[] = [];
  #head = 0;

  add(flight: F): void {
    this.#flights.push(flight);
  }

  /** Takes off the front what is done, and calls `expired` for each op sent before `limit` that is not. */
  sweep(limit: Instant, expired: (flight: F) => void): void {
    for (;;) {
      const flight = this.#flights[this.#head];
      if (flight === undefined || (!flight.done && flight.sent > limit)) break;
      this.#head += 1;
      if (!flight.done) expired(flight);
    }
    if (this.#head > 4_096 || this.#head === this.#flights.length) {
      this.#flights = this.#flights.slice(this.#head);
      this.#head = 0;
    }
  }

  /** Everything that is not done. */
  *open(): Iterable<F> {
    for (let i = this.#head; i < this.#flights.length; i += 1) {
      const flight = this.#flights[i];
      if (flight !== undefined && !flight.done) yield flight;
    }
  }
}
