/**
 * Units live in types: a bare number never crosses a module.
 *
 * A branded number costs nothing at run time. Arithmetic on it gives a plain `number`, so the result has to be
 * branded again by whoever knows its unit, which is the point.
 */
declare const unit: unique symbol;
type Quantity<U extends string> = number & { readonly [unit]: U };

/** A duration in microseconds. */
export type Micros = Quantity<'µs'>;
/** A duration in milliseconds. */
export type Millis = Quantity<'ms'>;
/** An instant: microseconds since the Unix epoch on the clock that the fleet agrees on (Redis TIME). */
export type Instant = Quantity<'µs since epoch'>;

export const micros = (value: number): Micros => value as Micros;
export const millis = (value: number): Millis => value as Millis;
export const instant = (value: number): Instant => value as Instant;

/** `at` moved by `by` (which may be negative). */
export const shift = (at: Instant, by: Micros): Instant => instant(at + by);
/** The duration from `from` to `to`. */
export const elapsed = (from: Instant, to: Instant): Micros => micros(to - from);

export const millisOf = (value: Micros): Millis => millis(value / 1_000);
export const microsOf = (value: Millis): Micros => micros(value * 1_000);

/** The tick of the schedule: 10 ms. */
export const BEAT: Micros = micros(10_000);
