/**
 * Lets no more requests out than there are connections, the oldest first. undici would queue them as well, and keep each
 * that was let go of until a connection came up: while a target cannot be reached that queue grows without end. Here
 * whoever lets go leaves the queue.
 */
export class Gate {
  readonly #waiting = new Set<() => void>();
  #free: number;

  constructor(places: number) {
    this.#free = places;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Calls `start` now, or when somebody leaves and it is the oldest that waits. */
  enter(start: () => void): void {
    if (this.#free === 0) {
      this.#waiting.add(start);
      return;
    }
    this.#free -= 1;
    start();
  }

  /** Waits no longer; nothing happens to what was started. */
  withdraw(start: () => void): void {
    this.#waiting.delete(start);
  }

  /** To be called once for each that was started, when its connection is free again or gone. */
  leave(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#free += 1;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}
