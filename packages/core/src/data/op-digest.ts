import type { Op } from './op.ts';
import { OpHasher } from './op-hasher.ts';

/**
 * A 64-bit digest of executed operations that does not depend on their order, so that fleets of any size can be shown
 * to have executed the same ones: the sum modulo 2⁶⁴ of a hash of each op's task, number, action, and items with key,
 * column names, lengths and literals. A sum and not an exclusive or, so that an op executed twice shows.
 *
 * Digests of batches, queues and workers add up with `addDigests`. It finds accidents; it does not withstand somebody who
 * looks for collisions.
 */
export class OpDigest {
  readonly #hasher: OpHasher;
  #low = 0;
  #high = 0;

  /** @param hasher may serve many digests of one thread */
  constructor(hasher: OpHasher = new OpHasher()) {
    this.#hasher = hasher;
  }

  /** @param task index into the plan's tasks */
  add(task: number, op: Op): void {
    this.#hasher.hash(task, op);
    const sum = this.#low + this.#hasher.low;
    this.#low = sum >>> 0;
    this.#high = (this.#high + this.#hasher.high + Number(sum >= 2 ** 32)) >>> 0;
  }

  /** 16 hex digits; of no ops at all, `NO_DIGEST`. */
  toString(): string {
    return hex(this.#high) + hex(this.#low);
  }
}

/** The digest of no ops. */
export const NO_DIGEST = '0'.repeat(16);

/** The digest of the ops of both. @throws RangeError when one is not 16 hex digits. */
export function addDigests(a: string, b: string): string {
  const low = half(a, 8) + half(b, 8);
  return hex((half(a, 0) + half(b, 0) + Number(low >= 2 ** 32)) >>> 0) + hex(low >>> 0);
}

function half(digest: string, from: number): number {
  if (!/^[0-9a-f]{16}$/.test(digest)) throw new RangeError(`a digest is 16 hex digits, this is ${digest}`);
  return Number.parseInt(digest.slice(from, from + 8), 16);
}

const hex = (word: number): string => word.toString(16).padStart(8, '0');
