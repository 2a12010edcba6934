import type { Instant } from '@drumline/core/units';

interface Timed {
  /** When it was sent. */
  readonly sent: Instant;
  readonly done: boolean;
}

/** Flights kept before it is looked at how many of them are done. */
const ROOM = 4_096;

/**
 * Ops in flight in the order of their sends. All have the same time-out, so those that may have outlived it are at the
 * front and no op needs a timer of its own. What is done behind one that hangs is thrown out whenever the list has
 * doubled, so its length is bounded by what is in flight.
 */
export class Timeouts<F extends Timed> {
  #flights: F[] = [];
  #head = 0;
  #full = ROOM;

  add(flight: F): void {
    this.#flights.push(flight);
    if (this.#flights.length < this.#full) return;
    this.#flights = [...this.open()];
    this.#head = 0;
    this.#full = Math.max(ROOM, 2 * this.#flights.length);
  }

  /** Takes off the front what is done, and calls `expired` for each op sent at `limit` or before that is not. */
  sweep(limit: Instant, expired: (flight: F) => void): void {
    for (;;) {
      const flight = this.#flights[this.#head];
      if (flight === undefined || (!flight.done && flight.sent > limit)) break;
      this.#head += 1;
      if (!flight.done) expired(flight);
    }
    if (this.#head < this.#flights.length) return;
    this.#flights = [];
    this.#head = 0;
  }

  /** Everything that is not done. */
  *open(): Iterable<F> {
    for (let i = this.#head; i < this.#flights.length; i += 1) {
      const flight = this.#flights[i];
      if (flight !== undefined && !flight.done) yield flight;
    }
  }

  /** How many flights are kept, done or not. */
  get size(): number {
    return this.#flights.length - this.#head;
  }
}
