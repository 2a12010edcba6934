import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { micros } from '../units/index.ts';
import { intendedTimes } from './intended.ts';
import { type Position, type Schedule, scheduleOf } from './schedule.ts';
import type { ScheduleSpec } from './spec.ts';

/** A fraction as the tests reckon with it: never reduced, so that it shares nothing with the code under test. */
type Fraction = readonly [bigint, bigint];
const plus = ([a, b]: Fraction, [c, d]: Fraction): Fraction => (b === d ? [a + c, b] : [a * d + c * b, b * d]);
const by = ([a, b]: Fraction, [c, d]: Fraction): Fraction => [a * c, b * d];
const over = ([a, b]: Fraction, [c, d]: Fraction): Fraction => [a * d, b * c];
const less = ([a, b]: Fraction, [c, d]: Fraction): boolean => a * d < c * b;
const lower = (a: Fraction, b: Fraction): Fraction => (less(a, b) ? a : b);
const whole = (n: number | bigint): Fraction => [BigInt(n), 1n];
const negative = ([a, b]: Fraction): Fraction => [-a, b];
function fraction(text: string): Fraction {
  const [digits = '', decimals = ''] = text.split('.');
  return [BigInt(digits + decimals), 10n ** BigInt(decimals.length)];
}

const HOUR = 3_600_000_000n;

/** Multipliers at both ends of an hour of the day, by looking left and right for what is not 0. */
function endsOfHour(qpss: readonly string[], hour: number): readonly [Fraction, Fraction] {
  const value = (h: number): Fraction => fraction(qpss[((h % 24) + 24) % 24] ?? '0');
  if (value(hour)[0] > 0n) return [value(hour), value(hour)];
  let [left, right] = [1, 1];
  while (value(hour - left)[0] === 0n) left++;
  while (value(hour + right)[0] === 0n) right++;
  const rise = plus(value(hour + right), negative(value(hour - left)));
  const height = (steps: number): Fraction =>
    plus(value(hour - left), by(rise, [BigInt(steps), BigInt(left + right - 1)]));
  return [height(left - 1), height(left)];
}

/** ∫ multiplier over [from, to] µs of the curve's axis: trapezoids, hour by hour. */
function multiplierArea(qpss: readonly string[] | undefined, from: Fraction, to: Fraction): Fraction {
  if (qpss === undefined) return plus(to, negative(from));
  let area: Fraction = [0n, 1n];
  for (let hour = from[0] / from[1] / HOUR; less(whole(hour * HOUR), to); hour++) {
    const [a, b] = endsOfHour(qpss, Number(hour % 24n));
    const start = whole(hour * HOUR);
    const begin = less(from, start) ? start : from;
    const end = lower(to, whole((hour + 1n) * HOUR));
    const height = (x: Fraction): Fraction =>
      plus(a, by(plus(b, negative(a)), over(plus(x, negative(start)), whole(HOUR))));
    area = plus(area, by(by(plus(height(begin), height(end)), [1n, 2n]), plus(end, negative(begin))));
  }
  return area;
}

/** ⌊∫₀ᵗ rate⌋ by the definition alone; `t` = undefined is the end of the duration. */
function naiveCount(spec: ScheduleSpec, t: number | undefined): bigint {
  const speed = fraction(spec.speed ?? '1');
  const stop = over(whole(spec.duration ?? 0), speed);
  const until = t === undefined ? stop : spec.duration === undefined ? whole(t) : lower(whole(t), stop);
  const changes = [{ at: 0, factor: '1' }, ...(spec.history ?? [])];
  let ops: Fraction = [0n, 1n];
  changes.forEach(({ at, factor }, i) => {
    const next = changes[i + 1];
    const [from, to] = [whole(at), next === undefined ? until : lower(whole(next.at), until)];
    if (!less(from, to)) return;
    const onCurve = (x: Fraction): Fraction => plus(whole(spec.phase ?? 0), by(x, speed));
    const area = over(multiplierArea(spec.qpss, onCurve(from), onCurve(to)), speed);
    ops = plus(ops, by(area, fraction(factor)));
  });
  const [num, den] = by(by(ops, by(fraction(spec.qps), fraction(spec.scale ?? '1'))), [1n, 1_000_000n]);
  return num / den;
}

const decimal = (max: number, decimals: number): fc.Arbitrary<string> =>
  fc
    .tuple(
      fc.integer({ min: 0, max }),
      fc.integer({ min: 0, max: 10 ** decimals - 1 }),
      fc.integer({ min: 0, max: decimals }),
    )
    .map(([units, part, kept]) =>
      kept === 0 ? `${units}` : `${units}.${String(part).padStart(decimals, '0').slice(0, kept)}`,
    );
