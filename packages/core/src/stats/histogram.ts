import { type Micros, micros } from '../units/index.ts';
import { decodeCounts, encodeCounts, usedLength } from './histogram-codec.ts';
import { HALF, HIGHEST, highestAt, indexOf, LENGTH, lowestAt, middleAt } from './histogram-layout.ts';

/** One counter of a histogram that is not 0. */
export interface Bar {
  /** The least and the greatest value that it counts. */
  readonly from: Micros;
  readonly to: Micros;
  readonly count: number;
}

/** A histogram as plain data that can be posted to another OS thread. */
export interface HistogramData {
  readonly counts: Float64Array;
  readonly clamped: number;
}

/**
 * Counts durations of 0 µs … 1 h with a relative error of at most 0.1 %: an HDR histogram, laid out like HdrHistogram's.
 *
 * All figures are functions of the counters alone, so that merging and subtracting are exact and a histogram that was
 * encoded and decoded answers like the one that recorded.
 *
 * Counters are doubles: exact to 2⁵³, where 32 bits would overflow after 12 hours of 100,000 ops/s in one counter (the
 * lateness of a fleet that is on time). The array grows with the greatest value: 16 KB up to 2 ms, 64 KB up to
 * 131 ms, 184 KB in full.
 */
export class Histogram {
  #counts: Float64Array = new Float64Array(0);
  #total = 0;
  #clamped = 0;

  /** A histogram with the counts of `data`, which it copies. */
  static from(data: HistogramData): Histogram {
    const histogram = new Histogram();
    histogram.add(data);
    return histogram;
  }

  /**
   * Reads what `encode` or another HdrHistogram implementation wrote (V2, compressed, base64) with 1 µs units and 3 digits.
   * `clamped` has no place in that format. Throws `DRUM_REPORT_INVALID` for anything else.
   */
  static decode(text: string, clamped = 0): Histogram {
    const histogram = new Histogram();
    histogram.#clamped = clamped;
    histogram.#counts = decodeCounts(text);
    histogram.#total = sum(histogram.#counts);
    return histogram;
  }

  /** Values recorded, clamped ones included. */
  get total(): number {
    return this.#total;
  }

  /** Values that were outside 0 … 1 h (or not a number) and were recorded as the nearest bound (as 0). */
  get clamped(): number {
    return this.#clamped;
  }

  /** Counts `value`, rounded to whole microseconds, `times` times. */
  record(value: Micros, times = 1): void {
    const whole = value >= 0 && value <= HIGHEST ? (value + 0.5) >>> 0 : this.#clamp(value, times);
    const index = indexOf(whole);
    const counts = index < this.#counts.length ? this.#counts : this.#growTo(index);
    counts[index]! += times;
    this.#total += times;
  }

