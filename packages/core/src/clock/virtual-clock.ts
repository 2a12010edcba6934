import { type Instant, instant, type Micros, type Millis, microsOf, shift } from '../units/index.ts';
import type { Clock } from './clock.ts';

/** A clock that moves only when told to: whole days of schedule run in milliseconds, the same way every time. */
export class VirtualClock implements Clock {
  #now: Instant;
  #sleepers: { at: Instant; wake: () => void }[] = [];

  constructor(now: Instant = instant(0)) {
    this.#now = now;
  }

  now(): Instant {
    return this.#now;
  }

  sleepUntil(at: Instant, signal?: AbortSignal): Promise<void> {
    if (at <= this.#now || signal?.aborted === true) return Promise.resolve();
    return new Promise((resolve) => {
      const end = (): void => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
        signal?.removeEventListener('abort', end);
        resolve();
      };
      const sleeper = { at, wake: end };
      this.#sleepers.push(sleeper);
      signal?.addEventListener('abort', end, { once: true });
    });
  }

  sleep(time: Millis, signal?: AbortSignal): Promise<void> {
    return this.sleepUntil(shift(this.#now, microsOf(time)), signal);
  }

  /** Moves time on by `by`, waking every sleeper at its own instant, in order, and letting what it starts run first. */
  async advance(by: Micros): Promise<void> {
    const end = shift(this.#now, by);
    for (;;) {
      await settle();
      const next = this.#sleepers.filter((s) => s.at <= end).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#now = next.at;
      next.wake();
    }
    this.#now = end;
    await settle();
  }
}

/** Lets promise reactions and immediates that are already due run. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
