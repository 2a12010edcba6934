import { describe, expect, test } from 'vitest';
import { bytesText, countText, durationText, percentText, rateText, stopwatchText } from './figures-text.ts';

describe('figures for people', () => {
  test.each([
    [0, '0'],
    [999, '999'],
    [1_000, '1,000'],
    [1_234_567, '1,234,567'],
    [-1_234, '−1,234'],
    [0.4, '0'],
    [-0.4, '0'],
    [9_007_199_254_740_991, '9,007,199,254,740,991'],
  ])('count %d is %s', (count, text) => {
    expect(countText(count)).toBe(text);
  });

  test.each([
    [0, '0 µs'],
    [999.4, '999 µs'],
    [999.5, '1.00 ms'],
    [1_234, '1.23 ms'],
    [9_994, '9.99 ms'],
    [9_996, '10.0 ms'],
    [99_960, '100 ms'],
    [999_499, '999 ms'],
    [999_500, '1.00 s'],
    [61_000_000, '61.0 s'],
    [119_400_000, '119 s'],
    [119_600_000, '1.99 min'],
    [3_600_000_000, '60.0 min'],
    [9_000_000_000, '2.50 h'],
  ])('duration %d µs is %s', (us, text) => {
    expect(durationText(us)).toBe(text);
  });

  test.each([
    [0, '0.00'],
    [9.994, '9.99'],
    [9.996, '10.0'],
    [999.94, '999.9'],
    [999.96, '1,000'],
    [5_000_000, '5,000,000'],
  ])('rate %d is %s', (rate, text) => {
    expect(rateText(rate)).toBe(text);
  });

  test.each([
    [0, '0 B'],
    [999, '999 B'],
    [1_500, '1.50 kB'],
    [2e9, '2.00 GB'],
    [5e12, '5.00 TB'],
  ])('%d bytes are %s', (bytes, text) => {
    expect(bytesText(bytes)).toBe(text);
  });

  test.each([
    [0, '0 %'],
    [1, '100 %'],
    [0.99999, '99.9 %'],
    [0.00001, '0.1 %'],
    [0.5, '50.0 %'],
    [-0.044, '−4.4 %'],
    [3, '300.0 %'],
  ])('share %d is %s', (share, text) => {
    expect(percentText(share)).toBe(text);
  });

  test.each([
    [0, '00:00'],
    [59_999_999, '00:59'],
    [3_723_000_000, '1:02:03'],
    [-5, '00:00'],
  ])('%d µs on the stop-watch are %s', (us, text) => {
    expect(stopwatchText(us)).toBe(text);
  });
});
