import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { decimalText } from './decimal.ts';

test.each([
  [0.29, '0.29'],
  [1e-7, '0.0000001'],
  [1.25e-9, '0.00000000125'],
  [5_000_000, '5000000'],
  [-0, '0'],
  [1e20, '100000000000000000000'],
])('writes %d as %s', (value, text) => {
  expect(decimalText(value)).toBe(text);
});

test('every number reads back from its decimal text, which has no exponent', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1e20, noNaN: true }), (value) => {
      const text = decimalText(value);
      expect(text).toMatch(/^\d+(\.\d+)?$/);
      expect(Number(text)).toBe(value === 0 ? 0 : value);
    }),
  );
});
