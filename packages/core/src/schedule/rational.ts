/** An exact number: `num / den` in lowest terms, `den` > 0. */
export interface Rational {
  readonly num: bigint;
  readonly den: bigint;
}

function gcd(a: bigint, b: bigint): bigint {
  let [x, y] = [a < 0n ? -a : a, b < 0n ? -b : b];
  while (y !== 0n) [x, y] = [y, x % y];
  return x;
}

export const lcm = (a: bigint, b: bigint): bigint => (a / gcd(a, b)) * b;

export function rational(num: bigint, den = 1n): Rational {
  const divisor = gcd(num, den) * (den < 0n ? -1n : 1n);
  return { num: num / divisor, den: den / divisor };
}

export const times = (a: Rational, b: Rational): Rational => rational(a.num * b.num, a.den * b.den);

const DECIMAL = /^(\d+)(?:\.(\d+))?(?:e([+-]?\d{1,3}))?$/i;
/** A bound on the digits, so that no text can make the integer arithmetic slow. */
const MAX_LENGTH = 64;

/**
 * Reads a number ≥ 0 from its decimal text (`"0.29"`, `"1e-7"`) or from two with a slash between them (`"1000/3"`), with
 * no rounding. `undefined` for anything else.
 */
export function parseRational(text: string): Rational | undefined {
  const slash = text.indexOf('/');
  if (slash < 0) return parseDecimal(text);
  const [num, den] = [parseDecimal(text.slice(0, slash)), parseDecimal(text.slice(slash + 1))];
  if (num === undefined || den === undefined || den.num === 0n) return undefined;
  return rational(num.num * den.den, num.den * den.num);
}

function parseDecimal(text: string): Rational | undefined {
  const match = text.length > MAX_LENGTH ? null : DECIMAL.exec(text);
  if (match === null) return undefined;
  const [, whole = '', fraction = '', power = '0'] = match;
  const exponent = Number(power) - fraction.length;
  const digits = BigInt(whole + fraction);
  return exponent < 0 ? rational(digits, 10n ** BigInt(-exponent)) : rational(digits * 10n ** BigInt(exponent));
}

/** Bits after the binary point of `approximate`. */
const PRECISION = 96;
const HALF_STEP = 2 ** -48;

/**
 * `num / den` as a float. Cut off at 2⁻⁹⁶ first, so that the result depends on the value alone and not on how the
 * fraction happens to be written: the same schedule gives the same batches, whatever its denominators.
 */
export function approximate(num: bigint, den: bigint): number {
  return Number((num << BigInt(PRECISION)) / den) * HALF_STEP * HALF_STEP;
}
