import type { Curve } from './curve.ts';
import { lcm, type Rational, rational, times } from './rational.ts';

/**
 * The exact rate: small functions that wrap each other, each a piecewise straight line with an exact integral.
 *
 *     r(t)  ops/s    rate at elapsed time t
 *     N(t)  ops      ⌊∫₀ᵗ r⌋, the ops that are due at t
 *     tₙ    µs       intended start of op n: the smallest whole t with ∫₀ᵗ r ≥ n + 1
 *
 *      r │        ╱│‾‾‾‾      A piece begins at tick f with the area A to its left, the rate ρ (per tick) and the
 *        │   ___╱  │          bend β (half the slope). u = c − f ticks into it the area is
 *        │  │  │   │
 *        │  │A │   │              ∫ = A + ρ·u + β·u²
 *        └──┴──┴───┴──── c
 *              f               and, because all of a rate's A, ρ and β are integers over one denominator, exact.
 *
 * Time is counted in ticks, of which there are `speed.num` to an elapsed µs and `speed.den` to a µs on the axis of the
 * curve and the plan's durations. So whatever the speed, both the beats of the one axis and the hours of the other are
 * whole ticks, and nothing is ever rounded.
 */
export interface Rate {
  /** The common denominator of every piece's `area`, `rate` and `bend`. */
  readonly den: bigint;
  /** The piece with `from ≤ tick < to`, for any tick ≥ 0. */
  pieceAt(tick: bigint): Piece;
}

/** A stretch of straight line. All but the ticks are numerators over the rate's denominator. */
export interface Piece {
  /** Ticks. */
  readonly from: bigint;
  readonly to: bigint;
  /** Ops from tick 0 to `from`. */
  readonly area: bigint;
  /** Ops per tick at `from`. */
  readonly rate: bigint;
  /** Half the change of the rate per tick. */
  readonly bend: bigint;
}

/** Later than anything that can be asked for. */
const FOREVER = 1n << 256n;

export function areaIn({ from, area, rate, bend }: Piece, tick: bigint): bigint {
  const u = tick - from;
  return bend === 0n ? area + rate * u : area + (rate + bend * u) * u;
}

export const areaAt = (rate: Rate, tick: bigint): bigint => areaIn(rate.pieceAt(tick), tick);

/** Ops per tick (over the rate's denominator) at a tick of the piece. */
export const rateIn = ({ from, rate, bend }: Piece, tick: bigint): bigint => rate + 2n * bend * (tick - from);

/** The part of a piece from `from` to `to`. */
function clip(piece: Piece, from: bigint, to: bigint): Piece {
  if (from <= piece.from && to >= piece.to) return piece;
  const start = from > piece.from ? from : piece.from;
  return {
    from: start,
    to: to < piece.to ? to : piece.to,
    area: areaIn(piece, start),
    rate: rateIn(piece, start),
    bend: piece.bend,
  };
}

/** @param perTick ops per tick */
export function constantRate(perTick: Rational): Rate {
  const piece: Piece = { from: 0n, to: FOREVER, area: 0n, rate: perTick.num, bend: 0n };
  return { den: perTick.den, pieceAt: () => piece };
}

/**
 * A constant rate times the day's curve, over and over.
 * @param perTick ops per tick at multiplier 1
 * @param ticks ticks in a µs of the curve
 * @param start where on the curve tick 0 lies: ticks after the curve's midnight
 */
export function curveRate(perTick: Rational, curve: Curve, ticks: bigint, start: bigint): Rate {
  // Over 2·W·unit, W being a multiple of the length of every sloping piece, ρ and β of every piece are integers.
  const widths = curve.pieces.reduce((w, { length, a, b }) => (a === b ? w : lcm(w, length * ticks)), 1n);
  const { num, den } = times(perTick, rational(1n, 2n * widths * curve.unit));
  const pieces: Piece[] = [];
  let [from, area] = [0n, 0n];
  for (const { length, a, b } of curve.pieces) {
    const span = length * ticks;
    const bend = a === b ? 0n : (b - a) * (widths / span) * num;
    const piece: Piece = { from, to: from + span, area, rate: 2n * widths * a * num, bend };
    pieces.push(piece);
    from = piece.to;
    area = areaIn(piece, piece.to);
  }
  const [day, dayArea] = [from, area];
  const origin = mod(start - curve.origin * ticks, day);
  const before = areaIn(find(pieces, origin), origin);
  const pieceAt = (tick: bigint): Piece => {
    const days = (tick + origin) / day;
    const piece = find(pieces, (tick + origin) % day);
    const shift = days * day - origin;
    const shifted = {
      ...piece,
      from: piece.from + shift,
      to: piece.to + shift,
      area: piece.area + days * dayArea - before,
    };
    return shifted.from < 0n ? clip(shifted, 0n, shifted.to) : shifted;
  };
  return { den, pieceAt };
}

/**
 * A rate times a factor that changes while it runs. Factor 1 until the first change.
 * @param changes in the order of their ticks, which are ≥ 0
 */
export function changingRate(inner: Rate, changes: readonly { tick: bigint; factor: Rational }[]): Rate {
  if (changes.length === 0) return inner;
  const unit = changes.reduce((common, { factor }) => lcm(common, factor.den), 1n);
  const eras = [{ from: 0n, to: FOREVER, area: 0n, inner: 0n, factor: unit }];
  for (const { tick, factor } of changes) {
    const last = eras.pop();
    if (last === undefined) break;
    const multiple = factor.num * (unit / factor.den);
    const innerArea = areaAt(inner, tick);
    if (tick > last.from) eras.push({ ...last, to: tick });
    const area = last.area + last.factor * (innerArea - last.inner);
    eras.push({ from: tick, to: FOREVER, area, inner: innerArea, factor: multiple });
  }
  const pieceAt = (tick: bigint): Piece => {
    const era = find(eras, tick);
    const { from, to, area, rate, bend } = clip(inner.pieceAt(tick), era.from, era.to);
    const { factor } = era;
    return { from, to, area: era.area + factor * (area - era.inner), rate: factor * rate, bend: factor * bend };
  };
  return { den: inner.den * unit, pieceAt };
}

/** A rate that is 0 from `stop` on. */
export function endingRate(inner: Rate, stop: bigint): Rate {
  const rest: Piece = { from: stop, to: FOREVER, area: areaAt(inner, stop), rate: 0n, bend: 0n };
  return { den: inner.den, pieceAt: (tick) => (tick < stop ? clip(inner.pieceAt(tick), 0n, stop) : rest) };
}

/** The same rate; asking again near the last tick asked for costs two comparisons. */
export function rememberingRate(inner: Rate): Rate {
  let last = inner.pieceAt(0n);
  const pieceAt = (tick: bigint): Piece => {
    if (tick < last.from || tick >= last.to) last = inner.pieceAt(tick);
    return last;
  };
  return { den: inner.den, pieceAt };
}

const mod = (a: bigint, n: bigint): bigint => ((a % n) + n) % n;

/** The stretch that holds `tick`, of stretches that follow each other without gaps. */
function find<T extends { readonly from: bigint }>(stretches: readonly T[], tick: bigint): T {
  let [low, high] = [0, stretches.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((stretches[middle]?.from ?? FOREVER) <= tick) low = middle;
    else high = middle - 1;
  }
  const found = stretches[low];
  if (found === undefined) throw new RangeError('a rate needs at least one piece');
  return found;
}
