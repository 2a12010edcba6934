/** A list that is consumed at its head and, rarely, given back to there. */
export class ElementQueue {
  #items: string[] = [];
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  append(elements: readonly string[]): void {
    for (const element of elements) this.#items.push(element);
  }

  /** Removes up to `max` from the head. */
  take(max: number): string[] {
    const taken = this.#items.slice(this.#head, this.#head + max);
    this.#head += taken.length;
    // Half the array dead: moving the rest costs one step an element taken, so constant each.
    if (this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return taken;
  }

  /** Puts elements before the head, in their order. */
  prepend(elements: readonly string[]): void {
    this.#items = [...elements, ...this.#items.slice(this.#head)];
    this.#head = 0;
  }
}
