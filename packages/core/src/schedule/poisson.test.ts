import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { micros } from '../units/index.ts';
import { intendedOf, intendedTimes } from './intended.ts';
import type { SlotDraw } from './poisson.ts';
import { type Schedule, scheduleOf } from './schedule.ts';
import type { ScheduleSpec } from './spec.ts';

/** A counter-based uniform of 32 bits: MurmurHash3's finaliser over a multiply-add of the words. */
function uniform(...words: readonly number[]): number {
  let hash = 0x9e3779b9;
  for (const word of words) {
    hash = Math.imul(hash ^ word, 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 16), 0xc2b2ae35);
    hash ^= hash >>> 13;
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}
const slotDraw =
  (seed: number): SlotDraw =>
  (beat, slot, i) =>
    uniform(seed, beat, slot, i);
const opDraw =
  (seed: number) =>
  (op: number): number =>
    uniform(seed, op);

const second = (value: number): ReturnType<typeof micros> => micros(value * 1_000_000);
const poisson = (spec: Omit<ScheduleSpec, 'arrivals'>, seed = 1): Schedule =>
  scheduleOf({ ...spec, arrivals: 'poisson' }, slotDraw(seed));

/** Ops of each beat of the schedule. */
function countsOf(schedule: Schedule): number[] {
  const counts: number[] = [];
  const cursor = schedule.from();
  while (!cursor.done) counts.push(cursor.next().reduce((sum, { count }) => sum + count, 0));
  return counts;
}

function moments(values: readonly number[]): { mean: number; variance: number } {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return { mean, variance: values.reduce((a, b) => a + (b - mean) ** 2, 0) / (values.length - 1) };
}

describe('the counts of Poisson arrivals', () => {
  test.each([
    ['20', 0.2, 100],
    ['1000', 10, 100],
    ['30000', 300, 40],
    ['300000', 3_000, 20],
  ])('at %s/s have mean %d a beat and index of dispersion 1', (qps, expected, seconds) => {
    const beats = seconds * 100;
    for (const seed of [1, 2, 3]) {
      const { mean, variance } = moments(countsOf(poisson({ qps, duration: second(seconds) }, seed)));
      // Four standard errors of either estimate.
      expect(Math.abs(mean - expected)).toBeLessThan(4 * Math.sqrt(expected / beats));
      expect(Math.abs(variance / mean - 1)).toBeLessThan(4 * Math.sqrt((2 + 1 / expected) / beats));
    }
  });

  test('follow the whole distribution, not only its moments', () => {
    const counts = countsOf(poisson({ qps: '200', duration: second(200) }));
    let probability = Math.exp(-2);
    for (let k = 0; k <= 6; k++) {
      const share = counts.filter((count) => count === k).length / counts.length;
      expect(Math.abs(share - probability)).toBeLessThan(
        4 * Math.sqrt((probability * (1 - probability)) / counts.length),
      );
      probability *= 2 / (k + 1);
    }
  });

  test('follow a curve: a total within four standard deviations of ∫ rate', () => {
    const qpss = Array.from({ length: 24 }, (_, hour) => (hour % 5 === 0 ? `0.${hour + 1}` : '0'));
    const spec = { qps: '20000', qpss, duration: second(86_400), speed: '4320' };
    const total = countsOf(poisson(spec)).reduce((a, b) => a + b, 0);
    const expected = scheduleOf(spec).total;
    expect(poisson(spec).total).toBe(expected);
    expect(total).not.toBe(expected);
    expect(Math.abs(total - expected)).toBeLessThan(4 * Math.sqrt(expected));
  });

  test('of different seeds differ, of the same seed are the same', () => {
    const spec = { qps: '5000', duration: second(1) };
    expect(countsOf(poisson(spec, 1))).toEqual(countsOf(poisson(spec, 1)));
    expect(countsOf(poisson(spec, 1))).not.toEqual(countsOf(poisson(spec, 2)));
  });
});

