/** A figure with its two-sided 95 % interval; the bounds may be infinite. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** What lies beyond each end of a two-sided 95 % interval. */
export const TAIL = 0.025;
/** The 97.5 % quantile of the standard normal distribution. */
const Z = 1.959963984540054;

/** Of the standard normal distribution, at the two ends of a 95 % interval: the only ones that are asked for. */
export const normalQuantile = (probability: number): number => (probability < 0.5 ? -Z : Z);

/**
 * The share of `hits` in `of`, with Wilson's score interval, which holds its level for rare events too: 0 of 1,000 means at
 * most 0.38 %. `effect` is the ops per independent one. (E. B. Wilson, 1927; recommended by L. Brown, T. Cai and A. DasGupta, 2001.)
 */
export function shareInterval(hits: number, all: number, effect = 1): Estimate {
  if (all === 0) return { value: 0, low: 0, high: 1 };
  const value = hits / all;
  const of = all / effect;
  const squared = Z * Z;
  const middle = (value + squared / (2 * of)) / (1 + squared / of);
  const half = (Z / (1 + squared / of)) * Math.sqrt((value * (1 - value)) / of + squared / (4 * of * of));
  return { value, low: hits === 0 ? 0 : middle - half, high: hits === all ? 1 : middle + half };
}

/**
 * b − a with its 95 % interval, from the intervals of both: the square roots of the summed squares of the margins on the
 * sides that face each other. It needs no symmetry of either. (R. Newcombe, 1998, for shares; G. Zou and A. Donner,
 * "Construction of confidence limits about effect measures", 2008, in general.) It is narrower than asking whether the two
 * intervals overlap, and holds the level that it states.
 */
export function difference(a: Estimate, b: Estimate): Estimate {
  const value = b.value - a.value;
  return {
    value,
    low: value - Math.hypot(b.value - b.low, a.high - a.value),
    high: value + Math.hypot(b.high - b.value, a.value - a.low),
  };
}
