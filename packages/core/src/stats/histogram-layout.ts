import { type Micros, micros } from '../units/index.ts';

/**
 * The bucket layout of HdrHistogram for 1 µs … 1 h with 3 significant digits, unit magnitude 0.
 *
 * Three digits ask for steps of 1 up to 2,000, hence 2,048 (2¹¹) sub-buckets. Bucket 0 has all of them, 1 µs wide; each
 * bucket *b* ≥ 1 covers the next power of two with its upper 1,024 sub-buckets, 2ᵇ µs wide:
 *
 *     index      0 … 2047    2048 … 3071    3072 … 4095    …
 *     value      0 … 2047    2048 … 4095    4096 … 8191    …
 *     width      1           2              4              2ᵇ
 *
 * A bucket's least value is at least 1,024 widths, so the width is at most 1/1024 < 0.1 % of any value in it.
 */
const SUB_BUCKETS = 2_048;
export const HALF = SUB_BUCKETS / 2;
const HALF_BITS = 10;

/** The greatest value that is told apart: 1 h. */
export const HIGHEST: Micros = micros(3_600_000_000);
export const SIGNIFICANT_DIGITS = 3;

/** Index of the counter for `value`, a whole number from 0 to `HIGHEST` (which is below 2³², so 32-bit arithmetic will do). */
export function indexOf(value: number): number {
  const bucket = 31 - HALF_BITS - Math.clz32(value | (SUB_BUCKETS - 1));
  return (bucket << HALF_BITS) + (value >>> bucket);
}

/** Counters in a full layout. */
export const LENGTH = (Math.floor(indexOf(HIGHEST) / HALF) + 1) * HALF;

const bucketOf = (index: number): number => Math.max(0, Math.floor(index / HALF) - 1);

/** How many whole microseconds share the counter at `index`. */
const widthAt = (index: number): number => 2 ** bucketOf(index);

/** The least value that is counted at `index`. */
export function lowestAt(index: number): Micros {
  const bucket = bucketOf(index);
  return micros((index - bucket * HALF) * 2 ** bucket);
}

/** The greatest value that is counted at `index`. */
export const highestAt = (index: number): Micros => micros(lowestAt(index) + widthAt(index) - 1);

/** The value that stands for all values counted at `index` in sums: the middle, as HdrHistogram rounds it. */
export const middleAt = (index: number): Micros => micros(lowestAt(index) + Math.floor(widthAt(index) / 2));
