import type { Arrivals } from './spec.ts';

/** A uniform number in [0, 1) that is a function of the op's number (the seed and the task being bound). */
export type OpDraw = (op: number) => number;

/** What a batch says about the times of its ops; `at` on any axis of µs. */
interface Timed {
  readonly first: number;
  readonly count: number;
  readonly at: number;
  readonly span: number;
}

/**
 * The intended starts of a batch's ops, ascending, whole µs on the axis of its `at`.
 *
 * Even: `at + round(span · i / (count − 1))`, `at` when there is one op. Poisson: the order statistics of `count`
 * uniform draws over the whole µs `at` … `at + span`. They are sorted rather than built up from exponential gaps, because
 * only then no logarithm of the host's is in the result.
 */
export function intendedTimes(batch: Timed, arrivals: Arrivals, draw: OpDraw): Float64Array {
  const { first, count, at, span } = batch;
  const times = new Float64Array(count);
  if (arrivals === 'even') {
    for (let i = 0; i < count; i++) times[i] = evenTime(batch, i);
    return times;
  }
  for (let i = 0; i < count; i++) times[i] = at + Math.floor(draw(first + i) * (span + 1));
  return count > 1 ? times.sort() : times;
}

/** The intended start of op `first + i`. With Poisson arrivals it costs as much as `intendedTimes`. */
export function intendedOf(batch: Timed, i: number, arrivals: Arrivals, draw: OpDraw): number {
  return arrivals === 'even' ? evenTime(batch, i) : (intendedTimes(batch, arrivals, draw)[i] ?? batch.at + batch.span);
}

const evenTime = ({ count, at, span }: Timed, i: number): number =>
  count === 1 ? at : at + Math.round((span * i) / (count - 1));
