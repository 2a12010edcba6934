import type { Histogram } from '@drumline/core/stats';
import { TAIL } from './estimate.ts';

/**
 * Whether the greatest values of two histograms tell their distributions apart: 1 when those of `b` reach higher, −1 when
 * those of `a` do, 0 when chance would do as much.
 *
 * A maximum has no interval. But if both came from one distribution, each of the *k* greatest of all values would be from *b*
 * with chance n_b / (n_a + n_b), so the chance that *k* of *b* lie beyond all of *a* is at most (n_b / (n_a + n_b))ᵏ. Below
 * 2.5 % on that side it is no chance: with runs of equal length, from 6 values on. (S. Rosenbaum, "Tables for a nonparametric
 * test of location", 1954.) Values that come in bursts count as n / effect.
 */
export function exceedance(a: Histogram, b: Histogram, effect = 1): -1 | 0 | 1 {
  if (reachesBeyond(b, a, effect)) return 1;
  return reachesBeyond(a, b, effect) ? -1 : 0;
}

function reachesBeyond(higher: Histogram, other: Histogram, effect: number): boolean {
  const beyond = Math.floor((higher.total - higher.countAtOrBelow(other.max)) / effect);
  return (higher.total / (higher.total + other.total)) ** beyond <= TAIL;
}
