import { describe, expect, test } from 'vitest';
import { instant, micros, millis } from '../units/index.ts';
import { VirtualClock } from './virtual-clock.ts';

describe('VirtualClock', () => {
  test('wakes sleepers in the order of their instants, each at its own', async () => {
    const clock = new VirtualClock(instant(100));
    const woken: [string, number][] = [];
    const sleep = async (name: string, at: number): Promise<void> => {
      await clock.sleepUntil(instant(at));
      woken.push([name, clock.now()]);
    };
    void sleep('c', 300);
    void sleep('a', 150);
    void sleep('b', 151);
    await clock.advance(micros(199));
    expect(woken).toEqual([
      ['a', 150],
      ['b', 151],
    ]);
    expect(clock.now()).toBe(299);
    await clock.advance(micros(1));
    expect(woken.at(-1)).toEqual(['c', 300]);
  });

  test('what a sleeper starts runs, and sleeps, before time goes on', async () => {
    const clock = new VirtualClock();
    const ticks: number[] = [];
    void (async () => {
      for (let i = 0; i < 5; i += 1) {
        await clock.sleep(millis(10));
        ticks.push(clock.now());
      }
    })();
    await clock.advance(micros(45_000));
    expect(ticks).toEqual([10_000, 20_000, 30_000, 40_000]);
  });

  test('does not sleep when the instant has passed or the signal is aborted', async () => {
    const clock = new VirtualClock(instant(50));
    await clock.sleepUntil(instant(50));
    await clock.sleepUntil(instant(90), AbortSignal.abort());
    expect(clock.now()).toBe(50);
  });

  test('an aborted sleeper is not woken again', async () => {
    const clock = new VirtualClock();
    const aborting = new AbortController();
    const sleep = clock.sleepUntil(instant(10), aborting.signal);
    aborting.abort();
    await sleep;
    await clock.advance(micros(20));
    expect(clock.now()).toBe(20);
  });
});