describe('the instants of Poisson arrivals', () => {
  test('have exponential gaps', () => {
    const cursor = poisson({ qps: '2000', duration: second(20) }).from();
    const times: number[] = [];
    while (!cursor.done) for (const batch of cursor.next()) times.push(...intendedTimes(batch, 'poisson', opDraw(9)));
    const gaps = times.slice(1).map((time, i) => time - (times[i] ?? 0));
    expect(gaps.every((gap) => gap >= 0)).toBe(true);
    const { mean, variance } = moments(gaps);
    expect(mean).toBeGreaterThan(490);
    expect(mean).toBeLessThan(510);
    expect(variance / mean ** 2).toBeGreaterThan(0.95);
    expect(variance / mean ** 2).toBeLessThan(1.05);
    const long = gaps.filter((gap) => gap > 1_000).length / gaps.length;
    expect(long).toBeCloseTo(Math.exp(-2), 2);
  });

  test('are whole µs within the batch, the same one by one as together', () => {
    const batch = { first: 40, count: 60, at: 10_001, span: 99 };
    const times = intendedTimes(batch, 'poisson', opDraw(3));
    expect([...times]).toEqual([...times].sort((a, b) => a - b));
    expect(times.every((time) => Number.isInteger(time) && time >= 10_001 && time <= 10_100)).toBe(true);
    expect(Array.from(times, (_, i) => intendedOf(batch, i, 'poisson', opDraw(3)))).toEqual([...times]);
  });

  test('with even arrivals are evenly spaced from the first to the last', () => {
    const batch = { first: 40, count: 4, at: 10_001, span: 10 };
    expect([...intendedTimes(batch, 'even', opDraw(3))]).toEqual([10_001, 10_004, 10_008, 10_011]);
    expect(intendedOf(batch, 2, 'even', opDraw(3))).toBe(10_008);
    expect([...intendedTimes({ ...batch, count: 1 }, 'even', opDraw(3))]).toEqual([10_001]);
  });
});

describe('the bounds of Poisson arrivals', () => {
  test('times is exact, and the schedule is done with it', () => {
    for (const times of [1, 10, 999, 12_345]) {
      const schedule = poisson({ qps: '10000', times });
      const cursor = schedule.from();
      let ops = 0;
      while (!cursor.done) for (const { count } of cursor.next()) ops += count;
      expect(ops).toBe(times);
      expect(cursor.position.ops).toBe(times);
      expect(schedule.endOf(cursor.position)).toBe(cursor.position.beat * 10_000);
    }
  });

  test('duration ends it when times is not reached', () => {
    const schedule = poisson({ qps: '1000', times: 1_000_000, duration: micros(1_234_567) });
    const cursor = schedule.from();
    let last = 0;
    while (!cursor.done) for (const { at, span } of cursor.next()) last = at + span;
    expect(last).toBeLessThanOrEqual(1_234_567);
    expect(cursor.position.beat).toBe(124);
    expect(schedule.endOf(cursor.position)).toBe(1_234_567);
  });

  test('without a draw a schedule can be planned but not played', () => {
    const schedule = scheduleOf({ qps: '10', times: 5, arrivals: 'poisson' });
    expect(schedule.total).toBe(5);
    expect(() => schedule.from().next()).toThrow(RangeError);
  });
});

test('any Poisson schedule: numbered without gaps, in time, within batchOps, the same wherever it is cut', () => {
  const spec = fc.record({
    qps: fc.oneof(
      fc.constantFrom('0.5', '150', '1000000', '5000000'),
      fc.integer({ min: 1, max: 100_000 }).map(String),
    ),
    qpss: fc.option(
      fc
        .array(fc.constantFrom('0', '0.3', '1', '1.7'), { minLength: 24, maxLength: 24 })
        .filter((hours) => hours.some((hour) => hour !== '0')),
      { nil: undefined },
    ),
    times: fc.option(fc.integer({ min: 1, max: 100_000 }), { nil: undefined }),
    duration: fc.integer({ min: 1, max: 60_000_000 }).map(micros),
    speed: fc.constantFrom('1', '7', '4320'),
    batchOps: fc.constantFrom(1, 7, 200, 1_000),
    history: fc.constantFrom([], [{ at: micros(20_000), factor: '0.5' }]),
  });
  fc.assert(
    fc.property(spec, fc.integer(), (spec, seed) => {
      const cap = spec.batchOps < 10 ? { ...spec, qps: '9000' } : spec;
      const schedule = poisson(cap, seed);
      const cursor = schedule.from();
      let [ops, time] = [0, 0];
      for (let beat = 0; beat < 6 && !cursor.done; beat++) {
        const { position } = cursor;
        expect(position).toEqual({ beat, ops });
        const batches = cursor.next();
        expect(poisson(cap, seed).beat(position).batches).toEqual(batches);
        for (const { first, count, at, span } of batches) {
          expect(first).toBe(ops);
          expect(count).toBeGreaterThan(0);
          expect(count).toBeLessThanOrEqual(spec.batchOps);
          expect(at).toBeGreaterThan(beat * 10_000);
          expect(at).toBeGreaterThanOrEqual(time);
          expect(span).toBeGreaterThanOrEqual(0);
          expect(at + span).toBeLessThanOrEqual((beat + 1) * 10_000);
          ops += count;
          time = at;
        }
      }
      expect(ops).toBeLessThanOrEqual(spec.times ?? Infinity);
    }),
    { numRuns: 100 },
  );
});
