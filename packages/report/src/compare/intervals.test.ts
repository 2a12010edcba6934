import { Histogram } from '@drumline/core/stats';
import { micros } from '@drumline/core/units';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { binomialQuantile } from './binomial.ts';
import { difference, shareInterval } from './estimate.ts';
import { exceedance } from './exceedance.ts';
import { quantileInterval } from './quantile-interval.ts';

const of = (values: Iterable<number>): Histogram => {
  const histogram = new Histogram();
  for (const value of values) histogram.record(micros(value));
  return histogram;
};
const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1);
/** The same sequence for the same seed: Park and Miller's generator. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

describe('the quantile of a binomial distribution', () => {
  test.each([
    [10, 0.5, 0.025, 2],
    [10, 0.5, 0.975, 8],
    [100, 0.5, 0.025, 40],
    [100, 0.5, 0.975, 60],
    [100, 0.99, 0.025, 97],
    [1_000, 0.999, 0.975, 1_000],
    [20, 0.1, 0.975, 5],
    [0, 0.5, 0.975, 0],
  ])('of %i trials with chance %d at %d is %i, as in tables', (trials, share, probability, expected) => {
    expect(binomialQuantile(trials, share, probability)).toBe(expected);
  });

  test('is the same within 1 by addition and by approximation, where one gives way to the other', () => {
    for (const share of [0.01, 0.1, 0.5, 0.9, 0.99]) {
      const rare = Math.min(share, 1 - share);
      for (const probability of [0.025, 0.975]) {
        const exact = binomialQuantile(Math.floor(500 / rare), share, probability);
        const near = binomialQuantile(Math.ceil(500 / rare) + 1, share, probability);
        expect(near - exact).toBeGreaterThanOrEqual(-1);
        expect(near - exact).toBeLessThanOrEqual(3);
      }
    }
  });
});

describe('the interval of a quantile', () => {
  test('lies between the order statistics of the tables', () => {
    // The median of 100 values: ranks 40 and 61 (Hahn and Meeker, table A.15b: 96.5 % confidence).
    expect(quantileInterval(of(upTo(100)), 0.5)).toEqual({ value: 50, low: 40, high: 61 });
  });

  test('has no upper bound where there are too few values, and is 0 below', () => {
    expect(quantileInterval(of(upTo(100)), 0.999)).toEqual({ value: 100, low: 99, high: Number.POSITIVE_INFINITY });
    expect(quantileInterval(of([7]), 0.5)).toEqual({ value: 7, low: 0, high: Number.POSITIVE_INFINITY });
  });

  test('holds the true quantile in 95 % of all samples', () => {
    const next = random(20_261_122);
    for (const share of [0.5, 0.9, 0.99]) {
      let holds = 0;
      for (let sample = 0; sample < 400; sample += 1) {
        const { low, high } = quantileInterval(of(Array.from({ length: 500 }, () => next() * 1e6)), share);
        if (low <= share * 1e6 && share * 1e6 <= high) holds += 1;
      }
      // Expected are 380 or, because ranks are whole numbers, a few more; 3 standard deviations are 13.
      expect(holds).toBeGreaterThan(366);
    }
  });

  test('contains its value, whatever was recorded', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 3_600_000_000 }), { minLength: 1, maxLength: 300 }),
        fc.constantFrom(0.5, 0.9, 0.99, 0.999),
        (values, share) => {
          const { value, low, high } = quantileInterval(of(values), share);
          expect(low).toBeLessThanOrEqual(value);
          expect(high).toBeGreaterThanOrEqual(value);
        },
      ),
    );
  });
});

describe('the interval of a share', () => {
  test.each([
    [0, 1_000, 0, 0.00383],
    [10, 100, 0.0552, 0.1744],
    [100, 100, 0.963, 1],
    [0, 0, 0, 1],
  ])("of %i in %i is Wilson's: %d … %d", (hits, all, low, high) => {
    const interval = shareInterval(hits, all);
    expect(interval.low).toBeCloseTo(low, 3);
    expect(interval.high).toBeCloseTo(high, 3);
  });

  test("of a difference is Newcombe's", () => {
    // Newcombe 1998, table II, method 10: 56/70 − 48/80.
    const { value, low, high } = difference(shareInterval(48, 80), shareInterval(56, 70));
    expect(value).toBeCloseTo(0.2, 4);
    expect(low).toBeCloseTo(0.0524, 4);
    expect(high).toBeCloseTo(0.3339, 4);
  });
});

describe('the greatest values', () => {
  const base = upTo(1_000);

  test('tell two runs apart from the sixth beyond the other run on', () => {
    const beyond = (count: number): Histogram => of([...base.slice(count), ...upTo(count).map((i) => 5_000 + i)]);
    expect(exceedance(of(base), beyond(5))).toBe(0);
    expect(exceedance(of(base), beyond(6))).toBe(1);
    expect(exceedance(beyond(6), of(base))).toBe(-1);
  });

  test('of a longer run may reach higher', () => {
    expect(
      exceedance(
        of(base),
        of(
          Array.from({ length: 100 }, () => base)
            .flat()
            .concat(upTo(6).map((i) => 5_000 + i)),
        ),
      ),
    ).toBe(0);
  });
});
