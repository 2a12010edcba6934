import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { micros } from '../units/index.ts';
import { Histogram } from './histogram.ts';
import { HIGHEST } from './histogram-layout.ts';

const of = (values: Iterable<number>): Histogram => {
  const histogram = new Histogram();
  for (const value of values) histogram.record(micros(value));
  return histogram;
};
const bytes = (histogram: Histogram): number => histogram.data().counts.byteLength;
const bars = (histogram: Histogram): unknown[] => [...histogram.bars()];

/** Values spread over all magnitudes, as latencies are. */
const values = fc.array(
  fc.oneof(
    fc.integer({ min: 0, max: 5_000 }),
    fc.integer({ min: 0, max: 2_000_000 }),
    fc.integer({ min: 0, max: HIGHEST }),
  ),
  { maxLength: 200 },
);
const someValues = values.filter((list) => list.length > 0);

/** The exact value at the rank that the definition asks for. */
function exactPercentile(list: readonly number[], percent: number): number {
  const sorted = [...list].sort((a, b) => a - b);
  return sorted[Math.max(1, Math.ceil((percent * sorted.length) / 100)) - 1]!;
}

describe('an empty histogram', () => {
  test('answers 0 to every question', () => {
    const empty = new Histogram();
    const { total, clamped, min, max, mean, stddev } = empty;
    expect([total, clamped, min, max, mean, stddev, empty.percentile(0), empty.percentile(99.9)]).toEqual(
      Array(8).fill(0),
    );
    expect(empty.countAtOrBelow(HIGHEST)).toBe(0);
    expect(bars(empty)).toEqual([]);
  });
});

describe('recording', () => {
  test.each([
    // value, least and greatest value of its counter
    [0, 0, 0],
    [1, 1, 1],
    [2_047, 2_047, 2_047],
    [2_048, 2_048, 2_049],
    [4_095, 4_094, 4_095],
    [4_096, 4_096, 4_099],
    [1_000_000, 999_936, 1_000_447],
    [3_600_000_000, 3_598_712_832, 3_600_809_983],
  ])('%d µs is counted with %d … %d', (value, from, to) => {
    expect(bars(of([value]))).toEqual([{ from, to, count: 1 }]);
  });

  test('a fraction of a microsecond is rounded to the nearest', () => {
    expect(bars(of([1.49, 1.5, 1.51]))).toEqual([
      { from: 1, to: 1, count: 1 },
      { from: 2, to: 2, count: 2 },
    ]);
  });

  test('a value beyond an hour is recorded as an hour, and counted as clamped', () => {
    const histogram = of([HIGHEST, HIGHEST + 1, Number.POSITIVE_INFINITY]);
    expect(histogram.total).toBe(3);
    expect(histogram.clamped).toBe(2);
    expect(bars(histogram)).toEqual(bars(of([HIGHEST, HIGHEST, HIGHEST])));
  });

  test('a negative value and no number are recorded as 0, and counted as clamped', () => {
    const histogram = of([-1, Number.NaN]);
    expect(histogram.clamped).toBe(2);
    expect(bars(histogram)).toEqual([{ from: 0, to: 0, count: 2 }]);
  });

  test('a count may be given', () => {
    const histogram = new Histogram();
    histogram.record(micros(7), 3);
    histogram.record(micros(-7), 2);
    expect([histogram.total, histogram.clamped, histogram.countAtOrBelow(micros(0))]).toEqual([5, 2, 2]);
  });

  test('one counter holds more than 32 bits', () => {
    const histogram = new Histogram();
    histogram.record(micros(5), 2 ** 32);
    histogram.record(micros(5));
    expect(bars(histogram)).toEqual([{ from: 5, to: 5, count: 2 ** 32 + 1 }]);
  });

  test('memory follows the greatest value', () => {
    expect(bytes(new Histogram())).toBe(0);
    expect(bytes(of([2_000]))).toBe(16_384);
    expect(bytes(of([131_071]))).toBe(65_536);
    expect(bytes(of([HIGHEST]))).toBe(188_416);
  });
});

