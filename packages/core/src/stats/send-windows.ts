import { type Instant, type Micros, micros } from '../units/index.ts';

/** The width of the windows in which sends are held against the plan: 100 ms. */
export const WINDOW: Micros = micros(100_000);

/** Absolute number of the window that `at` lies in, counted from the epoch on the fleet's axis. */
export const windowOf = (at: Instant): number => Math.floor(at / WINDOW);

/** Sends in consecutive windows: `counts[i]` in window `first + i`. Empty when nothing was sent. */
export interface WindowCounts {
  readonly first: number;
  readonly counts: readonly number[];
}

/** Windows that a snapshot covers, about 5 s, so that four reports in a row may be lost without a gap. */
export const WINDOWS_REPORTED = 50;

/** A power of two above `WINDOWS_REPORTED`: the rest is room for clocks of OS threads that differ a little. */
const SLOTS = 64;

/**
 * Sends per window over the last 6.4 s: a ring whose slots remember which window they count. Windows are absolute, so
 * those of several threads, workers and hosts add up.
 */
export class SendWindows {
  readonly #windows = new Float64Array(SLOTS).fill(-1);
  readonly #counts = new Float64Array(SLOTS);

  add(at: Instant): void {
    this.addTo(windowOf(at), 1);
  }

  /** Adds `count` sends to a window; one that is older than what its slot counts now is forgotten. */
  addTo(window: number, count: number): void {
    const slot = window & (SLOTS - 1);
    const held = this.#windows[slot]!;
    if (held === window) {
      this.#counts[slot]! += count;
    } else if (held < window) {
      this.#windows[slot] = window;
      this.#counts[slot] = count;
    }
  }

  merge(other: WindowCounts): void {
    for (const [i, count] of other.counts.entries()) if (count > 0) this.addTo(other.first + i, count);
  }

  /** The last `WINDOWS_REPORTED` windows up to `now`, without the empty ones at both ends. */
  snapshot(now: Instant): WindowCounts {
    const end = windowOf(now) + 1;
    const from = end - WINDOWS_REPORTED;
    const counts: number[] = [];
    let first = 0;
    for (let window = from; window < end; window += 1) {
      const slot = window & (SLOTS - 1);
      const count = this.#windows[slot] === window ? this.#counts[slot]! : 0;
      if (counts.length === 0) {
        if (count === 0) continue;
        first = window;
      }
      counts.push(count);
    }
    while (counts.at(-1) === 0) counts.pop();
    return { first, counts };
  }
}
