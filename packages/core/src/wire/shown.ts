import { quoted } from '../document/printable.ts';

/** A value from outside as an error message quotes it: short, printable, and safe to make of anything, however deep. */
export function shown(value: unknown): string {
  if (value === undefined) return 'missing';
  if (typeof value === 'string') return quoted(value);
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return String(value);
  return Array.isArray(value) ? `a list of ${value.length}` : 'an object';
}
