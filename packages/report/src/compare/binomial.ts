import { normalQuantile } from './estimate.ts';

/** Up to this mean the probabilities are added up one by one; beyond it the normal approximation is within one count. */
const EXACT_UP_TO = 500;

/** The least *k* with P(K ≤ k) ≥ `probability`, K binomial: the successes of `trials` with chance `share` each. */
export function binomialQuantile(trials: number, share: number, probability: number): number {
  if (share > 0.5) return trials - binomialQuantile(trials, 1 - share, 1 - probability);
  const mean = trials * share;
  return mean <= EXACT_UP_TO ? byAddition(trials, share, probability) : byNormal(trials, share, probability);
}

/** P(K = k + 1) = P(K = k) · (n − k) / (k + 1) · p / (1 − p), from P(K = 0) = (1 − p)ⁿ on. */
function byAddition(trials: number, share: number, probability: number): number {
  let chance = Math.exp(trials * Math.log1p(-share));
  let sum = chance;
  let k = 0;
  while (sum < probability && k < trials) {
    chance *= ((trials - k) / (k + 1)) * (share / (1 - share));
    sum += chance;
    k += 1;
  }
  return k;
}

/** The normal quantile, corrected for skewness (the first term of Cornish and Fisher) and for whole counts. */
function byNormal(trials: number, share: number, probability: number): number {
  const z = normalQuantile(probability);
  const deviation = Math.sqrt(trials * share * (1 - share));
  const skewed = ((z * z - 1) * (1 - 2 * share)) / 6;
  return Math.min(trials, Math.max(0, Math.ceil(trials * share + z * deviation + skewed - 0.5)));
}
