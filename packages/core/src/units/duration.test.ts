import { describe, expect, test } from 'vitest';
import { DURATION_PATTERN, parseDuration } from './duration.ts';

describe('parseDuration', () => {
  test.each([
    [90, 90_000_000],
    [0.29, 290_000],
    ['90', 90_000_000],
    ['250ms', 250_000],
    ['1h30m', 5_400_000_000],
    ['1d2h', 93_600_000_000],
    [' 1h 30m ', 5_400_000_000],
    ['1.1h', 3_960_000_000],
    ['1m1ms1us', 60_001_001],
    ['7µs', 7],
    [0, 0],
    ['0s', 0],
  ])('reads %o as %i µs', (text, expected) => {
    expect(parseDuration(text)).toBe(expected);
  });

  test('the pattern for editors takes what the parser takes', () => {
    const texts = ['90', '250ms', '1h30m', ' 1h 30m ', '1.1h', '7µs'];
    expect(texts.filter((text) => new RegExp(DURATION_PATTERN).test(text))).toEqual(texts);
  });

  test.each([
    ['', 'must be a number of seconds'],
    ['soon', 'must be a number of seconds'],
    ['-5s', 'must be a number of seconds'],
    ['1h5', 'must be a number of seconds'],
    ['1,5s', 'must be a number of seconds'],
    ['5min', 'unknown unit "min"'],
    ['5M', 'must be a number of seconds'],
    ['30m1h', 'from large to small'],
    ['1s1s', 'from large to small'],
    ['1us1µs', 'from large to small'],
    [-1, 'must not be negative'],
    [Number.NaN, 'must be a number of seconds'],
    [1e300, 'less than 285 years'],
    ['999999d', 'less than 285 years'],
    ['1'.repeat(1_000_000), 'must be a number of seconds'],
  ])('refuses %o: %s', (text, reason) => {
    expect(parseDuration(text)).toEqual({ reason: expect.stringContaining(reason) });
  });
});
