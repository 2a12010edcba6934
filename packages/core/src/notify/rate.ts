import { DrumlineError } from '../errors/index.ts';

/** What `rate` asks for: a factor of the planned rate, or so many operations a second in all. Decimal texts: exact. */
export type RateChange = { readonly kind: 'factor'; readonly factor: string } | { readonly kind: 'qps'; readonly qps: string };

/**
 * Reads `0.5`, `2x`, `150%` as factors of the plan, `500qps` or `500/s` as operations a second.
 * @throws DrumlineError DRUM_COMMAND_INVALID
 */
export function parseRate(text: string): RateChange {
  const match = /^\s*(\d{1,12}(?:\.\d{1,9})?)\s*(x|%|qps|\/s|ops\/s)?\s*$/u.exec(text);
  const value = match?.[1];
  if (value === undefined || Number(value) === 0) {
    throw new DrumlineError('DRUM_COMMAND_INVALID', `rate is ${JSON.stringify(text)}, expected a number > 0`, {
      hint: 'Write a factor (0.5, 2x, 150%) or a rate (500qps). To stop traffic for a while use pause.',
    });
  }
  const unit = match?.[2];
  if (unit === undefined || unit === 'x') return { kind: 'factor', factor: value };
  if (unit === '%') return { kind: 'factor', factor: String(Number(value) / 100) };
  return { kind: 'qps', qps: value };
}
