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

/** Reads the host's monotonic clock, moved by a fixed offset so that its readings are instants of the fleet's axis. */
export class SystemClock implements Clock {
  /** µs. Read once: asking for it takes a quarter of the 170 ns that `now()` would cost, and ops ask three times each. */
  readonly #origin = performance.timeOrigin * 1_000;
  #offset: number;

  /** @param offset µs to add to the host's own axis (its wall clock at process start + monotonic time since). */
  constructor(offset = 0) {
    this.#offset = offset;
  }

  /** µs between the host's own axis and the fleet's. */
  get offset(): number {
    return this.#offset;
  }

  /** Moves all later readings by `by`. */
  adjust(by: Micros): void {
    this.#offset = micros(this.#offset + by);
  }

  now(): Instant {
    return instant(Math.floor(this.#origin + performance.now() * 1_000 + this.#offset));
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
