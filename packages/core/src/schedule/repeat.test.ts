import { expect, test } from 'vitest';
import { micros } from '../units/index.ts';
import { DAY, HOUR } from './curve.ts';
import { FIRST_REPEAT, nextRepeat, type RepeatPosition, repeatOf } from './repeat.ts';
import { scheduleOf } from './schedule.ts';
import type { ScheduleSpec } from './spec.ts';

/** Plays `repeats` repeats and answers each one's start and its ops’ intended starts, on the task's axis. */
function play(spec: ScheduleSpec, repeats: number): { start: number; times: number[] }[] {
  let position: RepeatPosition = FIRST_REPEAT;
  return Array.from({ length: repeats }, () => {
    const schedule = repeatOf(scheduleOf(spec), position.start);
    const cursor = schedule.from(position);
    const times: number[] = [];
    while (!cursor.done) {
      for (const { first, count, at } of cursor.next()) {
        expect([first, count]).toEqual([times.length, 1]);
        times.push(position.start + at);
      }
    }
    const played = { start: position.start as number, times };
    position = nextRepeat(schedule, { ...position, ...cursor.position });
    return played;
  });
}

test('a repeat starts at the instant of the last op of the one before, its ops from 0 again', () => {
  expect(play({ qps: '40', times: 3 }, 3)).toEqual([
    { start: 0, times: [25_000, 50_000, 75_000] },
    { start: 75_000, times: [100_000, 125_000, 150_000] },
    { start: 150_000, times: [175_000, 200_000, 225_000] },
  ]);
});

test('a repeat that a duration bounds starts when it is over', () => {
  expect(play({ qps: '40', duration: micros(60_000) }, 2)).toEqual([
    { start: 0, times: [25_000, 50_000] },
    { start: 60_000, times: [85_000, 110_000] },
  ]);
});

test('a live factor keeps its place on the task’s axis', () => {
  expect(
    play({ qps: '40', times: 3, history: [{ at: micros(100_000), factor: '2' }] }, 3).map(({ times }) => times),
  ).toEqual([
    [25_000, 50_000, 75_000],
    [100_000, 112_500, 125_000],
    [137_500, 150_000, 162_500],
  ]);
});

test('the curve goes on where it was, exactly, at any speed', () => {
  const qpss = Array.from({ length: 24 }, (_, hour) => (hour % 4 === 0 ? `0.${hour + 3}` : '0'));
  const phase = micros(5 * HOUR);
  const whole = scheduleOf({ qps: '700', qpss, phase, duration: micros(DAY), speed: '7' });
  const half = scheduleOf({ qps: '700', qpss, phase, duration: micros(DAY / 2), speed: '7' });
  const start = half.endOf({ beat: Math.ceil(half.end / 10_000), ops: half.total });
  expect(start).toBe(Math.ceil(DAY / 14));
  const second = repeatOf(half, start);
  for (const t of [0, 1e6, 1e8, 3e9]) expect(second.rateAt(t)).toBeCloseTo(whole.rateAt(start + t), 9);
  for (const t of [1e6, 1e8, 3e9]) {
    expect(Math.abs(second.countAt(t) - whole.countBetween(start, start + t))).toBeLessThanOrEqual(1);
  }
});
