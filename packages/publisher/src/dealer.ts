/** Deals things round the queues: each goes to the queue after the one that got the last. */
export class Dealer {
  #queues: number;
  #next: number;

  constructor(queues: number, next = 0) {
    this.#queues = queues;
    this.#next = next % queues;
  }

  /** The queue that the next one goes to. */
  get next(): number {
    return this.#next;
  }

  /** Deals to queues 0…`queues`−1 from now on. */
  useQueues(queues: number): void {
    this.#queues = queues;
    this.#next %= queues;
  }

  /** By queue, in the order in which each is dealt to. */
  deal<T>(things: readonly T[]): Map<number, T[]> {
    const dealt = new Map<number, T[]>();
    for (const thing of things) {
      const one = dealt.get(this.#next);
      if (one === undefined) dealt.set(this.#next, [thing]);
      else one.push(thing);
      this.#next = (this.#next + 1) % this.#queues;
    }
    return dealt;
  }
}
