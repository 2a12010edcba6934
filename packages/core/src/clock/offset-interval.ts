import { type Instant, type Micros, micros } from '../units/index.ts';

/** One reading of the fleet's clock, and when it was asked for and answered on the host's own axis. */
export interface ClockSample {
  readonly before: Micros;
  readonly time: Instant;
  readonly after: Micros;
}

/** How fast two hosts' clocks part, at most: crystals by 100 ppm, and NTP pulls at each. */
export const DRIFT = 200e-6;
/** Beyond this rate it is no drift. */
const STEP = 500e-6;
/** Redis TIME is cut to whole µs. */
const RESOLUTION = 1;

/** How a sample goes with what was known before it. */
export type Fit = 'fits' | 'drifted' | 'stepped';

/**
 * What is known of the offset between the host's own axis and the fleet's: an interval that contains it for certain.
 *
 *     sample:    time was read between before and after  ⇒  offset ∈ [time − after, time − before + DRIFT · (after − before)]
 *     meanwhile: clocks part by at most DRIFT            ⇒  both ends move outwards by DRIFT · elapsed
 *     next:      the offset lies in both                 ⇒  their intersection
 *
 * So one quick answer counts for long, and slow ones do no harm (Marzullo & Owicki 1983). Two that do not meet are of
 * different clocks: one of the two was stepped.
 */
export class OffsetInterval {
  #low = Number.NEGATIVE_INFINITY;
  #high = Number.POSITIVE_INFINITY;
  /** When the interval was known, on the host's axis. */
  #at: Micros = micros(0);

  /** Takes a sample. One that does not fit because a clock was stepped changes nothing. */
  add(sample: ClockSample): Fit {
    const { after } = sample;
    const elapsed = Math.max(0, after - this.#at);
    const [low, high] = boundsOf(sample);
    const outside = Math.max(low - (this.#high + DRIFT * elapsed), this.#low - DRIFT * elapsed - high);
    if (outside > (STEP - DRIFT) * elapsed) return 'stepped';
    if (outside > 0) {
      this.restart(sample);
      return 'drifted';
    }
    this.#low = Math.max(low, this.#low - DRIFT * elapsed);
    this.#high = Math.min(high, this.#high + DRIFT * elapsed);
    this.#at = after;
    return 'fits';
  }

  /** Forgets all but this sample. */
  restart(sample: ClockSample): void {
    [this.#low, this.#high] = boundsOf(sample);
    this.#at = sample.after;
  }

  /** Forgets all that was known for what `other` knows. */
  adopt(other: OffsetInterval): void {
    this.#low = other.#low;
    this.#high = other.#high;
    this.#at = other.#at;
  }

  /** The fleet's axis itself was moved by `by`: whatever was known of the offset moves with it. */
  move(by: Micros): void {
    this.#low += by;
    this.#high += by;
  }

  get middle(): Micros {
    return micros((this.#low + this.#high) / 2);
  }

  /** Half its width at `raw`: the error bar of `middle`. */
  halfAt(raw: Micros): Micros {
    return micros((this.#high - this.#low) / 2 + DRIFT * Math.max(0, raw - this.#at));
  }

  /** How far `offset` is from the true one at `raw`, at most. */
  barOf(offset: Micros, raw: Micros): Micros {
    return micros(Math.abs(offset - this.middle) + this.halfAt(raw));
  }
}

/** As of `after`: if the time was read right at `before`, the clocks have parted since; if later, the low end has room for it. */
const boundsOf = ({ before, time, after }: ClockSample): [low: number, high: number] => [
  time - after,
  time + RESOLUTION - before + DRIFT * (after - before),
];
