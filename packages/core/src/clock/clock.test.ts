import { describe, expect, test } from 'vitest';
import { instant, micros, millis } from '../units/index.ts';
import { delay, SystemClock } from './clock.ts';
import { measureClock, syncClock } from './clock-sync.ts';

describe('SystemClock', () => {
  test('sleepUntil never ends early', async () => {
    const clock = new SystemClock();
    for (const after of [0, 1, 90, 300, 999, 1_500, 3_333]) {
      const at = instant(clock.now() + after);
      await clock.sleepUntil(at);
      expect(clock.now()).toBeGreaterThanOrEqual(at);
    }
  });

  test('sleepUntil lets others run even when the instant has passed', async () => {
    const clock = new SystemClock();
    let ran = false;
    setImmediate(() => {
      ran = true;
    });
    await clock.sleepUntil(instant(0));
    expect(ran).toBe(true);
  });

  test('sleeping ends at once when it is aborted, before or meanwhile', async () => {
    const clock = new SystemClock();
    const far = instant(clock.now() + 3_600_000_000);
    const aborting = new AbortController();
    const sleeps = [clock.sleepUntil(far, aborting.signal), clock.sleep(millis(3_600_000), aborting.signal)];
    aborting.abort();
    await Promise.all(sleeps);
    await Promise.all([clock.sleepUntil(far, aborting.signal), clock.sleep(millis(3_600_000), aborting.signal)]);
    expect(clock.now()).toBeLessThan(far);
  });

  test('is read in whole µs, ascending, moved by its offset', () => {
    const clock = new SystemClock(micros(5_000_000));
    const wall = Date.now() * 1_000;
    const readings = Array.from({ length: 100 }, () => clock.now());
    expect(readings.every((reading) => Number.isSafeInteger(reading))).toBe(true);
    expect(readings).toEqual(readings.toSorted((a, b) => a - b));
    expect(Math.abs(clock.now() - wall - 5_000_000)).toBeLessThan(2_000_000);
    clock.adjust(micros(-5_000_000));
    expect(clock.offset).toBe(0);
  });

  test('delay leaves no listener behind', async () => {
    const aborting = new AbortController();
    let listeners = 0;
    const { signal } = aborting;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners += 1;
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners -= 1;
      remove(...args);
    };
    await delay(millis(1), signal);
    expect(listeners).toBe(0);
  });
});

/** A clock that reads what it is told, and a server whose answers are made so long after the question. */
class ScriptedClock extends SystemClock {
  readonly #readings: number[];

  constructor(readings: number[]) {
    super();
    this.#readings = readings;
  }

  override now(): ReturnType<SystemClock['now']> {
    return instant((this.#readings.shift() ?? 0) + this.offset);
  }
}

const answers =
  (...times: number[]) =>
  () =>
    Promise.resolve(instant(times.shift() ?? 0));

describe('measureClock', () => {
  test('takes the sample with the shortest round trip', async () => {
    const clock = new ScriptedClock([0, 1_000, 2_000, 2_100, 5_000, 5_900]);
    expect(await measureClock(clock, answers(9_999, 2_350, 7_777), 3)).toEqual({ offset: 300, bar: 50 });
  });

  test('knows nothing without samples', async () => {
    expect(await measureClock(new ScriptedClock([]), answers(), 0)).toEqual({
      offset: 0,
      bar: Number.POSITIVE_INFINITY,
    });
  });
});

describe('syncClock', () => {
  test.each([
    ['certainly behind', 1_000],
    ['certainly ahead', -51],
  ])('moves a clock that is %s', async (_, offset) => {
    const clock = new ScriptedClock([100, 200]);
    expect(await syncClock(clock, answers(150 + offset), 1)).toBe(50);
    expect(clock.offset).toBe(offset);
  });

  test.each([50, -50, 0, 20])('leaves one alone that may be right: %i µs with a bar of 50', async (offset) => {
    const clock = new ScriptedClock([100, 200]);
    await syncClock(clock, answers(150 + offset), 1);
    expect(clock.offset).toBe(0);
  });
});
