import type { RateSample } from '@drumline/core/schedule';
import { durationText, rateText } from '@drumline/report';

const BLOCKS = ' ▁▂▃▄▅▆▇█';
const HEIGHT = 8;
const LABEL = 9;

/** Draws a rate over time, `columns` wide at most: one bar a stretch, the peak as high as the drawing. */
export function drawCurve(samples: readonly RateSample[], peak: number, columns: number): string[] {
  const wide = resample(samples, Math.max(8, columns - LABEL - 3));
  const eighths = wide.map(({ rate }) => (peak === 0 ? 0 : Math.round((rate / peak) * HEIGHT * 8)));
  const lines: string[] = [];
  for (let row = HEIGHT - 1; row >= 0; row -= 1) {
    const bars = eighths.map((height) => BLOCKS[Math.min(8, Math.max(0, height - row * 8))]).join('');
    const label = row === HEIGHT - 1 ? rateText(peak) : row === HEIGHT / 2 - 1 ? rateText(peak / 2) : '';
    lines.push(`${label.padStart(LABEL)} ┤${bars}`.trimEnd());
  }
  const end = durationText(samples.at(-1)?.to ?? 0);
  const axis = '─'.repeat(wide.length);
  lines.push(`${'0'.padStart(LABEL)} └${axis}`, `${' '.repeat(LABEL + 2)}0${end.padStart(wide.length - 1)}`);
  return lines;
}

/** Fewer samples, each the mean of those that it stands for. */
function resample(samples: readonly RateSample[], most: number): { rate: number }[] {
  if (samples.length <= most) return [...samples];
  return Array.from({ length: most }, (_, i) => {
    const part = samples.slice(Math.floor((i * samples.length) / most), Math.floor(((i + 1) * samples.length) / most));
    return { rate: part.reduce((sum, { rate }) => sum + rate, 0) / part.length };
  });
}
