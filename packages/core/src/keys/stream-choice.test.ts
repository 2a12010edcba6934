import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { streamOf } from './stream.ts';
import { StreamChoice } from './stream-choice.ts';

const WEIGHTS = [15.38, 48.58, 7.36, 22.58, 4.82, 1.29];
const choice = (): StreamChoice => new StreamChoice(streamOf('7'), WEIGHTS);

describe('the choice of streams', () => {
  test('is frozen for a seed and weights', () => {
    const of1 = new StreamChoice(streamOf('1'), [1, 2, 3]);
    expect(Array.from({ length: 24 }, (_, m) => of1.pick(m)).join('')).toBe('212112120222202221022210');
  });

  test('follows the weights (chi-square)', () => {
    const items = 200_000;
    const positions = new Float64Array(WEIGHTS.length);
    choice().advance(positions, 0, items);
    const sum = WEIGHTS.reduce((total, weight) => total + weight, 0);
    const chi2 = positions.reduce((total, count, i) => {
      const mean = (items * WEIGHTS[i]!) / sum;
      return total + (count - mean) ** 2 / mean;
    }, 0);
    // 5 degrees of freedom: 99.9 % lie below 20.5.
    expect(chi2).toBeLessThan(20.5);
  });

  test('is the same in whatever order items are asked for', () => {
    fc.assert(
      fc.property(fc.array(fc.maxSafeNat(), { maxLength: 30 }), (items) => {
        const one = choice();
        const forward = items.map((m) => one.pick(m));
        expect(items.toReversed().map((m) => one.pick(m))).toEqual(forward.toReversed());
        expect(items.map((m) => choice().pick(m))).toEqual(forward);
      }),
    );
  });

  test('moves positions alike in one walk, in pieces cut anywhere, and item by item', () => {
    const size = fc.integer({ min: 0, max: 50 });
    const start = fc.oneof(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 2 ** 32 - 100, max: 2 ** 32 + 100 }));
    fc.assert(
      fc.property(start, fc.array(size, { maxLength: 20 }), (first, sizes) => {
        const items = sizes.reduce((total, piece) => total + piece, 0);
        const whole = new Float64Array(WEIGHTS.length);
        choice().advance(whole, first, items);

        const pieces = new Float64Array(WEIGHTS.length);
        let at = first;
        for (const piece of sizes) {
          choice().advance(pieces, at, piece);
          at += piece;
        }
        expect(pieces).toEqual(whole);

        const single = new Float64Array(WEIGHTS.length);
        const one = choice();
        for (let m = first; m < first + items; m++) single[one.pick(m)]! += 1;
        expect(single).toEqual(whole);
      }),
    );
  });
});
