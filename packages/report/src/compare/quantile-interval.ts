import type { Histogram } from '@drumline/core/stats';
import { binomialQuantile } from './binomial.ts';
import { type Estimate, TAIL } from './estimate.ts';

/**
 * A quantile of the distribution that a histogram's values were drawn from, with its two-sided 95 % interval.
 *
 * Of *n* independent values, the number that lie at or below the true quantile ξ of `share` *p* is binomial (*n*, *p*),
 * whatever the distribution is. So ordered values enclose it with a known probability:
 *
 *     P(X₍ₗ₎ ≤ ξ ≤ X₍ᵤ₎) ≥ P(l ≤ K ≤ u − 1) ≥ 95 %     with l = Q(2.5 %), u = Q(97.5 %) + 1, Q the quantiles of K
 *
 * (G. Hahn, W. Meeker: Statistical Intervals, 1991, section 5.2.) Where there is no such rank, the bound is 0 below, and
 * infinite above: 1,000 values say nothing about how high the 99.99 % quantile may be. Bounds are the far edges of their
 * counters, so that the histogram's own 0.1 % is within the interval.
 *
 * @param effect ops per independent one (`Clustering`): slow ops come in bursts, and then *n* ops say no more than n / effect.
 */
export function quantileInterval(histogram: Histogram, share: number, effect = 1): Estimate {
  const independent = Math.ceil(histogram.total / effect);
  const lower = Math.floor(binomialQuantile(independent, share, TAIL) * effect);
  const upper = Math.ceil((binomialQuantile(independent, share, 1 - TAIL) + 1) * effect);
  let low = 0;
  let high = Number.POSITIVE_INFINITY;
  let running = 0;
  for (const { from, to, count } of histogram.bars()) {
    if (running < lower && running + count >= lower) low = from;
    if (running < upper && running + count >= upper) high = to;
    running += count;
  }
  return { value: histogram.percentile(share * 100), low, high };
}
