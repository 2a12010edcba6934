import { hash32, mix32 } from '../keys/index.ts';
import { ACTIONS } from '../plan/plan.ts';
import type { Column, Item, Op, Row } from './op.ts';

/** Length of a stream's key: the only one that is digested as it is. */
const KEY_CHARS = 32;
const KEY_WORDS = KEY_CHARS / 4;

/** Hashes one op at a time to 64 bits. Holds the room that this takes, so that what is summed can be small. */
export class OpHasher {
  #low = 0;
  #high = 0;
  /** The hash under way. */
  #a = 0;
  #b = 0;
  /** What the hash takes next. A key comes in as bytes: charCodeAt would take 5 ns a character. */
  #words = new Int32Array(64);
  #bytes = Buffer.from(this.#words.buffer);
  /** Hashes of literals: the same column objects come again and again. */
  readonly #literals = new WeakMap<Column, number>();

  /** Bits 0…31 of the last op's hash. */
  get low(): number {
    return this.#low;
  }

  /** Bits 32…63. */
  get high(): number {
    return this.#high;
  }

  /** @param task index into the plan's tasks */
  hash(task: number, op: Op): void {
    const words = this.#words;
    words[0] = task;
    words[1] = op.n;
    words[2] = op.n / 2 ** 32;
    words[3] = ACTIONS.indexOf(op.action) | (op.items.length << 8);
    this.#a = 0;
    this.#b = 0;
    this.#take(4);
    for (const item of op.items) this.#takeItem(item);
    // The lanes meet twice, so that every bit of either reaches both halves of the sum.
    const a = mix32(this.#a + this.#b);
    const b = mix32(this.#b + a);
    this.#low = (a + b) >>> 0;
    this.#high = b;
  }

  #takeItem({ key, row }: Item): void {
    let at = KEY_WORDS;
    const words = this.#roomFor(row);
    if (key.length === KEY_CHARS) this.#bytes.write(key, 0, KEY_CHARS, 'latin1');
    else words.fill(hash32(key), 0, KEY_WORDS);
    words[at++] = row.length;
    for (const column of row) {
      words[at++] = 'len' in column ? mix32(column.salt) + column.len : this.#literal(column);
    }
    this.#take(at);
  }

  #roomFor(row: Row): Int32Array {
    const need = KEY_WORDS + 1 + row.length;
    if (this.#words.length < need) {
      this.#words = new Int32Array(2 * need);
      this.#bytes = Buffer.from(this.#words.buffer);
    }
    return this.#words;
  }

  /** Two lanes of MurmurHash3's 32-bit body with different constants, over the first `count` words. */
  #take(count: number): void {
    const words = this.#words;
    let a = this.#a;
    let b = this.#b;
    for (let i = 0; i < count; i++) {
      const word = words[i]!;
      a ^= Math.imul(word, 0xcc9e2d51);
      b ^= Math.imul(word, 0x1b873593);
      a = (Math.imul((a << 13) | (a >>> 19), 5) + 0x561ccd1b) | 0;
      b = (Math.imul((b << 17) | (b >>> 15), 5) + 0x0bcaa747) | 0;
    }
    this.#a = a;
    this.#b = b;
  }

  #literal(column: Extract<Column, { value: unknown }>): number {
    const known = this.#literals.get(column);
    if (known !== undefined) return known;
    const hash = hash32(JSON.stringify([column.name, column.value]));
    this.#literals.set(column, hash);
    return hash;
  }
}