  #clamp(value: number, times: number): number {
    this.#clamped += times;
    return value > HIGHEST ? HIGHEST : 0;
  }

  #growTo(index: number): Float64Array {
    const length = Math.max(2 * HALF, (Math.floor(index / HALF) + 1) * HALF);
    const grown = new Float64Array(length);
    grown.set(this.#counts);
    this.#counts = grown;
    return grown;
  }

  /** Adds all that `other` counted. */
  merge(other: Histogram): void {
    this.#add(other.#counts, other.#clamped);
  }

  /** Adds all that was counted in `data`. */
  add(data: HistogramData): void {
    this.#add(data.counts, data.clamped);
  }

  #add(counts: Float64Array, clamped: number): void {
    if (counts.length > LENGTH)
      throw new RangeError(`a histogram has at most ${LENGTH} counters, not ${counts.length}`);
    if (counts.length > this.#counts.length) this.#growTo(counts.length - 1);
    const mine = this.#counts;
    for (let index = 0; index < counts.length; index += 1) {
      const count = counts[index]!;
      mine[index]! += count;
      this.#total += count;
    }
    this.#clamped += clamped;
  }

  /**
   * Takes away what `earlier` counted: two cumulative snapshots of one series make an interval. A counter that is smaller
   * here than there (so they are not of one series) becomes 0.
   */
  subtract(earlier: Histogram): void {
    const mine = this.#counts;
    const theirs = earlier.#counts;
    for (let index = Math.min(mine.length, theirs.length) - 1; index >= 0; index -= 1) {
      const taken = Math.min(mine[index]!, theirs[index]!);
      mine[index]! -= taken;
      this.#total -= taken;
    }
    this.#clamped = Math.max(0, this.#clamped - earlier.#clamped);
  }

  copy(): Histogram {
    return Histogram.from({ counts: this.#counts, clamped: this.#clamped });
  }

  /** A copy of the counters as plain data. */
  data(): HistogramData {
    return { counts: this.#counts.slice(), clamped: this.#clamped };
  }

  /** Forgets every value; keeps the memory. */
  reset(): void {
    if (this.#total === 0) return;
    this.#counts.fill(0);
    this.#total = 0;
    this.#clamped = 0;
  }

  /**
   * The value that `percent` % of the recorded values do not exceed, as HdrHistogram defines it: the greatest value of the
   * first counter at which the running count reaches ⌈percent/100 · total⌉, and at least 1. So it is a value that was
   * recorded, or above one by at most 0.1 %; percentile 100 is `max`. Percentile 0 is `min`; 0 when empty.
   */
  percentile(percent: number): Micros {
    if (percent <= 0) return this.min;
    // One rounding error in the product must not push the rank past a whole number: 99.9 % of 1,000 is 999, not 1,000.
    const rank = Math.max(1, Math.ceil((Math.min(percent, 100) / 100) * this.#total * (1 - Number.EPSILON)));
    let running = 0;
    for (let index = 0; index < this.#counts.length; index += 1) {
      running += this.#counts[index]!;
      if (running >= rank) return highestAt(index);
    }
    return micros(0);
  }

  /** The least value of the lowest counter in use: at most 0.1 % below the least recorded value. 0 when empty. */
  get min(): Micros {
    const index = this.#counts.findIndex((count) => count > 0);
    return index < 0 ? micros(0) : lowestAt(index);
  }

  /** The greatest value of the highest counter in use: at most 0.1 % above the greatest recorded value. 0 when empty. */
  get max(): Micros {
    const used = usedLength(this.#counts);
    return used === 0 ? micros(0) : highestAt(used - 1);
  }

  /** The arithmetic mean, each value taken as the middle of its counter. 0 when empty. */
  get mean(): Micros {
    if (this.#total === 0) return micros(0);
    let weighed = 0;
    this.#eachInUse((index, count) => {
      weighed += middleAt(index) * count;
    });
    return micros(weighed / this.#total);
  }

  /** The standard deviation of the whole population, each value taken as the middle of its counter. 0 when empty. */
  get stddev(): Micros {
    if (this.#total === 0) return micros(0);
    const { mean } = this;
    let squares = 0;
    this.#eachInUse((index, count) => {
      squares += (middleAt(index) - mean) ** 2 * count;
    });
    return micros(Math.sqrt(squares / this.#total));
  }

  /** Values that were at or below `value`, or share its counter. */
  countAtOrBelow(value: Micros): number {
    if (!(value >= 0)) return 0;
    const end = Math.min(indexOf(Math.floor(Math.min(value, HIGHEST))) + 1, this.#counts.length);
    return sum(this.#counts.subarray(0, end));
  }

  /** The counters in use from the lowest value up: what a chart draws. */
  *bars(): Generator<Bar, void, void> {
    for (let index = 0; index < this.#counts.length; index += 1) {
      const count = this.#counts[index]!;
      if (count > 0) yield { from: lowestAt(index), to: highestAt(index), count };
    }
  }

  /** HdrHistogram's V2 encoding, deflated, in base64: what its log files hold, readable by other tools. */
  encode(): string {
    return encodeCounts(this.#counts);
  }

  #eachInUse(visit: (index: number, count: number) => void): void {
    for (let index = 0; index < this.#counts.length; index += 1) {
      const count = this.#counts[index]!;
      if (count > 0) visit(index, count);
    }
  }
}

function sum(counts: Float64Array): number {
  let total = 0;
  for (const count of counts) total += count;
  return total;
}