const positive = (max: number, decimals: number): fc.Arbitrary<string> =>
  decimal(max, decimals).filter((text) => Number(text) > 0);

const qps = fc.oneof(
  fc
    .integer({ min: 1, max: 5_000 })
    .map((thousandths) => `0.${String(thousandths).padStart(3, '0')}`.replace(/^0\.(\d)(\d{3})$/, '$1.$2')),
  positive(1_000, 6),
  positive(200_000, 6),
  fc.constantFrom('0.001', '0.29', '1', '333.333333', '4999999.999999', '5000000'),
);
const multiplier = fc.oneof(fc.constant('0'), positive(2, 4));
const qpss = fc.oneof(
  fc.array(multiplier, { minLength: 24, maxLength: 24 }).filter((hours) => hours.some((hour) => Number(hour) > 0)),
  fc
    .tuple(fc.integer({ min: 0, max: 23 }), positive(2, 4))
    .map(([at, value]) => Array.from({ length: 24 }, (_, hour) => (hour === at ? value : '0'))),
  fc
    .tuple(fc.integer({ min: 1, max: 10 }), fc.integer({ min: 12, max: 22 }), positive(2, 4), positive(2, 4))
    .map(([first, last, a, b]) =>
      Array.from({ length: 24 }, (_, hour) => (hour < first || hour > last ? '0' : hour % 2 ? a : b)),
    ),
);
const speed = fc.oneof(fc.constant('1'), fc.constantFrom('3', '7', '0.3', '4320', '86400'), positive(20_000, 3));
const history = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 400 }), decimal(3, 3)), { maxLength: 4 })
  .map((changes) => changes.sort(([a], [b]) => a - b).map(([beat, factor]) => ({ at: micros(beat * 10_000), factor })));

/** Bounded by duration; seconds to days of the curve, however fast it runs. */
const spec: fc.Arbitrary<ScheduleSpec> = fc
  .record({
    qps,
    qpss: fc.option(qpss, { nil: undefined }),
    speed,
    scale: fc.oneof(fc.constant('1'), positive(3, 3)),
    phase: fc.integer({ min: 0, max: 86_399_999_999 }).map(micros),
    duration: fc
      .oneof(fc.integer({ min: 1, max: 10_000_000 }), fc.integer({ min: 1, max: 200_000_000_000 }))
      .map(micros),
    history,
    batchOps: fc.oneof(fc.constant(200), fc.integer({ min: 20, max: 1_000 })),
  })
  .filter(({ qps, scale, speed }) => Number(qps) * Number(scale) < (Number(speed) > 10_000 ? 1e5 : 6e6));

/** 0 … 1, to pick a place in whatever there is. */
const share = fc.double({ min: 0, max: 1, noNaN: true });
/** A beat that holds an op, if there is one: ops are what places are picked by, for most beats of slow tasks are empty. */
const beatWithOps = (schedule: Schedule, place: number): number =>
  schedule.total === 0 ? 0 : Math.ceil(schedule.intendedAt(Math.floor(place * (schedule.total - 1))) / 10_000) - 1;
const positionAt = (schedule: Schedule, beat: number): Position => ({ beat, ops: schedule.countAt(beat * 10_000) });
const runs = { numRuns: 150 };

