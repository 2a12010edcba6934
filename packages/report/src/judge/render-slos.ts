import { decimalText } from '@drumline/core/document';
import { countText, durationText, percentText, rateText } from '../figures-text.ts';
import { type Cell, type Style, table } from '../table.ts';
import type { SloVerdict } from './slo-judge.ts';

/** The thresholds as lines for a terminal. */
export function renderSlos(slos: readonly SloVerdict[], columns: number, style: Style): string[] {
  if (slos.length === 0) return [];
  const head = [
    { title: 'threshold', align: 'left' as const },
    { title: '', align: 'left' as const },
    { title: 'value', align: 'right' as const },
    { title: 'windows', align: 'left' as const },
  ];
  return table(
    columns,
    head,
    slos.map((slo) => row(slo, style)),
    style,
  );
}

function row(slo: SloVerdict, style: Style): Cell[] {
  const { windows, worstWindow } = slo;
  const at = worstWindow == null ? '' : `, worst at ${worstWindow.at.slice(11, 19)}`;
  const undecided =
    windows === undefined || windows.undecided === 0 ? '' : `, ${countText(windows.undecided)} undecided`;
  const said = windows && `${countText(windows.missed)} of ${countText(windows.count)} missed${undecided}${at}`;
  return [
    { text: slo.text },
    { text: outcome(slo), style: slo.ok ? style.good : style.bad },
    { text: valueText(slo) },
    { text: said ?? '' },
  ];
}

function outcome({ ok, decided, aborted }: SloVerdict): string {
  if (aborted) return '✗ missed, ended the run';
  if (ok) return '✓ kept';
  return decided ? '✗ missed' : '✗ undecided';
}

/** The value of a threshold with its unit. */
export function valueText({ unit, value }: Pick<SloVerdict, 'unit' | 'value'>): string {
  if (value === null) return '–';
  if (unit === 'us') return durationText(value);
  if (unit === 'ops/s') return `${rateText(value)}/s`;
  if (unit === 'ops') return countText(value);
  // Bounds like 99.95 % want more digits than tables do.
  return value === 0 || value === 1 ? percentText(value) : `${decimalText(Number((value * 100).toFixed(3)))} %`;
}