describe('figures', () => {
  test('mean and standard deviation of small values are exact', () => {
    const histogram = of([2, 4, 4, 4, 5, 5, 7, 9]);
    expect(histogram.mean).toBe(5);
    expect(histogram.stddev).toBe(2);
    expect(histogram.min).toBe(2);
    expect(histogram.max).toBe(9);
  });

  test('percentiles of 1 … 1000 are the ranks themselves', () => {
    const histogram = of(Array.from({ length: 1_000 }, (_, i) => i + 1));
    const asked = [0, 0.01, 50, 90, 99, 99.9, 99.99, 100, 200];
    expect(asked.map((percent) => histogram.percentile(percent))).toEqual([
      1, 1, 500, 900, 990, 999, 1_000, 1_000, 1_000,
    ]);
  });

  test('count at or below counts whole counters', () => {
    const histogram = of([1, 2, 2, 2_048, 2_049, 5_000]);
    const asked = [-1, 0, 1, 2, 2.9, 2_047, 2_048, 10_000, HIGHEST * 2];
    expect(asked.map((value) => histogram.countAtOrBelow(micros(value)))).toEqual([0, 0, 1, 3, 3, 3, 5, 6, 6]);
  });

  test('reset forgets all', () => {
    const histogram = of([1, 2, HIGHEST * 2]);
    histogram.reset();
    expect([histogram.total, histogram.clamped, histogram.max]).toEqual([0, 0, 0]);
    histogram.record(micros(3));
    expect(bars(histogram)).toEqual([{ from: 3, to: 3, count: 1 }]);
  });
});

describe('properties', () => {
  test('every percentile is at most 0.1 % above the exact one, and never below', () => {
    fc.assert(
      fc.property(someValues, fc.double({ min: 0.001, max: 100, noNaN: true }), (list, percent) => {
        const exact = exactPercentile(list, percent);
        const found = of(list).percentile(percent);
        expect(found).toBeGreaterThanOrEqual(exact);
        expect(found).toBeLessThanOrEqual(exact * 1.001);
      }),
    );
  });

  test('percentiles never fall as the percentage grows, from min to max', () => {
    fc.assert(
      fc.property(someValues, (list) => {
        const histogram = of(list);
        const found = Array.from({ length: 101 }, (_, percent) => histogram.percentile(percent));
        expect(found).toEqual([...found].sort((a, b) => a - b));
        expect([found[0], found[100]]).toEqual([histogram.min, histogram.max]);
      }),
    );
  });

  test('merging equals recording all in one', () => {
    fc.assert(
      fc.property(values, values, (left, right) => {
        const merged = of(left);
        merged.merge(of(right));
        expect(bars(merged)).toEqual(bars(of([...left, ...right])));
        expect(merged.total).toBe(left.length + right.length);
      }),
    );
  });

  test('subtracting undoes merging', () => {
    fc.assert(
      fc.property(values, values, (earlier, interval) => {
        const cumulative = of(earlier);
        cumulative.merge(of(interval));
        cumulative.subtract(of(earlier));
        expect(bars(cumulative)).toEqual(bars(of(interval)));
        expect(cumulative.total).toBe(interval.length);
      }),
    );
  });

  test('subtracting what was never in it leaves no negative count', () => {
    const histogram = of([1, 5]);
    histogram.subtract(of([1, 1, 9_000, HIGHEST * 2]));
    expect(bars(histogram)).toEqual([{ from: 5, to: 5, count: 1 }]);
    expect([histogram.total, histogram.clamped]).toEqual([1, 0]);
  });

  test('a copy, and one made from data, count on their own', () => {
    const original = of([1, 2, HIGHEST * 2]);
    const copy = original.copy();
    const posted = Histogram.from(structuredClone(original.data()));
    original.record(micros(3));
    for (const other of [copy, posted]) expect([other.total, other.clamped]).toEqual([3, 1]);
  });

  test('data of another layout are refused', () => {
    const data = { counts: new Float64Array(30_000), clamped: 0 };
    expect(() => Histogram.from(data)).toThrow(RangeError);
  });
});
