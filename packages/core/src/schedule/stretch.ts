import { areaIn, type Piece, type Rate, rateIn } from './rate.ts';
import { approximate } from './rational.ts';

/** A range of ops of one task whose intended starts lie in one beat, on the task's own axis. */
export interface BatchRange {
  /** Number of the first op. */
  readonly first: number;
  /** Ops, ≥ 1. */
  readonly count: number;
  /**
   * µs since the start of the schedule. Even arrivals: the first op's intended start. Poisson arrivals: the first µs in
   * which one of the ops can start.
   */
  readonly at: number;
  /** µs from `at` to the last op's intended start, or to the last µs in which one can start. */
  readonly span: number;
}

/** The part of one beat that lies in one piece of the rate: the rate runs straight from `from` to `to`. */
export interface Stretch {
  readonly rate: Rate;
  readonly piece: Piece;
  /** Ticks in a µs. */
  readonly ticks: bigint;
  /** Ticks. */
  readonly from: bigint;
  readonly to: bigint;
  /** ∫ rate to `from` and to `to`, over the rate's denominator. */
  readonly areaFrom: bigint;
  readonly areaTo: bigint;
  /** Start of the beat, µs. */
  readonly beat: number;
}

/** Calls `visit` for each stretch between two instants of one beat; answers the area at the end. */
export function eachStretch(
  rate: Rate,
  ticks: bigint,
  beat: number,
  from: { readonly tick: bigint; readonly area: bigint },
  end: bigint,
  visit: (stretch: Stretch) => void,
): bigint {
  let { tick, area } = from;
  while (tick < end) {
    const piece = rate.pieceAt(tick);
    const to = piece.to < end ? piece.to : end;
    const areaTo = areaIn(piece, to);
    visit({ rate, piece, ticks, from: tick, to, areaFrom: area, areaTo, beat });
    tick = to;
    area = areaTo;
  }
  return area;
}

/** A stretch in floats: µs from the start of the beat, ops per µs. */
export interface Line {
  readonly offset: number;
  readonly rate: number;
  /** Change of the rate per µs. */
  readonly slope: number;
  /** The lowest rate of the stretch. */
  readonly lowest: number;
}

export function lineOf({ rate: { den }, piece, ticks, from, to, beat }: Stretch): Line {
  const offset = approximate(from - BigInt(beat) * ticks, ticks);
  const rate = approximate(rateIn(piece, from) * ticks, den);
  if (piece.bend === 0n) return { offset, rate, slope: 0, lowest: rate };
  const slope = approximate(2n * piece.bend * ticks * ticks, den);
  return { offset, rate, slope, lowest: Math.min(rate, approximate(rateIn(piece, to) * ticks, den)) };
}

/** µs. A float this close to a whole µs is that µs with a rounding error. */
export const ROUNDING = 1e-6;

/** µs from the start of the beat at which `ops` (a fraction too) have come since the start of the line. */
export function timeOn({ offset, rate, slope }: Line, ops: number): number {
  if (slope === 0) return offset + ops / rate;
  // The root of rate·τ + slope·τ²/2 = ops in the form that does not cancel when the slope is small.
  return offset + (2 * ops) / (rate + Math.sqrt(Math.max(0, rate * rate + 2 * slope * ops)));
}

/**
 * Into how many equal parts `ops` ops on a line are cut: few enough ops in each to fit, and on a slope short enough that
 * even spacing within a part is at most ¼ µs off: the inverse t(n) of the integral has |t″| = |slope| / rate³, and a chord
 * over x ops is off by |t″|·x²/8. It takes a day squeezed into seconds for the second bound to be the stricter one.
 */
export function partsOf({ slope, lowest }: Line, ops: number, most: number): number {
  const fitting = Math.ceil(ops / most);
  if (slope === 0) return fitting;
  const straight = Math.ceil(ops * Math.sqrt(Math.abs(slope) / (2 * lowest ** 3)));
  return Math.max(fitting, Math.min(straight, Math.ceil(ops)));
}
