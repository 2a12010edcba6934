import { describe, expect, test } from 'vitest';
import { micros } from '../units/index.ts';
import { curveOf, DAY, HOUR } from './curve.ts';
import { parseRational } from './rational.ts';
import { scheduleOf } from './schedule.ts';

/** The second task of the shipped traffic file. */
const SHIPPED =
  '0.7042,0,0,0,0.7746,0,0.8451,0,0.9155,0.9718,1.0000,0.9718,0.8451,0.5493,0.4366,0.4225,0.3662,0.3380,0.3662,0.4085,0.4789,0.5634,0.6338,0.6901'.split(
    ',',
  );
const only = (hours: Readonly<Record<number, string>>): string[] =>
  Array.from({ length: 24 }, (_, hour) => hours[hour] ?? '0');

/** The multiplier at an hour of the day, which may be a fraction. */
function multiplierAt(qpss: readonly string[], hour: number, curve: 'step' | 'smooth' = 'step'): number {
  const schedule = scheduleOf({ qps: '1', qpss, curve, duration: micros(DAY) });
  return schedule.rateAt(hour * HOUR);
}

describe('the step curve', () => {
  test.each([
    [0, 0.7042, 'hour 0 begins at its value'],
    [0.999, 0.7042, 'and holds it to its end'],
    [1, 0.7042, 'the gap begins where hour 0 ends'],
    [2, 0.7042 + 0.0704 / 3, 'a third of the way after an hour'],
    [2.5, 0.7394, 'half way in its middle'],
    [3, 0.7042 + (2 * 0.0704) / 3, 'two thirds after two hours'],
    [4, 0.7746, 'hour 4 begins at its value'],
    [4.999, 0.7746, 'and holds it'],
    [5.5, (0.7746 + 0.8451) / 2, 'a gap of one hour is a line too'],
    [10, 1, 'the peak'],
    [23.999, 0.6901, 'the last hour'],
  ])('at hour %f of the shipped curve the multiplier is %f: %s', (hour, multiplier) => {
    expect(multiplierAt(SHIPPED, hour)).toBeCloseTo(multiplier, 12);
  });

  test.each([
    [22, 0.4, 'the hour before the gap'],
    [23, 0.4, 'the gap begins'],
    [23.5, 0.45, 'climbs before midnight'],
    [0, 0.5, 'goes on at midnight without a jump'],
    [1, 0.6, 'climbs after midnight'],
    [3, 0.8, 'and ends where hour 3 begins'],
    [4, 0.8, 'the gap down begins'],
    [13, 0.6, 'half way down'],
  ])('a gap over midnight: at hour %f the multiplier is %f: %s', (hour, multiplier) => {
    expect(multiplierAt(only({ 3: '0.8', 22: '0.4' }), hour)).toBeCloseTo(multiplier, 12);
  });

  test('a single non-zero hour fills the day', () => {
    for (const hour of [0, 5, 7, 7.5, 12, 23.99]) expect(multiplierAt(only({ 7: '0.3' }), hour)).toBe(0.3);
  });

  test('the day of the shipped file is exactly the sum of its hours', () => {
    const schedule = scheduleOf({ qps: '3600000', qpss: SHIPPED, duration: micros(DAY) });
    const filled = SHIPPED.map(Number);
    const means = [0.7042 + 0.0704 / 6, 0.7394, 0.7746 - 0.0704 / 6, (0.7746 + 0.8451) / 2, (0.8451 + 0.9155) / 2];
    [1, 2, 3, 5, 7].forEach((hour, i) => (filled[hour] = means[i] ?? 0));
    const expected = filled.reduce((sum, mean) => sum + mean, 0) * 3_600 * 3_600_000;
    expect(Math.abs(schedule.total - expected)).toBeLessThan(1);
    expect(schedule.total).toBe(209_821_752_000);
  });
});

describe('the smooth curve', () => {
  test('passes through the middle of each non-zero hour, and of the gaps’ straight lines', () => {
    SHIPPED.forEach((text, hour) => {
      const expected = text === '0' ? multiplierAt(SHIPPED, hour + 0.5) : Number(text);
      expect(multiplierAt(SHIPPED, hour + 0.5, 'smooth')).toBeCloseTo(expected, 8);
    });
  });

  test('is monotone between the middles of hours and never leaves their range', () => {
    const unit = curveOf(
      SHIPPED.map((text) => parseRational(text) ?? { num: 0n, den: 1n }),
      'smooth',
    );
    for (let hour = 0; hour < 24; hour++) {
      const minutes = unit.pieces.slice(hour * 60, hour * 60 + 60);
      const [first, last] = [minutes[0]?.a ?? 0n, minutes.at(-1)?.b ?? 0n];
      const rises = minutes.map(({ a, b }) => b - a);
      expect(rises.every((rise) => (last >= first ? rise >= 0n : rise <= 0n))).toBe(true);
    }
  });

  test('is continuous, its slope too, round midnight as well', () => {
    const { pieces, unit } = curveOf(
      SHIPPED.map((text) => parseRational(text) ?? { num: 0n, den: 1n }),
      'smooth',
    );
    expect(pieces).toHaveLength(24 * 60);
    pieces.forEach((piece, i) => {
      const next = pieces[(i + 1) % pieces.length];
      expect(next?.a).toBe(piece.b);
      const change = Number((next?.b ?? 0n) - (next?.a ?? 0n) - (piece.b - piece.a)) / Number(unit);
      // The steepest hour falls by 0.3; its bend a minute is far below a jump of the slope.
      expect(Math.abs(change)).toBeLessThan(0.3 / 60 / 8);
    });
  });

  test('of equal hours is flat', () => {
    const schedule = scheduleOf({ qps: '10', qpss: Array(24).fill('0.5'), curve: 'smooth', duration: micros(DAY) });
    expect(schedule.total).toBe(5 * 86_400);
    expect(schedule.peak()).toBe(5);
  });
});
