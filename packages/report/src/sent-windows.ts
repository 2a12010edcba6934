import { WINDOW, type WindowCounts, windowOf } from '@drumline/core/stats';
import { type Instant, instant } from '@drumline/core/units';

/** One minute of windows. */
const CHUNK = 600;
/** A fortnight of minutes: whatever workers report, memory stays below 100 MB a task. */
const MOST_CHUNKS = 20_160;

/** Sends of one task by 100 ms window over a whole run, summed over all workers: 4.8 KB a minute of sending. */
export class SentWindows {
  readonly #chunks = new Map<number, Float64Array>();
  #first = Number.POSITIVE_INFINITY;
  #last = Number.NEGATIVE_INFINITY;

  /** Replaces what one worker said before by what it says now; windows that left its report stay as they are. */
  replace(before: WindowCounts | undefined, after: WindowCounts): void {
    for (const [i, count] of after.counts.entries()) {
      const window = after.first + i;
      const known = before?.counts[window - before.first] ?? 0;
      if (count > known) this.#add(window, count - known);
    }
  }

  #add(window: number, count: number): void {
    const number = Math.floor(window / CHUNK);
    let chunk = this.#chunks.get(number);
    if (chunk === undefined) {
      if (this.#chunks.size >= MOST_CHUNKS) return;
      chunk = new Float64Array(CHUNK);
      this.#chunks.set(number, chunk);
    }
    chunk[window - number * CHUNK]! += count;
    this.#first = Math.min(this.#first, window);
    this.#last = Math.max(this.#last, window);
  }

  /** The last window in which anything was sent. */
  get last(): number | undefined {
    return this.#chunks.size === 0 ? undefined : this.#last;
  }

  /** Sends in the window of that absolute number. */
  at(window: number): number {
    const number = Math.floor(window / CHUNK);
    return this.#chunks.get(number)?.[window - number * CHUNK] ?? 0;
  }

  /** Sends in the window of `from` and all later ones. */
  since(from: Instant): number {
    return this.#chunks.size === 0 ? 0 : this.between(from, instant((this.#last + 1) * WINDOW));
  }

  /** Sends in the windows from the one of `from` up to and without the one of `to`. */
  between(from: Instant, to: Instant): number {
    const start = Math.max(windowOf(from), this.#first);
    const end = Math.min(windowOf(to), this.#last + 1);
    let sum = 0;
    for (let window = start; window < end; window += 1) sum += this.at(window);
    return sum;
  }
}
