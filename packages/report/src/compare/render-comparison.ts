import { countText, durationText, percentText, rateText } from '../figures-text.ts';
import type { RenderOptions } from '../render-summary.ts';
import { type Cell, COLORED, type Column, cut, PLAIN, printable, type Style, table } from '../table.ts';
import type { ComparedFigure, ComparedTask, Comparison, FigureVerdict } from './compare-runs.ts';

const HEAD: readonly Column[] = [
  { title: 'figure', align: 'left' },
  { title: 'a', align: 'right' },
  { title: 'b', align: 'right' },
  { title: 'b − a', align: 'right' },
  { title: 'between (95 %)', align: 'right' },
  { title: 'verdict', align: 'left' },
];

/** The comparison for a terminal: no line is longer than `columns`. Ends with a line feed. */
export function renderComparison(comparison: Comparison, { columns, color }: RenderOptions): string {
  const style = color ? COLORED : PLAIN;
  const sections = [
    heading(comparison, columns, style),
    ...comparison.tasks.map((task) => taskSection(task, columns, style)),
    comparison.warnings.map((warning) => style.warn(cut(`! ${printable(warning)}`, columns))),
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

function heading(comparison: Comparison, columns: number, style: Style): string[] {
  const { a, b, worse, better, same, undecided, tolerance, shown } = comparison;
  const counts = [
    `${countText(worse)} worse`,
    `${countText(better)} better`,
    `${countText(same)} the same`,
    ...(undecided === 0 ? [] : [`${countText(undecided)} undecided`]),
  ].join(', ');
  const verdict = worse > 0 ? style.bad(cut(`✗ ${counts}`, columns)) : style.good(cut(`✓ ${counts}`, columns));
  const terms = [
    '95 % confidence for each figure',
    `tolerance ${percentText(tolerance)}`,
    ...(shown === 'clean' ? ['without disturbed seconds'] : []),
  ];
  return [
    style.bold(cut(`Run ${printable(b)} against run ${printable(a)}`, columns)),
    style.dim(cut(terms.join(' · '), columns)),
    verdict,
  ];
}

function taskSection({ task, action, name, figures }: ComparedTask, columns: number, style: Style): string[] {
  const rows = figures.map((figure) => figureRow(figure, style));
  return [style.bold(cut(printable(`${task} ${name ?? action}`), columns)), ...table(columns, HEAD, rows, style)];
}

function figureRow(figure: ComparedFigure, style: Style): Cell[] {
  const { a, b, interval, verdict, unit } = figure;
  const own = styleOf(verdict, style);
  const name = figure.figure.startsWith('service') ? `${figure.figure} (uncorrected)` : figure.figure;
  return [
    { text: name },
    { text: figureText(a, unit) },
    { text: figureText(b, unit) },
    { text: changeText(a, b, unit), style: own },
    {
      text:
        interval === undefined
          ? ''
          : `${boundText(interval.low, a, unit, '−∞')} … ${boundText(interval.high, a, unit, '+∞')}`,
      style: style.dim,
    },
    { text: verdict, style: own },
  ];
}

const styleOf = (verdict: FigureVerdict, style: Style): ((text: string) => string) | undefined =>
  verdict === 'worse' ? style.bad : verdict === 'better' ? style.good : undefined;

function figureText(value: number, unit: ComparedFigure['unit']): string {
  if (unit === 'µs') return durationText(value);
  return unit === 'share' ? shareText(value) : `${rateText(value)}/s`;
}

const changeText = (a: number, b: number, unit: ComparedFigure['unit']): string => boundText(b - a, a, unit, '');

/** A difference: in percent of `a`, or, where `a` is 0, and for shares, in the unit itself. */
function boundText(by: number | null, a: number, unit: ComparedFigure['unit'], endless: string): string {
  if (by === null) return endless;
  const sign = by > 0 ? '+' : by < 0 ? '−' : '';
  if (unit === 'share') return `${sign}${shareText(Math.abs(by))}`;
  // An interval may reach below a value of 0, which nothing can have.
  return `${sign}${a > 0 ? percentOf(Math.abs(Math.max(by, -a)) / a) : figureText(Math.abs(by), unit)}`;
}

const percentOf = (share: number): string =>
  share === 0 ? '0 %' : share < 0.0995 ? `${(share * 100).toFixed(1)} %` : `${countText(share * 100)} %`;

/** Rare errors are what one looks for: three significant digits. */
const shareText = (share: number): string => (share === 0 ? '0 %' : `${Number((share * 100).toPrecision(3))} %`);
