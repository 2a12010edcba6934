import { describe, expect, test } from 'vitest';
import { micros, shift } from '../units/index.ts';
import { MetronomeClock } from './metronome-clock.ts';

describe('a metronome clock', () => {
  test('sleeps until the instant and not less', async () => {
    await using clock = new MetronomeClock();
    for (const wait of [0, 300, 2_500, 10_000, 21_700]) {
      const at = shift(clock.now(), micros(wait));
      await clock.sleepUntil(at);
      expect(clock.now()).toBeGreaterThanOrEqual(at);
    }
  });

  test('sleeps that overlap all end, each not before its time', async () => {
    await using clock = new MetronomeClock();
    const now = clock.now();
    const waits = [12_000, 4_000, 8_000].map(async (wait) => {
      await clock.sleepUntil(shift(now, micros(wait)));
      return clock.now() - now >= wait;
    });
    expect(await Promise.all(waits)).toEqual([true, true, true]);
  });

  test('an abort ends a long sleep, and the next one is as long as it should be', async () => {
    await using clock = new MetronomeClock();
    const abort = new AbortController();
    const sleep = clock.sleepUntil(shift(clock.now(), micros(3_600_000_000)), abort.signal);
    abort.abort();
    await sleep;
    const at = shift(clock.now(), micros(5_000));
    await clock.sleepUntil(at);
    expect(clock.now()).toBeGreaterThanOrEqual(at);
  });

  test('works on after it was disposed of, and a sleep under way then ends in time', async () => {
    const clock = new MetronomeClock();
    const at = shift(clock.now(), micros(20_000));
    const sleep = clock.sleepUntil(at);
    await clock[Symbol.asyncDispose]();
    await sleep;
    expect(clock.now()).toBeGreaterThanOrEqual(at);
    const later = shift(clock.now(), micros(5_000));
    await clock.sleepUntil(later);
    expect(clock.now()).toBeGreaterThanOrEqual(later);
  });
});
