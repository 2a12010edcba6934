import type { Log } from '../log/index.ts';
import { type Instant, type Micros, type Millis, millis } from '../units/index.ts';
import { delay, type SystemClock } from './clock.ts';
import { syncClock } from './clock-sync.ts';

const EVERY: Millis = millis(10_000);
const SAMPLES = 9;

/**
 * Keeps a clock on the fleet's axis: crystals drift by some 50 µs a second, four seconds in a day-long run. Measures
 * every 10 s; a measurement that fails changes nothing.
 */
export class ClockKeeper {
  readonly #clock: SystemClock;
  readonly #time: () => Promise<Instant>;
  readonly #log: Log;
  readonly #ended = new AbortController();
  readonly #keeping: Promise<void>;
  #bar: Micros;

  /** @param bar the error bar of the first measurement, which is not made here. */
  constructor(clock: SystemClock, time: () => Promise<Instant>, bar: Micros, log: Log) {
    this.#clock = clock;
    this.#time = time;
    this.#bar = bar;
    this.#log = log;
    this.#keeping = this.#keep();
  }

  /** The error bar of the last measurement. */
  get bar(): Micros {
    return this.#bar;
  }

  /** Resolves when no measurement is under way any more. */
  stop(): Promise<void> {
    this.#ended.abort();
    return this.#keeping;
  }

  async #keep(): Promise<void> {
    const { signal } = this.#ended;
    for (;;) {
      await delay(EVERY, signal);
      if (signal.aborted) return;
      try {
        this.#bar = await syncClock(this.#clock, this.#time, SAMPLES);
      } catch (error) {
        this.#log.debug({ err: error }, 'measuring the clock failed; trying again later');
      }
    }
  }
}
