import { BEAT } from '../units/index.ts';
import { approximate } from './rational.ts';
import { type BatchRange, type Line, lineOf, partsOf, ROUNDING, type Stretch, timeOn } from './stretch.ts';

/**
 * A uniform number in [0, 1) that is a function of its three arguments alone: draw `i` of slot `slot` of beat `beat`.
 * Whoever gives it binds the seed, the task and, if repeats are not to be alike, the number of the repeat.
 */
export type SlotDraw = (beat: number, slot: number, i: number) => number;

/** Expected ops of a slot at most. Keeps e^−mean far from underflow, and a slot near the size of a batch. */
const SLOT_OPS = 100;

/** How the counts of a Poisson schedule are drawn. */
export interface PoissonSource {
  readonly draw: SlotDraw;
  readonly sample: (mean: number, u: number) => number;
  readonly batchOps: number;
}

/**
 * Appends the batches of an inhomogeneous Poisson process with the stretch's rate; answers the number of its slots.
 *
 * The stretch is cut into slots of equal expected count. A slot's count is drawn from Poisson(mean); counts of disjoint
 * slots are independent, and given a slot's count its ops lie like that many independent uniforms over it (Kingman 1993,
 * 2.4), which `intendedTimes` spreads. A slot that drew more than a batch holds is halved, with a fair coin for each op.
 *
 * @param slot number within the beat of the stretch's first slot
 * @param ops number of the next op
 */
export function poissonBatches(
  into: BatchRange[],
  stretch: Stretch,
  source: PoissonSource,
  slot: number,
  ops: number,
): number {
  const expected = approximate(stretch.areaTo - stretch.areaFrom, stretch.rate.den);
  if (expected === 0) return 0;
  const line = lineOf(stretch);
  const slots = partsOf(line, expected, Math.min(SLOT_OPS, source.batchOps / 2));
  const beat = stretch.beat / BEAT;
  let first = ops;
  let start = boundary(stretch, line, 0);
  for (let i = 0; i < slots; i++) {
    const end = i === slots - 1 ? lastMicro(stretch) : boundary(stretch, line, (expected * (i + 1)) / slots);
    const count = source.sample(expected / slots, source.draw(beat, slot + i, 0));
    let coin = 0;
    const toss = (): boolean => source.draw(beat, slot + i, ++coin) < 0.5;
    if (count > 0) scatter(into, { first, count, start, end }, source.batchOps, toss);
    first += count;
    start = end;
  }
  return slots;
}

/** Whole µs up to which a line has made `ops` ops due. */
function boundary(stretch: Stretch, line: Line, ops: number): number {
  return Math.min(lastMicro(stretch), stretch.beat + Math.floor(timeOn(line, ops) + ROUNDING));
}

const lastMicro = ({ to, ticks }: Stretch): number => Number((to + ticks - 1n) / ticks);

interface Slot {
  readonly first: number;
  readonly count: number;
  /** The ops start in whole µs of (start, end]. */
  readonly start: number;
  readonly end: number;
}

function scatter(into: BatchRange[], { first, count, start, end }: Slot, batchOps: number, toss: () => boolean): void {
  if (count <= batchOps) {
    const at = Math.min(start + 1, end);
    into.push({ first, count, at, span: end - at });
    return;
  }
  // Nothing tells the halves of a single µs apart: it is cut by number.
  const single = end - start <= 1;
  let left = single ? batchOps : 0;
  if (!single) for (let i = 0; i < count; i++) if (toss()) left++;
  const middle = single ? end : start + Math.floor((end - start) / 2);
  if (left > 0) scatter(into, { first, count: left, start, end: middle }, batchOps, toss);
  const right = { first: first + left, count: count - left, start: single ? start : middle, end };
  if (left < count) scatter(into, right, batchOps, toss);
}

/** Draws Poisson counts by inverting the distribution; the slots of a flat rate share one table of it. */
export function poissonSampler(): (mean: number, u: number) => number {
  let [known, table] = [-1, new Float64Array(0)];
  return (mean, u) => {
    if (mean !== known) [known, table] = [mean, poissonTable(mean)];
    return firstAbove(table, u);
  };
}

/** P(X ≤ k) of a Poisson variable, for k = 0 … until it is 1 within rounding. */
function poissonTable(mean: number): Float64Array<ArrayBuffer> {
  const table = new Float64Array(Math.ceil(mean + 12 * Math.sqrt(mean) + 24));
  let term = Math.exp(-mean);
  let sum = 0;
  for (let k = 0; k < table.length; k++) {
    sum += term;
    table[k] = sum;
    term *= mean / (k + 1);
  }
  return table;
}

/** The smallest k with u < table[k], or the last one. */
function firstAbove(table: Float64Array, u: number): number {
  let [low, high] = [0, table.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (u < (table[middle] ?? 1)) high = middle;
    else low = middle + 1;
  }
  return low;
}
