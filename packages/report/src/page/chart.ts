import { html, type Markup } from './markup.ts';
import type { Scale, Tick } from './ticks.ts';

/** Colours are roles; the style sheet has their values for light and dark. */
export type Tone = 'plan' | 'main' | 'a' | 'b' | 'c' | 'd' | 'e' | 'f' | 'bad';

export interface Line {
  readonly name: string;
  readonly tone: Tone;
  readonly kind: 'line' | 'area' | 'dashed';
  /** Places 0 … 1 from the left and from below; `undefined` = a gap. */
  readonly points: readonly (readonly [x: number, y: number] | undefined)[];
}

/** A stretch of the x axis, 0 … 1, that is shown behind the lines. */
export interface Band {
  readonly kind: 'disturbed' | 'paused';
  readonly from: number;
  readonly to: number;
}

/** A moment on the x axis. */
export interface Mark {
  readonly at: number;
  readonly label: string;
}

/** The figures behind a chart; `at` says where on the x axis a row belongs. */
export interface ChartTable {
  readonly head: readonly string[];
  readonly rows: readonly { readonly at: number; readonly cells: readonly string[] }[];
}

export interface Chart {
  readonly title: string;
  /** What is shown, with its unit. */
  readonly about: string;
  readonly x: Scale;
  readonly xTitle: string;
  readonly y: Scale;
  readonly lines: readonly Line[];
  readonly bands?: readonly Band[];
  readonly marks?: readonly Mark[];
  readonly table: ChartTable;
}

/**
 * A chart as a figure: a drawing that stretches to any width with texts that keep their size, names at the ends of their
 * lines, and the same figures as a table.
 */
export function chartFigure(chart: Chart): Markup {
  const { title, about, x, xTitle, y, lines, bands = [], marks = [], table } = chart;
  const alt = `${title}: ${about}. ${lines.map(({ name }) => name).join(', ')}. The figures are in the table that follows.`;
  return html`<figure class="chart">
<figcaption><h3>${title}</h3><p>${about}</p></figcaption>
<div class="plot" data-plot>
<div class="ys" aria-hidden="true">${y.ticks.map(yLabel)}</div>
<div class="canvas"><svg viewBox="0 0 1000 1000" preserveAspectRatio="none" role="img" aria-label="${alt}">${bands.map(bandShape)}${y.ticks.map(({ at }) => html`<path class="rule" d="M0 ${place(at)}H1000"/>`)}${marks.map(({ at }) => html`<path class="mark" d="M${across(at)} 0V1000"/>`)}${lines.map(lineShape)}</svg>
${momentLabels(marks)}</div>
<div class="ends" aria-hidden="true">${endLabels(lines)}</div>
<div class="xs" aria-hidden="true">${x.ticks.map(xLabel)}</div>
</div>
<p class="x-title" aria-hidden="true">${xTitle}</p>
<details><summary>Figures as a table</summary>${tableOf(title, table)}</details>
</figure>
`;
}

const across = (at: number): number => Math.round(at * 1_000);
const place = (at: number): number => Math.round((1 - at) * 1_000);
const percent = (at: number): string => `${Math.round(at * 10_000) / 100}%`;

const yLabel = ({ at, label }: Tick): Markup => html`<span style="bottom:${percent(at)}">${label}</span>`;
const xLabel = ({ at, label, minor }: Tick): Markup =>
  html`<span${minor && html` class="minor"`} style="left:${percent(at)}">${label}</span>`;
const bandShape = ({ kind, from, to }: Band): Markup =>
  html`<rect class="${kind}" x="${across(from)}" y="0" width="${Math.max(2, across(to) - across(from))}" height="1000"/>`;

function lineShape({ points, tone, kind }: Line): Markup {
  const runs: string[] = [];
  const areas: string[] = [];
  let run: string[] = [];
  let from = 0;
  let last = 0;
  const close = (): void => {
    // A single point between two gaps would be invisible.
    if (run.length === 1) run.push(`${last + 1} ${run[0]?.split(' ')[1] ?? ''}`);
    if (run.length > 0) runs.push(`M${run.join('L')}`);
    if (run.length > 0) areas.push(`M${from} 1000L${run.join('L')}L${last} 1000Z`);
    run = [];
  };
  for (const point of points) {
    if (point === undefined) {
      close();
    } else {
      last = across(point[0]);
      if (run.length === 0) from = last;
      run.push(`${last} ${place(point[1])}`);
    }
  }
  close();
  const area = kind === 'area' && html`<path class="fill t-${tone}" d="${areas.join('')}"/>`;
  return html`${area}<path class="${kind} t-${tone}" d="${runs.join('')}"/>`;
}

/** Of the width of a plot: the distance that the labels of two moments need. */
const MOMENT = 0.15;

/** What happened, beside its line; of moments that are close to each other only the first is named. */
function momentLabels(marks: readonly Mark[]): Markup[] {
  let last = -1;
  return marks.flatMap(({ at, label }) => {
    if (at - last < MOMENT) return [];
    last = at;
    return html`<span class="moment${at > 1 - MOMENT && ' before'}" style="left:${percent(at)}">${label}</span>`;
  });
}

/** Of the height of a plot: the distance that two labels need. */
const LABEL = 0.075;

/** Each line's name at the height of its last point; where they would overlap they move apart. */
function endLabels(lines: readonly Line[]): Markup[] {
  // Lines come from the highest to the lowest: where two end at one height, the labels keep that order.
  const labels = lines
    .toReversed()
    .map(({ name, tone, points }) => ({ name, tone, at: points.findLast((point) => point !== undefined)?.[1] ?? 0 }))
    .toSorted((a, b) => a.at - b.at);
  let lowest = 0;
  const placed = labels.map((label) => {
    const at = Math.max(label.at, lowest);
    lowest = at + LABEL;
    return { ...label, at };
  });
  let highest = 1;
  for (const label of placed.toReversed()) {
    label.at = Math.min(label.at, highest);
    highest = label.at - LABEL;
  }
  return placed.map(({ name, tone, at }) => html`<span class="t-${tone}" style="bottom:${percent(at)}">${name}</span>`);
}

function tableOf(caption: string, { head, rows }: ChartTable): Markup {
  return html`<div class="scroll"><table><caption>${caption}</caption><thead><tr>${head.map((title) => html`<th scope="col">${title}</th>`)}</tr></thead><tbody>
${rows.map(
  ({
    at,
    cells: [first = '', ...rest],
  }) => html`<tr data-x="${across(at)}"><th scope="row">${first}</th>${rest.map((cell) => html`<td>${cell}</td>`)}</tr>
`,
)}</tbody></table></div>`;
}
