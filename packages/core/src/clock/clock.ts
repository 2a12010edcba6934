import { type Instant, instant, type Micros, type Millis, micros, millis } from '../units/index.ts';

/**
 * The one source of time of every loop. Monotonic: it never steps, whatever happens to the wall clock of the host.
 * Tests give a virtual one.
 */
export interface Clock {
  /** Now, on the fleet's time axis: whole µs. */
  now(): Instant;
  /** Resolves once `now()` has reached `at`, or at once when `signal` aborts. Never rejects. Exact, at the price of a spin. */
  sleepUntil(at: Instant, signal?: AbortSignal): Promise<void>;
  /** Resolves some `time` later, or at once when `signal` aborts. Never rejects. For what is looked at now and then. */
  sleep(time: Millis, signal?: AbortSignal): Promise<void>;
}

/** How much faster or slower than the host's own axis the clock runs while it is slewed: an op of 20 ms errs by 10 µs. */
export const SLEW_RATE = 500e-6;

/**
 * Reads the host's monotonic clock, moved by an offset so that its readings are instants of the fleet's axis. The host's wall
 * clock is read nowhere: it may be wrong, and step.
 */
export class SystemClock implements Clock {
  /** µs between the two axes, once a slew under way has ended. */
  #offset: number;
  /** When that is, on the host's axis; what is left of the way until then is `#direction · (end − now) · SLEW_RATE`. */
  #slewEnd = Number.NEGATIVE_INFINITY;
  #direction = 0;

  /** @param offset µs to add to the host's own axis, before it is first measured. */
  constructor(offset = 0) {
    // Whoever never measures (a bus in memory has no other clock) gets the wall clock of the start.
    this.#offset = performance.timeOrigin * 1_000 + offset;
  }

  /** µs since the process (or OS thread) began: the host's own axis, which nothing moves. */
  raw(): Micros {
    return micros(performance.now() * 1_000);
  }

  now(): Instant {
    const raw = this.raw();
    return instant(Math.floor(raw + (raw < this.#slewEnd ? this.#slewing(raw) : this.#offset)));
  }

  /** µs between the host's own axis and the fleet's as this clock sees it at `raw`. */
  offsetAt(raw: Micros): Micros {
    return micros(raw < this.#slewEnd ? this.#slewing(raw) : this.#offset);
  }

  /** Moves all later readings by `by` at once. */
  step(by: Micros): void {
    this.#offset = this.offsetAt(this.raw()) + by;
    this.#slewEnd = Number.NEGATIVE_INFINITY;
  }

  /** Moves the clock by `by`, little by little: time goes on, and no duration errs by more than `SLEW_RATE`. */
  slew(by: Micros): void {
    const raw = this.raw();
    const from = this.offsetAt(raw);
    this.#offset = from + by;
    this.#direction = Math.sign(by);
    this.#slewEnd = raw + Math.abs(by) / SLEW_RATE;
  }

  #slewing(raw: number): number {
    return this.#offset - this.#direction * (this.#slewEnd - raw) * SLEW_RATE;
  }

  /**
   * A coarse timer up to `SPIN` before the instant, then yields to the event loop until it has come. Yields at least
   * once, so that a loop which has fallen behind still lets its own output go.
   */
  async sleepUntil(at: Instant, signal?: AbortSignal): Promise<void> {
    const coarse = (at - this.now()) / 1_000 - SPIN;
    if (coarse > 0) await delay(millis(coarse), signal);
    const isOver = (): boolean => this.now() >= at || signal?.aborted === true;
    do await new Promise<void>((resolve) => setImmediate(resolve));
    while (!isOver());
  }

  sleep(time: Millis, signal?: AbortSignal): Promise<void> {
    return delay(time, signal);
  }
}

/** ms. setTimeout fires up to a millisecond late on an idle event loop, so the rest of the way is spun. */
const SPIN = 1.2;

/** Resolves after `time`, or at once when `signal` aborts. Never rejects. */
export function delay(time: Millis, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, time);
    signal?.addEventListener('abort', done, { once: true });
  });
}
