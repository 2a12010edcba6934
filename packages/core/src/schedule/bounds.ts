import { areaAt, rateIn } from './rate.ts';
import { approximate } from './rational.ts';
import { type Resolved, tooLarge } from './spec.ts';

const MAX = Number.MAX_SAFE_INTEGER;
const SECOND = 1_000_000;

/** ∫ rate to `t` µs, over the rate's denominator. */
export const areaAtMicro = ({ rate, ticks }: Resolved, t: number): bigint =>
  areaAt(rate, BigInt(Math.floor(t)) * ticks);

/** ⌊∫ rate⌋ to `t` µs, at most `most`. */
export function countUpTo(resolved: Resolved, t: number, most: number): number {
  if (t <= 0) return 0;
  const count = areaAtMicro(resolved, Math.min(t, MAX)) / resolved.rate.den;
  return count < BigInt(MAX) ? Math.min(Number(count), most) : most;
}

/** Ops in all (expected for Poisson arrivals) and the instant at which the schedule ends. See `Schedule`. */
export function boundsOf(resolved: Resolved): { total: number; end: number } {
  const { rate, ticks, stop, times } = resolved;
  const fitting = stop === undefined ? undefined : areaAt(rate, stop) / rate.den;
  if (times !== undefined && (fitting === undefined || BigInt(times) <= fitting)) {
    const end = intendedAt(resolved, times - 1);
    // A live factor may hold a task up for ever; a plan that is made so is a mistake.
    if (end === Infinity && resolved.changes.length === 0) throw tooLarge('end', `more than ${MAX} µs`, `${MAX} µs`);
    return { total: times, end };
  }
  if (fitting === undefined || stop === undefined) throw new RangeError('a schedule needs times or a duration');
  if (fitting > BigInt(MAX)) throw tooLarge('number of ops', fitting, MAX);
  const end = (stop + ticks - 1n) / ticks;
  if (end > BigInt(MAX)) throw tooLarge('end', `${end} µs`, `${MAX} µs`);
  return { total: Number(fitting), end: Number(end) };
}

/** The smallest whole µs at which op `n` is due, by bisection; infinite when that is not before 2⁵³ µs. */
export function intendedAt(resolved: Resolved, n: number): number {
  const target = BigInt(n + 1) * resolved.rate.den;
  const isDue = (t: number): boolean => areaAtMicro(resolved, t) >= target;
  if (!isDue(MAX)) return Infinity;
  let [low, high] = [0, 1];
  while (!isDue(high)) [low, high] = [high, Math.min(high * 2, MAX)];
  while (high - low > 1) {
    const middle = low + Math.floor((high - low) / 2);
    if (isDue(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/** Ops per second at `t` µs. */
export function rateAtMicro({ rate, ticks }: Resolved, t: number): number {
  const tick = BigInt(Math.floor(t)) * ticks;
  return approximate(rateIn(rate.pieceAt(tick), tick) * ticks, rate.den) * SECOND;
}

/**
 * Highest rate before `end`, ops/s. Between two live changes the rate repeats itself after a day, so a day from each
 * change is all that has to be looked at; a straight line is highest at one of its ends.
 */
export function peakBefore({ rate, ticks, changes, day, stop }: Resolved, end: number): number {
  const last = stop ?? (end === Infinity ? undefined : BigInt(end) * ticks);
  const starts = [0n, ...changes];
  let peak = 0n;
  starts.forEach((start, i) => {
    const bounds = [last, starts[i + 1], start + (day ?? 1n)].filter((bound) => bound !== undefined);
    const until = bounds.reduce((least, bound) => (bound < least ? bound : least));
    for (let tick = start; tick < until; ) {
      const piece = rate.pieceAt(tick);
      const to = piece.to < until ? piece.to : until;
      for (const value of [rateIn(piece, tick), rateIn(piece, to)]) if (value > peak) peak = value;
      tick = to;
    }
  });
  return approximate(peak * ticks, rate.den) * SECOND;
}

/** Whole µs that the duration lasts on the elapsed axis, the last one begun counting; infinite without one. */
export const durationOf = ({ stop, ticks }: Resolved): number =>
  stop === undefined ? Infinity : Number((stop + ticks - 1n) / ticks);
