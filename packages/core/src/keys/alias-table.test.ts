import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { aliasTable, pickOutcome } from './alias-table.ts';

/** The probability of each outcome that the table stands for: all draws of all slots, counted. */
function probabilities({ size, threshold, outcome }: ReturnType<typeof aliasTable>): number[] {
  const parts = Array.from({ length: size }, () => 0);
  for (let slot = 0; slot < size; slot++) {
    parts[outcome[2 * slot]!]! += threshold[slot]!;
    parts[outcome[2 * slot + 1]!]! += 2 ** 32 - threshold[slot]!;
  }
  return parts.map((part) => part / 2 ** 32 / size);
}

describe('an alias table', () => {
  test('stands for exactly the weights it was made of', () => {
    const weight = fc.oneof(
      fc.integer({ min: 1, max: 1_000 }),
      fc.double({ min: 1e-6, max: 1e6, noNaN: true }),
      fc.constant(0),
    );
    fc.assert(
      fc.property(fc.array(weight, { minLength: 1, maxLength: 200 }), (weights) => {
        const sum = weights.reduce((total, value) => total + value, 0);
        fc.pre(sum > 0);
        for (const [i, p] of probabilities(aliasTable(weights)).entries()) {
          expect(Math.abs(p - weights[i]! / sum)).toBeLessThan(2 ** -32);
        }
      }),
    );
  });

  test('never picks an outcome of weight 0', () => {
    const table = aliasTable([0, 3, 0, 1, 0]);
    const p = probabilities(table);
    expect([p[0], p[2], p[4]]).toEqual([0, 0, 0]);
    expect(pickOutcome(table, 0)).not.toBe(0);
  });

  test('of one weight always picks it', () => {
    const table = aliasTable([0.1]);
    expect([0, 1, 2 ** 31, 2 ** 32 - 1].map((word) => pickOutcome(table, word))).toEqual([0, 0, 0, 0]);
  });

  test('reads the slot from the high and the place from the low half of the product', () => {
    // Slot 0: outcome 0 up to one half, then outcome 1; slot 1: outcome 1 alone.
    const table = aliasTable([1, 3]);
    const words = [0, 2 ** 30 - 1, 2 ** 30, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1];
    expect(words.map((word) => pickOutcome(table, word))).toEqual([0, 0, 1, 1, 1, 1]);
  });
});
