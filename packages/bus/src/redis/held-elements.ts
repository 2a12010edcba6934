/** The elements that a consumer has handed out and not yet seen leave its list: a bag, since texts may repeat. */
export class HeldElements {
  readonly #counts = new Map<string, number>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(element: string): void {
    this.#counts.set(element, (this.#counts.get(element) ?? 0) + 1);
    this.#size += 1;
  }

  remove(element: string): void {
    const count = this.#counts.get(element);
    if (count === undefined) return;
    this.#size -= 1;
    if (count === 1) this.#counts.delete(element);
    else this.#counts.set(element, count - 1);
  }

  snapshot(): Map<string, number> {
    return new Map(this.#counts);
  }
}

/** Those of `elements`, in order, that are not in `known`; each known one cancels one of them. */
export function strangers(elements: readonly string[], known: Map<string, number>): string[] {
  return elements.filter((element) => {
    const count = known.get(element) ?? 0;
    if (count > 0) known.set(element, count - 1);
    return count === 0;
  });
}
