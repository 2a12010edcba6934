import type { RateSample } from '@drumline/core/schedule';
import { type Micros, micros } from '@drumline/core/units';
import { rateText } from '@drumline/report';

const BLOCKS = ' ▁▂▃▄▅▆▇█';
const HEIGHT = 8;
const LABEL = 9;

/**
 * Draws a rate over time, `columns` wide at most: one bar a stretch, the peak as high as the drawing.
 *
 * @param timeAt what to write below an instant (µs since the start)
 */
export function drawCurve(
  samples: readonly RateSample[],
  peak: number,
  columns: number,
  timeAt: (at: Micros) => string,
): string[] {
  const wide = resample(samples, Math.max(8, columns - LABEL - 3));
  const eighths = wide.map(({ rate }) => (peak === 0 ? 0 : Math.round((rate / peak) * HEIGHT * 8)));
  const lines: string[] = [];
  for (let row = HEIGHT - 1; row >= 0; row -= 1) {
    const bars = eighths.map((height) => BLOCKS[Math.min(8, Math.max(0, height - row * 8))]).join('');
    const label = row === HEIGHT - 1 ? rateText(peak) : row === HEIGHT / 2 - 1 ? rateText(peak / 2) : '';
    lines.push(`${label.padStart(LABEL)} ┤${bars}`.trimEnd());
  }
  lines.push(`${'0'.padStart(LABEL)} └${'─'.repeat(wide.length)}`);
  lines.push(`${' '.repeat(LABEL + 2)}${timeLine(samples.at(-1)?.to ?? micros(0), wide.length, timeAt)}`);
  return lines;
}

const QUARTERS = 4;

/** The times at the quarters of the drawing; each but the last begins below its instant. */
function timeLine(end: Micros, width: number, timeAt: (at: Micros) => string): string {
  let line = '';
  for (let quarter = 0; quarter <= QUARTERS; quarter += 1) {
    const label = timeAt(micros((end * quarter) / QUARTERS));
    const from = quarter === QUARTERS ? width - label.length : Math.floor((width * quarter) / QUARTERS);
    if (from > line.length || line === '') line = line.padEnd(from) + label;
  }
  return line;
}

/** Fewer samples, each the mean of those that it stands for. */
function resample(samples: readonly RateSample[], most: number): { rate: number }[] {
  if (samples.length <= most) return [...samples];
  return Array.from({ length: most }, (_, i) => {
    const part = samples.slice(Math.floor((i * samples.length) / most), Math.floor(((i + 1) * samples.length) / most));
    return { rate: part.reduce((sum, { rate }) => sum + rate, 0) / part.length };
  });
}
