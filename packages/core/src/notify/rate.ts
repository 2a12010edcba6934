import { DrumlineError } from '../errors/index.ts';

/** What `rate` asks for: a factor of the planned rate, or so many operations a second in all. Decimal texts: exact. */
export type RateChange =
  | { readonly kind: 'factor'; readonly factor: string }
  | { readonly kind: 'qps'; readonly qps: string };

/**
 * Reads `0.5`, `2x`, `150%` as factors of the plan, `500qps` or `500/s` as operations a second.
 * @throws DrumlineError DRUM_COMMAND_INVALID
 */
export function parseRate(text: string): RateChange {
  const [, value = '0', unit = 'x'] = /^\s*(\d{1,12}(?:\.\d{1,9})?)\s*(x|%|qps|\/s|ops\/s)?\s*$/u.exec(text) ?? [];
  if (Number(value) === 0) {
    throw new DrumlineError('DRUM_COMMAND_INVALID', `rate is ${JSON.stringify(text)}, expected a number > 0`, {
      hint: 'Write a factor (0.5, 2x, 150%) or a rate (500qps). To stop traffic for a while use pause.',
    });
  }
  if (unit === 'x') return { kind: 'factor', factor: value };
  if (unit === '%') return { kind: 'factor', factor: hundredth(value) };
  return { kind: 'qps', qps: value };
}

/** A decimal text divided by 100 by moving its point, so that nothing is rounded. */
function hundredth(value: string): string {
  const [whole = '', fraction = ''] = value.split('.');
  const digits = whole.padStart(3, '0');
  const text = `${digits.slice(0, -2)}.${digits.slice(-2)}${fraction}`;
  return text.replace(/^0+(?=\d)/, '').replace(/\.?0+$/, '');
}
