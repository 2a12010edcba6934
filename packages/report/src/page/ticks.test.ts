import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { briefCount, briefDuration, linearScale, logScale, timeScale, timeText } from './ticks.ts';

const labels = ({ ticks }: { ticks: readonly { label: string }[] }): string[] => ticks.map(({ label }) => label);

describe('an axis', () => {
  test.each([
    [300, ['0', '100', '200', '300']],
    [7, ['0', '2', '4', '6', '8']],
    [0.3, ['0', '0.1', '0.2', '0.3']],
    [48_000, ['0', '10 k', '20 k', '30 k', '40 k', '50 k']],
    [0, ['0']],
  ])('up to %d has round steps', (max, expected) => {
    expect(labels(linearScale(max, briefCount))).toEqual(expected);
  });

  test.each([
    [700, 45_000, ['500 µs', '1 ms', '2 ms', '5 ms', '10 ms', '20 ms', '50 ms']],
    [3, 900_000, ['10 µs', '100 µs', '1 ms', '10 ms', '100 ms', '1 s']],
    [0, 0, ['1 µs', '2 µs']],
  ])('from %d to %d µs by powers of ten', (min, max, expected) => {
    expect(labels(logScale(min, max, briefDuration))).toEqual(expected);
  });

  test.each([
    [14e6, ['0 s', '2 s', '4 s', '6 s', '8 s', '10 s', '12 s', '14 s']],
    [86_400e6, ['0 h', '3 h', '6 h', '9 h', '12 h', '15 h', '18 h', '21 h', '24 h']],
    [300e6, ['0 min', '1 min', '2 min', '3 min', '4 min', '5 min']],
    [150e6, ['0:00', '0:30', '1:00', '1:30', '2:00', '2:30']],
    [0.4e6, ['0 s']],
  ])('of %d µs has steps that people count in', (length, expected) => {
    expect(labels(timeScale(length))).toEqual(expected);
  });

  test('has room for every value, and few ticks, in order', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1e-6, max: 1e12, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (max, part) => {
          for (const scale of [linearScale(max, String), logScale(max * part, max, String), timeScale(max)]) {
            const places = scale.ticks.map(({ at }) => at);
            expect(places.length).toBeLessThanOrEqual(14);
            expect(places.every((at, i) => at >= 0 && at <= 1 + 1e-9 && at > (places[i - 1] ?? -1))).toBe(true);
            expect(scale.at(max)).toBeGreaterThanOrEqual(scale.at(max * part));
          }
        },
      ),
    );
  });
});

test('times since the start read as hours, minutes and seconds', () => {
  expect([5e6, 600e6, 5_400e6].map(timeText)).toEqual(['0:05', '10:00', '1:30:00']);
});
