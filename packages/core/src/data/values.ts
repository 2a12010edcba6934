import { DOMAIN, hash32, mix32, philox } from '../keys/index.ts';
import type { Json } from '../plan/plan.ts';
import type { Column, Item } from './op.ts';

type BytesColumn = Extract<Column, { len: number }>;

/** A column of `len` bytes (0…10,000,000) that are a function of (key, name). */
export function bytesColumn(name: string, len: number): BytesColumn {
  return { name, len, salt: hash32(name) };
}

/**
 * The word of a key that did not come from a stream of this process: of 32 hex digits the first four bytes, lowest
 * first, as the stream's own; of any other text its hash.
 */
export function wordOf(key: string): number {
  if (!/^[0-9a-f]{32}$/.test(key)) return hash32(key);
  const head = Number.parseInt(key.slice(0, 8), 16);
  return ((head >>> 24) | ((head >>> 8) & 0xff00) | ((head << 8) & 0xff0000) | (head << 24)) >>> 0;
}

/**
 * What an item's column holds: the literal, or `len` pseudo-random bytes. The bytes are a view of a pool that all
 * values share: read them, never write them. They cost no copy and are the same in every process.
 */
export function valueOf(item: Pick<Item, 'word'>, column: BytesColumn): Buffer;
export function valueOf(item: Pick<Item, 'word'>, column: Column): Buffer | Json;
export function valueOf(item: Pick<Item, 'word'>, column: Column): Buffer | Json {
  if (!('len' in column)) return column.value;
  const offset = offsetOf(item, column);
  return poolOf(column.len).subarray(offset, offset + column.len);
}

/**
 * Whether `bytes` is what `valueOf` makes, as a target stores it: bytes as they are, text as UTF-8, any other literal as
 * its JSON text. Bytes of another key or column pass with a probability of 2⁻²⁰ (or 2⁻⁸ a byte, where that is more).
 */
export function matches(item: Pick<Item, 'word'>, column: Column, bytes: Uint8Array): boolean {
  if ('len' in column) {
    const offset = offsetOf(item, column);
    if (bytes.length !== column.len) return false;
    return poolOf(column.len).compare(bytes, 0, bytes.length, offset, offset + column.len) === 0;
  }
  const text = typeof column.value === 'string' ? column.value : JSON.stringify(column.value);
  return Buffer.from(text).equals(bytes);
}

/** Values begin at one of 2²⁰ places of the pool, whatever their length. */
const OFFSET_BITS = 20;

const offsetOf = (item: Pick<Item, 'word'>, column: BytesColumn): number =>
  mix32(item.word ^ column.salt) >>> (32 - OFFSET_BITS);

/** Philox of counter (block, 0, domain pool, 0) under this key: the first 64 bits of π's fraction. */
const POOL_KEY = [0x243f6a88, 0x85a308d3] as const;
const MIB = 2 ** 20;

/**
 * The first bytes of one endless constant sequence, made on demand: a memo, not a state. A longer pool begins like a
 * shorter one, so no value depends on what else the process has made.
 */
let pool = Buffer.alloc(0);

/** The pool, long enough for values of `len` bytes. Making it costs 15 ms for the first MiB and 5 ms for each further one, once. */
function poolOf(len: number): Buffer {
  const need = 2 ** OFFSET_BITS + len;
  if (pool.length < need) pool = filledPool(Math.ceil(need / MIB) * MIB);
  return pool;
}

function filledPool(length: number): Buffer<ArrayBuffer> {
  const words = new Uint32Array(length / 4);
  const block = new Uint32Array(4);
  for (let at = 0; at < words.length; at += 4) {
    philox(block, at / 4, 0, DOMAIN.pool, 0, POOL_KEY[0], POOL_KEY[1]);
    words.set(block, at);
  }
  return Buffer.from(words.buffer);
}
