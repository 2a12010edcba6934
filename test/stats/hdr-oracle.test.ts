import { HIGHEST, Histogram } from '@drumline/core/stats';
import { micros } from '@drumline/core/units';
import * as fc from 'fast-check';
import hdr from 'hdr-histogram-js';
import { describe, expect, test } from 'vitest';

const BOUNDS = {
  lowestDiscernibleValue: 1,
  highestTrackableValue: HIGHEST,
  numberOfSignificantValueDigits: 3,
  bitBucketSize: 64,
} as const;
const PERCENTILES = [0, 0.1, 1, 10, 25, 50, 75, 90, 95, 97.5, 99, 99.9, 99.99, 99.999, 100];

function both(values: readonly number[]): { ours: Histogram; theirs: hdr.Histogram } {
  const ours = new Histogram();
  const theirs = hdr.build(BOUNDS);
  for (const value of values) {
    ours.record(micros(value));
    theirs.recordValue(value);
  }
  return { ours, theirs };
}

const percentiles = (of: (percent: number) => number): number[] => PERCENTILES.map(of);
const ourPercentiles = (of: Histogram): number[] => percentiles((percent) => of.percentile(percent));
const theirPercentiles = (of: hdr.Histogram): number[] => percentiles((percent) => of.getValueAtPercentile(percent));

const values = fc.array(fc.oneof(fc.nat(3_000), fc.nat(3_000_000), fc.nat(HIGHEST)), { minLength: 1, maxLength: 300 });
const SOME = { numRuns: 60 };

describe('hdr-histogram-js as oracle', () => {
  test('every percentile, the mean and the standard deviation are the same', () => {
    fc.assert(
      fc.property(values, (list) => {
        const { ours, theirs } = both(list);
        expect(ourPercentiles(ours)).toEqual(theirPercentiles(theirs));
        expect(ours.mean).toBeCloseTo(theirs.mean, 3);
        expect(ours.stddev).toBeCloseTo(theirs.stdDeviation, 3);
      }),
      SOME,
    );
  });

  test('it reads what we encode', () => {
    fc.assert(
      fc.property(values, (list) => {
        const { ours, theirs } = both(list);
        const read = hdr.decodeFromCompressedBase64(ours.encode(), 64);
        expect(read.totalCount).toBe(list.length);
        expect(read.highestTrackableValue).toBe(HIGHEST);
        expect(theirPercentiles(read)).toEqual(theirPercentiles(theirs));
        expect(read.maxValue).toBe(ours.max);
      }),
      SOME,
    );
  });

  test('we read what it encodes', () => {
    fc.assert(
      fc.property(values, (list) => {
        const { ours, theirs } = both(list);
        const read = Histogram.decode(hdr.encodeIntoCompressedBase64(theirs));
        expect([...read.bars()]).toEqual([...ours.bars()]);
      }),
      SOME,
    );
  });

  test('merging and subtracting are the same', () => {
    fc.assert(
      fc.property(values, values, (left, right) => {
        const a = both(left);
        const b = both(right);
        a.ours.merge(b.ours);
        a.theirs.add(b.theirs);
        expect(ourPercentiles(a.ours)).toEqual(theirPercentiles(a.theirs));
        a.ours.subtract(b.ours);
        a.theirs.subtract(b.theirs);
        expect(ourPercentiles(a.ours)).toEqual(theirPercentiles(a.theirs));
      }),
      SOME,
    );
  });

  test('counts of more than 32 bits are read both ways', () => {
    const ours = new Histogram();
    ours.record(micros(12_345), 2 ** 40 + 1);
    const theirs = hdr.decodeFromCompressedBase64(ours.encode(), 64);
    expect(theirs.totalCount).toBe(2 ** 40 + 1);
    expect(Histogram.decode(hdr.encodeIntoCompressedBase64(theirs)).total).toBe(2 ** 40 + 1);
  });
});