describe('any schedule', () => {
  test('has ⌊∫ rate⌋ ops due at every instant, and in all', () => {
    fc.assert(
      fc.property(spec, fc.array(share, { minLength: 3, maxLength: 3 }), (spec, places) => {
        const schedule = scheduleOf(spec);
        expect(BigInt(schedule.total)).toBe(naiveCount(spec, undefined));
        for (const place of places) {
          const t = Math.floor(place * schedule.end);
          expect(BigInt(schedule.countAt(t))).toBe(naiveCount(spec, t));
        }
      }),
      runs,
    );
  });

  test('numbers the ops of its beats without gaps, in time, as many as are due, in even batches', () => {
    fc.assert(
      fc.property(spec, share, (spec, place) => {
        const schedule = scheduleOf(spec);
        const first = beatWithOps(schedule, place);
        const cursor = schedule.from(positionAt(schedule, first));
        let [ops, time] = [schedule.countAt(first * 10_000), 0];
        for (let beat = first; beat < first + 5 && !cursor.done; beat++) {
          for (const { first, count, at, span } of cursor.next()) {
            expect(first).toBe(ops);
            expect(count).toBeGreaterThan(0);
            expect(count).toBeLessThanOrEqual(spec.batchOps ?? 200);
            expect(at).toBeGreaterThan(beat * 10_000);
            expect(at).toBeGreaterThanOrEqual(time);
            expect(span).toBeGreaterThanOrEqual(0);
            expect(at + span).toBeLessThanOrEqual((beat + 1) * 10_000);
            ops += count;
            time = at + span;
          }
          expect(BigInt(ops)).toBe(naiveCount(spec, (beat + 1) * 10_000));
          expect(cursor.position).toEqual({ beat: beat + 1, ops });
        }
      }),
      runs,
    );
  });

  test('puts the first and last op of a beat on the exact µs, and every other within 1 µs of it', () => {
    fc.assert(
      fc.property(spec, share, share, (spec, place, within) => {
        const schedule = scheduleOf(spec);
        fc.pre(schedule.total > 0);
        const { batches } = schedule.beat(positionAt(schedule, beatWithOps(schedule, place)));
        const exact = (n: number): number => schedule.intendedAt(n);
        const isExact = (n: number, t: number): boolean => naiveCount(spec, t) > n && naiveCount(spec, t - 1) <= n;
        const [head, tail] = [batches[0], batches.at(-1)];
        if (head === undefined || tail === undefined) throw new Error('an empty beat');
        expect(isExact(head.first, head.at)).toBe(true);
        expect(isExact(tail.first + tail.count - 1, tail.at + tail.span)).toBe(true);
        for (const batch of new Set([head, batches[Math.floor(within * (batches.length - 1))] ?? tail, tail])) {
          const times = intendedTimes(batch, 'even', () => 0);
          for (const i of new Set([0, Math.floor(within * (batch.count - 1)), batch.count - 1])) {
            expect(Math.abs((times[i] ?? 0) - exact(batch.first + i))).toBeLessThanOrEqual(1);
          }
        }
      }),
      runs,
    );
  });

  test('cut anywhere and gone on with gives the same batches', () => {
    fc.assert(
      fc.property(spec, share, fc.constantFrom('step' as const, 'smooth' as const), (plain, place, curve) => {
        const spec = { ...plain, curve };
        const schedule = scheduleOf(spec);
        const first = beatWithOps(schedule, place);
        const through = schedule.from(positionAt(schedule, first));
        for (let i = 0; i < 6 && !through.done; i++) {
          const { position } = through;
          const batches = through.next();
          expect(scheduleOf(spec).from(position).next()).toEqual(batches);
          expect(schedule.beat(position)).toEqual({ batches, next: through.position });
        }
      }),
      runs,
    );
  });

  test('bounded by times ends with its last op, whole and exact', () => {
    fc.assert(
      fc.property(spec, fc.integer({ min: 1, max: 1_000_000 }), (spec, times) => {
        fc.pre(Number(spec.qps) * Math.max(...(spec.qpss ?? ['1']).map(Number)) > 0.01);
        const bounded = { ...spec, times, duration: undefined, scale: '1', history: [] };
        const schedule = scheduleOf(bounded);
        expect(schedule.total).toBe(times);
        expect(naiveCountWithin(bounded, schedule.end)).toBe(true);
      }),
      runs,
    );
  });

  test('split evenly: batches of a flat rate differ by one op at most and are as few as can be', () => {
    fc.assert(
      fc.property(
        qps,
        fc.integer({ min: 1, max: 1_000 }),
        fc.integer({ min: 0, max: 1_000 }),
        (qps, batchOps, beat) => {
          const schedule = scheduleOf({ qps, duration: micros(11_000_000), batchOps });
          const { batches } = schedule.beat(positionAt(schedule, beat));
          const counts = batches.map(({ count }) => count);
          const sum = counts.reduce((a, b) => a + b, 0);
          expect(batches).toHaveLength(Math.ceil(sum / batchOps));
          for (const count of counts) expect(Math.abs(count - sum / counts.length)).toBeLessThan(1);
        },
      ),
      runs,
    );
  });

  test('does not depend on how its numbers are written', () => {
    fc.assert(
      fc.property(spec, share, (spec, place) => {
        const [a, b] = [scheduleOf(spec), scheduleOf({ ...spec, qps: `${spec.qps}/1.000`, scale: `${spec.scale}/1` })];
        const position = positionAt(a, beatWithOps(a, place));
        expect(b.beat(position)).toEqual(a.beat(position));
      }),
      runs,
    );
  });
});

/** Whether op `times` − 1 is due at `end` and not a µs before; days of slow curve are too much to add up naively. */
function naiveCountWithin(spec: ScheduleSpec & { readonly times: number }, end: number): boolean {
  if (end > 4_000_000_000_000 || (end * Number(spec.speed)) / 3.6e9 > 500) return true;
  return naiveCount(spec, end) >= BigInt(spec.times) && naiveCount(spec, end - 1) < BigInt(spec.times);
}
