/** How figures are written for people. Everything here is of fixed locale: the same run prints the same text anywhere. */

/** `1234567` → `1,234,567` */
export function countText(count: number): string {
  const digits = String(Math.round(Math.abs(count)));
  const grouped = digits.length <= 3 || digits.includes('e') ? digits : digits.replaceAll(/\B(?=(?:\d{3})+$)/g, ',');
  return count < 0 && digits !== '0' ? `−${grouped}` : grouped;
}

/** Ops per second: two decimals below 10, one below 1,000, none above. */
export function rateText(rate: number): string {
  if (rate >= 999.95) return countText(rate);
  return rate.toFixed(rate < 9.995 ? 2 : 1);
}

/** A duration in µs with three significant digits and its unit: `823 µs`, `1.20 ms`, `61.0 s`, `12.3 min`, `2.50 h`. */
export function durationText(us: number): string {
  if (us < 999.5) return `${Math.round(us)} µs`;
  if (us < 999_500) return `${threeDigits(us / 1e3)} ms`;
  if (us < 119_500_000) return `${threeDigits(us / 1e6)} s`;
  if (us < 5_997_000_000) return `${threeDigits(us / 60e6)} min`;
  return `${threeDigits(us / 3_600e6)} h`;
}

const threeDigits = (value: number): string => value.toFixed(value < 9.995 ? 2 : value < 99.95 ? 1 : 0);

/** Bytes in decimal units: `512 B`, `1.50 kB`, `2.00 GB`. */
export function bytesText(bytes: number): string {
  let value = bytes;
  for (const unit of ['B', 'kB', 'MB', 'GB']) {
    if (value < 999.5) return unit === 'B' ? `${Math.round(value)} B` : `${threeDigits(value)} ${unit}`;
    value /= 1_000;
  }
  return `${threeDigits(value)} TB`;
}

/** A share of 1 in percent, one decimal; 100 % and 0 % are said only of the whole and of nothing. */
export function percentText(share: number): string {
  if (share === 0 || share === 1) return `${share * 100} %`;
  const percent = share * 100;
  if (share > 0 && share < 1) return `${Math.min(99.9, Math.max(0.1, percent)).toFixed(1)} %`;
  return `${percent < 0 ? '−' : ''}${Math.abs(percent).toFixed(1)} %`;
}

const two = (n: number): string => String(n).padStart(2, '0');

/** Time since a start in µs as a stop-watch shows it: `00:12`, `1:02:03`. */
export function stopwatchText(us: number): string {
  const seconds = Math.max(0, Math.floor(us / 1e6));
  const hours = Math.floor(seconds / 3_600);
  const rest = `${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return hours === 0 ? rest : `${hours}:${rest}`;
}
