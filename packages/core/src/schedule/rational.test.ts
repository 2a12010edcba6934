import { expect, test } from 'vitest';
import { approximate, parseRational } from './rational.ts';

test.each([
  ['0.29', 29n, 100n],
  ['1.0000', 1n, 1n],
  ['0', 0n, 1n],
  ['1e-7', 1n, 10_000_000n],
  ['2.5e+3', 2_500n, 1n],
  ['5000000', 5_000_000n, 1n],
  ['1000/3', 1_000n, 3n],
  ['0.5/0.25', 2n, 1n],
])('%s is read as %s / %s', (text, num, den) => {
  expect(parseRational(text)).toEqual({ num, den });
});

test.each([
  '',
  '-1',
  '+1',
  '.5',
  '1.',
  'abc',
  '1/0',
  '1/',
  '/1',
  'NaN',
  'Infinity',
  '0x10',
  '1e1000',
  ' 1',
  '9'.repeat(65),
])('%j is not a number that a schedule takes', (text) => {
  expect(parseRational(text)).toBeUndefined();
});

test('the float of a fraction does not depend on how the fraction is written', () => {
  expect(approximate(1n, 3n)).toBe(1 / 3);
  const [num, den] = [987_654_321n, 1_234_567_891_011n];
  for (let k = 1n; k < 1_000n; k += 7n) expect(approximate(num * k, den * k)).toBe(approximate(num, den));
});
