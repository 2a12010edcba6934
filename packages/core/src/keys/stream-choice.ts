import { type AliasTable, aliasTable, pickOutcome } from './alias-table.ts';
import { DOMAIN, draw, type Stream } from './stream.ts';

/**
 * Which of several weighted streams an item belongs to, and where in it: item m takes the next key of the stream that
 * draw m of the choosing stream picks. Four draws come from one block, so a walk in order computes one block in four.
 *
 * A position is how often a stream was picked so far: positions at item 0 are all 0, and `advance` and repeated `next`
 * agree however a walk is cut.
 */
export class StreamChoice {
  readonly #by: Stream;
  readonly #table: AliasTable;
  readonly #words = new Uint32Array(4);
  /** Number of the block in `#words`. */
  #block = -1;

  /** @param weights one a stream, ≥ 0, at least one > 0 */
  constructor(by: Stream, weights: readonly number[]) {
    this.#by = by;
    this.#table = aliasTable(weights);
  }

  /** Number of streams. */
  get size(): number {
    return this.#table.size;
  }

  /** The stream (from 0) that item `m` (0…2⁵³ − 1) belongs to. */
  pick(m: number): number {
    this.#seek(m);
    // `m & 3` is right for the whole range: ToInt32 keeps the low bits.
    return pickOutcome(this.#table, this.#words[m & 3]!);
  }

  /** Moves `positions` (one a stream, before item `first`) past items `first`…`first + items − 1`. */
  advance(positions: Float64Array, first: number, items: number): void {
    const table = this.#table;
    const words = this.#words;
    const end = first + items;
    for (let m = first; m < end; ) {
      this.#seek(m);
      const from = m & 3;
      const to = Math.min(4, from + (end - m));
      for (let i = from; i < to; i++) {
        const stream = pickOutcome(table, words[i]!);
        positions[stream]! += 1;
      }
      m += to - from;
    }
  }

  /** Makes `#words` the block of item `m`. */
  #seek(m: number): void {
    const block = m < 2 ** 32 ? m >>> 2 : Math.floor(m / 4);
    if (block === this.#block) return;
    draw(this.#words, this.#by, block, DOMAIN.choice, 0);
    this.#block = block;
  }
}
