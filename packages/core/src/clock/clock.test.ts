import { describe, expect, test } from 'vitest';
import { instant, type Micros, micros, millis } from '../units/index.ts';
import { delay, SystemClock } from './clock.ts';

/** A clock on a host whose time passes when it is told to. */
class HostClock {
  #raw = 1_000_000;
  readonly clock: SystemClock;

  constructor() {
    const raw = (): Micros => micros(this.#raw);
    this.clock = new (class extends SystemClock {
      override raw(): Micros {
        return raw();
      }
    })(-performance.timeOrigin * 1_000);
  }

  pass(us: number): void {
    this.#raw += us;
  }

  /** How far the clock is ahead of its host's. */
  reading(): number {
    return this.clock.now() - this.#raw;
  }
}

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
  });

  test('a step moves it at once, whatever slew was under way', () => {
    const host = new HostClock();
    host.clock.slew(micros(100));
    host.pass(100_000);
    host.clock.step(micros(-1_000));
    expect(host.reading()).toBe(50 - 1_000);
    host.pass(1_000_000);
    expect(host.reading()).toBe(50 - 1_000);
  });

  test.each([100, -100])('a slew by %i µs takes 0.2 s, goes evenly and never backwards', (by) => {
    const host = new HostClock();
    host.clock.slew(micros(by));
    const readings: number[] = [];
    for (let ms = 0; ms <= 250; ms += 50) {
      readings.push(host.reading());
      host.pass(50_000);
    }
    const share = [0, 0.25, 0.5, 0.75, 1, 1].map((part) => part * by + 0);
    expect(readings).toEqual(share);
  });

  test('a slew that begins during another starts from where that one is', () => {
    const host = new HostClock();
    host.clock.slew(micros(100));
    host.pass(100_000);
    host.clock.slew(micros(-50));
    expect(host.reading()).toBe(50);
    host.pass(1_000_000);
    expect(host.reading()).toBe(0);
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
