import { type Micros, micros } from './units.ts';

/** µs a unit, from large to small. */
const UNITS = new Map([
  ['d', 86_400_000_000],
  ['h', 3_600_000_000],
  ['m', 60_000_000],
  ['s', 1_000_000],
  ['ms', 1_000],
  ['us', 1],
  ['µs', 1],
]);
const ORDER = [...UNITS.keys()];
const AMOUNT = '\\d+(\\.\\d+)?';
/** No sensible duration is longer, and matching takes time that grows with the square of the length. */
const MAX_LENGTH = 64;

/** What `parseDuration` takes as text, as a regular expression for JSON Schemas: the parser alone checks the order. */
export const DURATION_PATTERN = `^\\s*(${AMOUNT}\\s*|(${AMOUNT}\\s*(${ORDER.join('|')})\\s*)+)$`;

/** Why a duration was refused: a clause that goes on from "the value …". */
export interface NoDuration {
  readonly reason: string;
}

/**
 * Reads a duration: a number of seconds (fractions allowed), or a text like `"1h30m"`, `"250ms"`, `"1d2h"`, `"1.5h"`, with
 * units d, h, m, s, ms, us (or µs) from large to small, each once. A text without a unit is seconds.
 * The result is rounded to whole microseconds; zero is a duration, less is not.
 */
export function parseDuration(value: number | string): Micros | NoDuration {
  return typeof value === 'number' ? bounded(value * 1_000_000) : fromText(value);
}

const UNREADABLE =
  'must be a number of seconds, or a text such as "1h30m", "250ms" or "1d2h" with the units d, h, m, s, ms, us';

function fromText(text: string): Micros | NoDuration {
  if (text.length > MAX_LENGTH) return { reason: UNREADABLE };
  const trimmed = text.trim();
  if (/^\d+(\.\d+)?$/.test(trimmed)) return bounded(Number(trimmed) * 1_000_000);
  const parts = [...trimmed.matchAll(/(\d+(?:\.\d+)?)\s*([a-zµ]+)\s*/g)];
  if (parts.length === 0 || parts.map((part) => part[0]).join('') !== trimmed) return { reason: UNREADABLE };
  let total = 0;
  let last = -1;
  for (const [, amount, unit = ''] of parts) {
    const size = UNITS.get(unit);
    if (size === undefined) return { reason: `has the unknown unit "${unit}"; the units are d, h, m, s, ms, us` };
    const place = Math.min(ORDER.indexOf(unit), ORDER.indexOf('us'));
    if (place <= last) return { reason: 'must name its units from large to small, each once: d, h, m, s, ms, us' };
    last = place;
    total += Number(amount) * size;
  }
  return bounded(total);
}

/** Whole microseconds up to 2^53 − 1 (285 years) are exact in a double. */
function bounded(value: number): Micros | NoDuration {
  if (Number.isNaN(value)) return { reason: UNREADABLE };
  if (value < 0) return { reason: 'must not be negative' };
  const whole = Math.round(value);
  if (!Number.isSafeInteger(whole)) return { reason: 'must be less than 285 years' };
  return micros(whole);
}
