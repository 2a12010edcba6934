import { lcm, type Rational } from './rational.ts';
import { smoothPieces } from './smooth-curve.ts';

/** µs */
export const HOUR = 3_600_000_000;
export const HOURS = 24;
/** µs. A day always has 24 h: the curve starts at the hour of the wall clock and does not follow a change to or from DST. */
export const DAY = HOURS * HOUR;

/** The multiplier moves in a straight line from `a / unit` to `b / unit` over `length` µs. */
export interface CurvePiece {
  readonly length: bigint;
  readonly a: bigint;
  readonly b: bigint;
}

/** One day of multipliers, repeating: `pieces` follow each other from `origin` (µs after midnight) and fill 24 h. */
export interface Curve {
  readonly origin: bigint;
  /** The common denominator of the multipliers. */
  readonly unit: bigint;
  readonly pieces: readonly CurvePiece[];
}

/**
 * The multipliers of a day, one an hour, at least one of them above 0.
 *
 * `step`: a non-zero hour holds its value for the whole hour; a run of zero hours is a straight line from the value
 * before to the value after, round midnight too. A single non-zero hour so fills the whole day.
 *
 *     0.8 ┤             ╭──        multipliers 0.4, 0, 0, 0.8: hour 0 holds 0.4 to its end,
 *         │       ╭─────╯          hours 1 and 2 climb, hour 3 holds 0.8 from its start
 *     0.4 ┤──────╯
 *         └──────┴──────┴──────┴──
 *
 * `smooth`: see `smooth-curve.ts`.
 */
export function curveOf(hours: readonly Rational[], shape: 'step' | 'smooth'): Curve {
  const unit = hours.reduce((common, hour) => lcm(common, hour.den), 1n);
  const values = hours.map(({ num, den }) => num * (unit / den));
  const first = values.findIndex((value) => value > 0n);
  // Turned so that it begins with a non-zero hour, no run of zeros reaches round the end of the list.
  const turned = [...values.slice(first), ...values.slice(0, first)];
  const origin = BigInt(first) * BigInt(HOUR);
  const steps = { origin, unit, pieces: stepPieces(turned) };
  return shape === 'step' ? steps : smoothPieces(steps);
}

function stepPieces(values: readonly bigint[]): CurvePiece[] {
  const pieces: CurvePiece[] = [];
  for (let hour = 0; hour < values.length; ) {
    const a = values[hour] ?? 0n;
    let end = hour + 1;
    if (a > 0n) {
      while (values[end] === a) end++;
      pieces.push({ length: BigInt((end - hour) * HOUR), a, b: a });
    } else {
      while (values[end] === 0n) end++;
      const before = values[hour - 1] ?? 0n;
      const after = values[end % values.length] ?? 0n;
      pieces.push({ length: BigInt((end - hour) * HOUR), a: before, b: after });
    }
    hour = end;
  }
  return pieces;
}
