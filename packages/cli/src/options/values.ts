import { type Micros, type Millis, millis, parseDuration } from '@drumline/core/units';
import { InvalidArgumentError } from 'commander';

/** A number > 0 as a decimal text: rates are computed exactly, so they are never rounded to a float. */
export function positiveDecimal(text: string): string {
  if (/^\d{1,15}(\.\d{1,15})?$/u.test(text) && Number(text) > 0) return text;
  throw new InvalidArgumentError('It must be a number > 0, such as 0.001 or 60.');
}

export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/u.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  };
}

/** A length of time, such as 500ms, 30s or 1h30m. */
export function duration(text: string): Micros {
  const result = parseDuration(/^\d+(\.\d+)?$/u.test(text) ? Number(text) : text);
  if (typeof result === 'number') return result;
  throw new InvalidArgumentError('It must be a length of time, such as 500ms, 30s or 1h30m.');
}

export const durationMillis = (text: string): Millis => millis(duration(text) / 1_000);

/** Collects an option that may be given several times, as it is. */
export const repeated = (text: string, before: readonly string[] = []): string[] => [...before, text];

/** Collects an option that may be given several times, or with commas. */
export const listOf = (text: string, before: readonly string[] = []): string[] => [
  ...before,
  ...text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== ''),
];

/** A share above 0 and of 1 at most, such as 99.9% or 0.999. */
export function portion(text: string): number {
  const value = share(text);
  if (value > 0 && value <= 1) return value;
  throw new InvalidArgumentError('It must be a share from 0% to 100%, such as 99.9%.');
}

/** A share, such as 5% or 0.05. */
export function share(text: string): number {
  const [, number, percent] = /^(\d+(?:\.\d+)?)(%?)$/u.exec(text.replaceAll(' ', '')) ?? [];
  const value = Number(number) / (percent === '%' ? 100 : 1);
  if (value >= 0 && value <= 10) return value;
  throw new InvalidArgumentError('It must be a share, such as 5% or 0.05.');
}
