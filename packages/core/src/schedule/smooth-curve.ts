import type { Curve, CurvePiece } from './curve.ts';
import { lcm, type Rational, rational } from './rational.ts';

const MINUTES = 60n;
const MINUTE = 60_000_000n;
const BILLION = 1_000_000_000n;

/**
 * The smooth day: a periodic piecewise cubic (PCHIP) through the middles of the hours, as one-minute straight lines.
 *
 * Knots: (hour + 30 min, y), y being the hour's multiplier, or, for an hour of a run of zeros, the height of the step
 * curve's straight line at its middle. With Δ = the rise from one knot to the next, the slope at a knot is the harmonic
 * mean of the rises on either side, d = 2·Δ₋·Δ₊ / (Δ₋ + Δ₊), and 0 where they differ in sign or one is 0 (Fritsch and
 * Butland 1984). On an even grid that satisfies the condition of Fritsch and Carlson (1980), so the curve is monotone
 * between knots, never leaves the range of its neighbours, and is continuous with its slope, round midnight too.
 *
 * The cubic is evaluated exactly at every full minute and rounded to 1e-9, or finer when the multipliers themselves are
 * (then to a common denominator), and the rate is a straight line in between: so the one exact mechanism for straight
 * lines serves every curve. Values at the knots of non-zero hours are exact. The mean over an hour is close to its
 * multiplier but not equal to it.
 */
export function smoothPieces(steps: Curve): Curve {
  const knots = hourMiddles(steps);
  const slopes = knots.map((_, i) => slopeAt(knots, i));
  const unit = lcm(steps.unit, BILLION);
  const minutes = knots.flatMap((knot, i) => hermite(knot, at(knots, i + 1), at(slopes, i), at(slopes, i + 1), unit));
  const pieces = minutes.map((a, i): CurvePiece => ({ length: MINUTE, a, b: minutes[(i + 1) % minutes.length] ?? a }));
  return { origin: steps.origin + (MINUTES / 2n) * MINUTE, unit, pieces };
}

const ZERO = rational(0n);
const at = (list: readonly Rational[], i: number): Rational => list[(i + list.length) % list.length] ?? ZERO;
const sum = (a: Rational, b: Rational): Rational => rational(a.num * b.den + b.num * a.den, a.den * b.den);
const minus = (a: Rational, b: Rational): Rational => sum(a, { num: -b.num, den: b.den });

/** The step curve's multipliers at the middle of each hour, from its origin on. */
function hourMiddles({ pieces, unit }: Curve): Rational[] {
  return pieces.flatMap(({ length, a, b }) => {
    const hours = length / (MINUTES * MINUTE);
    return Array.from({ length: Number(hours) }, (_, hour) =>
      rational(a * 2n * hours + (b - a) * (2n * BigInt(hour) + 1n), 2n * hours * unit),
    );
  });
}

function slopeAt(knots: readonly Rational[], i: number): Rational {
  const before = minus(at(knots, i), at(knots, i - 1));
  const after = minus(at(knots, i + 1), at(knots, i));
  if (before.num * after.num <= 0n) return ZERO;
  // 2·p·q / (p + q) of the fractions p = b/B and q = a/A is 2·b·a / (b·A + a·B).
  return rational(2n * before.num * after.num, before.num * after.den + after.num * before.den);
}

/**
 * The cubic with heights `y0`, `y1` and slopes `d0`, `d1` (an hour) at both ends, at each minute of its hour: the nearest
 * multiples of `1 / unit`, in such units. In plain integers, because a live change of the rate waits for it.
 */
function hermite(y0: Rational, y1: Rational, d0: Rational, d1: Rational, unit: bigint): bigint[] {
  const common = [y0, y1, d0, d1].reduce((den, value) => lcm(den, value.den), 1n);
  const over = ({ num, den }: Rational): bigint => num * (common / den);
  const [h0, h1, g0, g1] = [over(y0), over(y1), over(d0), over(d1)];
  const one = MINUTES ** 3n;
  const den = common * one;
  return Array.from({ length: Number(MINUTES) }, (_, minute) => {
    const m = BigInt(minute);
    const [s, s2, s3] = [m * MINUTES * MINUTES, m * m * MINUTES, m * m * m];
    const rise = (3n * s2 - 2n * s3) * (h1 - h0);
    const num = h0 * one + rise + (s3 - 2n * s2 + s) * g0 + (s3 - s2) * g1;
    return (2n * num * unit + den) / (2n * den);
  });
}
