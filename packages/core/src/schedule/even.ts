import { areaIn } from './rate.ts';
import { approximate } from './rational.ts';
import { type BatchRange, lineOf, partsOf, ROUNDING, type Stretch, timeOn } from './stretch.ts';

/**
 * Appends the batches of ops `first` … `end`−1, which are all that a stretch makes due, evenly split.
 *
 * First and last op of the stretch are exact; the ends of batches in between are interpolated in floats (5,000,000 ops/s
 * are 250 batches a beat) and may be 1 µs off.
 */
export function evenBatches(into: BatchRange[], stretch: Stretch, first: number, end: number, batchOps: number): void {
  const count = end - first;
  if (count <= 0) return;
  const { den } = stretch.rate;
  const line = lineOf(stretch);
  /** Ops from the start of the stretch until op `first` is due: in (0, 1]. */
  const lead = approximate(BigInt(first + 1) * den - stretch.areaFrom, den);
  const at = exactTime(stretch, first, timeOn(line, lead));
  const last = count === 1 ? at : exactTime(stretch, end - 1, timeOn(line, lead + count - 1));
  const parts = partsOf(line, count, batchOps);
  let from = 0;
  for (let part = 1; part <= parts; part++) {
    const to = part === parts ? count : Math.floor((part * count) / parts);
    const starts = from === 0 ? at : between(at, last, stretch.beat, timeOn(line, lead + from));
    const ends =
      to === count ? last : to - from === 1 ? starts : between(at, last, stretch.beat, timeOn(line, lead + to - 1));
    into.push({ first: first + from, count: to - from, at: starts, span: ends - starts });
    from = to;
  }
}

function between(low: number, high: number, beat: number, time: number): number {
  return Math.min(high, Math.max(low, beat + Math.ceil(time - ROUNDING)));
}

/** The smallest whole µs at which op `n` is due, found from a guess (µs from the start of the beat). */
function exactTime({ rate: { den }, piece, ticks, from, to, beat }: Stretch, n: number, guess: number): number {
  const target = BigInt(n + 1) * den;
  const start = BigInt(beat) * ticks;
  const isDue = (offset: number): boolean => {
    const tick = start + BigInt(offset) * ticks;
    return tick >= to || (tick > from && areaIn(piece, tick) >= target);
  };
  const most = Number((to - start + ticks - 1n) / ticks);
  let offset = Math.min(most, Math.max(0, Math.ceil(guess - ROUNDING)));
  while (!isDue(offset)) offset++;
  while (offset > 0 && isDue(offset - 1)) offset--;
  return beat + offset;
}
