/**
 * The shortest decimal text that reads back as `value`, without an exponent: 0.29 → `"0.29"`, 1e-7 → `"0.0000001"`.
 * For finite numbers ≥ 0 below 1e21.
 */
export function decimalText(value: number): string {
  const text = String(value === 0 ? 0 : value);
  const [digits = '', exponent] = text.split('e-');
  if (exponent === undefined) return text;
  return `0.${'0'.repeat(Number(exponent) - 1)}${digits.replace('.', '')}`;
}
