import seedrandom from 'seedrandom';
import { philox } from './philox.ts';

/** A random stream: a 64-bit Philox key. Everything drawn from it is a function of (stream, index, domain, name). */
export interface Stream {
  readonly k0: number;
  readonly k1: number;
}

/**
 * What a draw is for: the third word of the counter, so that draws of one index never share a block. The numbers are
 * part of the contract: changing one changes every key or column that was ever written.
 */
export const DOMAIN = {
  /** The key at an index. */
  key: 0,
  /** Which of the rows made up front goes with the key at an index. */
  sample: 1,
  /** Which stream an item belongs to. */
  choice: 2,
  /** Intended starts within a beat. */
  arrivals: 3,
  /** The columns of a fresh row, by key index; the name is the column's. */
  row: 4,
  /** The columns of the rows made up front, by row number; the name is the column's. */
  sampleRow: 5,
  /** The pool of value bytes. */
  pool: 6,
  /** What the placeholders of a task's templates draw, by key index; the name is the placeholder's number. */
  template: 7,
} as const;
export type Domain = (typeof DOMAIN)[keyof typeof DOMAIN];

/**
 * The stream of a seed: the first signed 32-bit draw of `seedrandom(name)` is k0, the second k1, where name is the seed's
 * UTF-8 bytes, one character each, and the character 255.
 *
 * The end mark is there because seedrandom keys RC4 by repeating its text: bare, seeds 1, 11 and 111 are the same stream
 * (18 of the seeds below 1,000 are another one's), and so are two that differ in the high byte of a character. UTF-8 has
 * no byte 255, so with it no text is a repetition of another.
 */
export function streamOf(seed: string): Stream {
  const random = seedrandom(`${Buffer.from(seed).toString('latin1')}\u00ff`);
  const k0 = random.int32();
  const k1 = random.int32();
  return { k0, k1 };
}

/**
 * Writes the four words drawn at `index` to `out`: the Philox block of counter (index mod 2³², ⌊index / 2³²⌋, domain,
 * name) under the stream's key.
 *
 * @param index 0…2⁵³ − 1
 * @param name tells draws of one index and domain apart: `hash32` of a column's name; 0 where there is only one.
 */
export function draw(out: Uint32Array, stream: Stream, index: number, domain: Domain, name: number): void {
  // Both halves as int32 on purpose: a double among philox's arguments costs 15 ns.
  philox(out, index | 0, index < 2 ** 32 ? 0 : (index / 2 ** 32) | 0, domain, name | 0, stream.k0, stream.k1);
}

/** A uniform integer of 0…`bound` − 1 from a 32-bit word, by multiplication: biased by at most bound / 2³². */
export function below(bound: number, word: number): number {
  return Math.floor((word * bound) / 2 ** 32);
}

/** Room for one block of draws, as words and as the bytes that a key is written from. */
export class Block {
  readonly words = new Uint32Array(4);
  readonly #bytes = Buffer.from(this.words.buffer);

  /** The block's 16 bytes as 32 lower-case hex digits: words in order, each with its lowest byte first. */
  hex(): string {
    return hexOf(this.#bytes);
  }
}

/**
 * `toHex` is a flat string in 50 ns; Buffer's own takes 80 (it is what Node 24 has), and a table of digits 100 or more
 * plus the flattening of the rope that it leaves.
 */
const hexOf: (bytes: Buffer) => string =
  typeof Uint8Array.prototype.toHex === 'function' ? (bytes) => bytes.toHex() : (bytes) => bytes.toString('hex');

const keyBlock = new Block();

/** Key `index` of the stream: 32 hex digits. */
export function keyAt(stream: Stream, index: number): string {
  draw(keyBlock.words, stream, index, DOMAIN.key, 0);
  return keyBlock.hex();
}

const uniformWords = new Uint32Array(4);

/**
 * A uniform number of [0, 1) with 53 random bits: draw `i` (0…2³²) of a beat.
 *
 * @param beat 0…2⁵² of the schedule
 * @param slot 0…2³² − 1: tells several series of draws of one beat apart.
 */
export function uniform(stream: Stream, beat: number, slot: number, i: number): number {
  // The index takes half of the counter's two words for i, so the beat's high bits share the third with the domain.
  const low = beat >>> 0;
  const high = (beat - low) / 2 ** 32;
  philox(uniformWords, i >>> 1, low, DOMAIN.arrivals | (high << 8), slot, stream.k0, stream.k1);
  const at = (i & 1) << 1;
  const upper = uniformWords[at]! >>> 5;
  const lower = uniformWords[at + 1]! >>> 6;
  return (upper * 2 ** 26 + lower) / 2 ** 53;
}
