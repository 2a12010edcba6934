import { countText, durationText, rateText } from '../figures-text.ts';
import type { Summary, TaskSummary } from '../summary.ts';
import type { Band, Chart, ChartTable, Line, Mark, Tone } from './chart.ts';
import type { Quantiles, Sample, TaskSample } from './samples.ts';
import { briefCount, briefDuration, linearScale, logScale, type Scale, timeScale, timeText } from './ticks.ts';

const X_TITLE = 'time since the start';
const CATEGORIES: readonly Tone[] = ['a', 'b', 'c', 'd', 'e', 'f'];
/** More lines than that nobody tells apart; the rest is summed up. */
const MOST_LINES = CATEGORIES.length;

/** What all charts over time share: the axis, and what is known of its stretches. */
export interface TimeAxis {
  readonly x: Scale;
  readonly bands: readonly Band[];
  readonly marks: readonly Mark[];
}

export function timeAxis({ started, elapsedUs, played }: Summary, samples: readonly Sample[]): TimeAxis {
  const x = timeScale(Math.max(elapsedUs, samples.at(-1)?.to ?? 0, 1));
  const since = (iso: string): number => (Date.parse(iso) - Date.parse(started)) * 1_000;
  const pauses = (played?.pauses ?? []).map(({ from, to }): Band => {
    const end = to === null ? elapsedUs : since(to);
    return { kind: 'paused', from: x.at(since(from)), to: x.at(end) };
  });
  const marks = (played?.rates ?? []).map(({ at, factor }) => ({ at: x.at(since(at)), label: `rate × ${factor}` }));
  return { x, bands: [...disturbedBands(samples, x), ...pauses], marks };
}

/** Neighbours become one band. */
function disturbedBands(samples: readonly Sample[], x: Scale): Band[] {
  const bands: { kind: 'disturbed'; from: number; to: number }[] = [];
  for (const { disturbed, from, to } of samples) {
    const last = bands.at(-1);
    if (!disturbed) continue;
    if (last !== undefined && x.at(from) - last.to < 1e-6) last.to = x.at(to);
    else bands.push({ kind: 'disturbed', from: x.at(from), to: x.at(to) });
  }
  return bands;
}

const middle = ({ from, to }: Sample): number => (from + to) / 2;
const perSecond = (count: number, { length }: Sample): number => (length > 0 ? (count * 1e6) / length : 0);

interface Series {
  readonly name: string;
  readonly tone: Tone;
  readonly kind: Line['kind'];
  readonly values: readonly (number | undefined)[];
}

/** Lines and table of series over the samples, all on one axis. */
function linesOf(
  series: readonly Series[],
  samples: readonly Sample[],
  { x }: TimeAxis,
  y: Scale,
  text: (value: number) => string,
): { readonly lines: Line[]; readonly table: ChartTable } {
  const places = samples.map((sample) => x.at(middle(sample)));
  const lines = series.map(({ name, tone, kind, values }) => ({
    name,
    tone,
    kind,
    points: values.map((value, i) => (value === undefined ? undefined : ([places[i] ?? 0, y.at(value)] as const))),
  }));
  const rows = samples.map((sample, i) => ({
    at: places[i] ?? 0,
    cells: [
      `${timeText(sample.from)}${sample.disturbed ? ' *' : ''}`,
      ...series.map(({ values }) => (values[i] === undefined ? '–' : text(values[i]))),
    ],
  }));
  return { lines, table: { head: ['time', ...series.map(({ name }) => name)], rows } };
}

const greatest = (series: readonly Series[]): number =>
  series.reduce((most, { values }) => values.reduce((max: number, value) => Math.max(max, value ?? 0), most), 0);

/** Planned and sent ops a second, of all tasks or of one. */
export function rateChart(title: string, samples: readonly Sample[], axis: TimeAxis, task?: number): Chart {
  const sum = (sample: Sample, of: 'planned' | 'sent'): number => {
    const tasks = task === undefined ? [...sample.tasks.values()] : [sample.tasks.get(task)];
    return perSecond(
      tasks.reduce((all, each) => all + (each?.[of] ?? 0), 0),
      sample,
    );
  };
  const series: Series[] = [
    { name: 'planned', tone: 'plan', kind: 'area', values: samples.map((sample) => sum(sample, 'planned')) },
    { name: 'sent', tone: 'main', kind: 'line', values: samples.map((sample) => sum(sample, 'sent')) },
  ];
  const y = linearScale(greatest(series), briefCount);
  const about = 'ops a second: by the plan, and as they were sent';
  const parts = linesOf(series, samples, axis, y, (rate) => `${rateText(rate)}/s`);
  return { title, about, ...axis, xTitle: X_TITLE, y, ...parts };
}

const QUANTILES: readonly { name: string; of: keyof Quantiles; tone: Tone; kind: Line['kind'] }[] = [
  { name: 'max', of: 'max', tone: 'plan', kind: 'dashed' },
  { name: 'p99.9', of: 'p999', tone: 'bad', kind: 'line' },
  { name: 'p99', of: 'p99', tone: 'b', kind: 'line' },
  { name: 'p90', of: 'p90', tone: 'c', kind: 'line' },
  { name: 'p50', of: 'p50', tone: 'main', kind: 'line' },
];

/** Response times of one task over time. */
export function latencyChart({ task }: TaskSummary, samples: readonly Sample[], axis: TimeAxis): Chart | undefined {
  const found = samples.map((sample) => sample.tasks.get(task)?.response());
  const series = QUANTILES.map(({ name, of, tone, kind }) => ({
    name,
    tone,
    kind,
    values: found.map((quantiles) => quantiles?.[of]),
  }));
  const known = found.filter((quantiles) => quantiles !== undefined);
  if (known.length === 0) return undefined;
  const least = known.reduce((min, { p50 }) => Math.min(min, p50), Number.POSITIVE_INFINITY);
  const y = logScale(least, greatest(series), briefDuration);
  const about = 'from the intended start to the end of the answer; logarithmic';
  const parts = linesOf(series, samples, axis, y, durationText);
  return { title: 'Response time over time', about, ...axis, xTitle: X_TITLE, y, ...parts };
}

/** Failed ops a second by code, the most frequent first; `undefined` when none failed. */
export function errorChart(samples: readonly Sample[], axis: TimeAxis): Chart | undefined {
  const totals = new Map<string, number>();
  for (const each of samples.flatMap(({ tasks }) => [...tasks.values()])) {
    for (const [code, count] of each.errors) totals.set(code, (totals.get(code) ?? 0) + count);
  }
  if (totals.size === 0) return undefined;
  const counted = (sample: Sample, code: string): number =>
    [...sample.tasks.values()].reduce((sum, { errors }: TaskSample) => sum + (errors.get(code) ?? 0), 0);
  const series = mostOf(totals, 'others').map(({ name, members, tone }) => ({
    name: name.replace(/^DRUM_/u, ''),
    tone,
    kind: 'line' as const,
    values: samples.map((sample) =>
      perSecond(
        members.reduce((sum, code) => sum + counted(sample, code), 0),
        sample,
      ),
    ),
  }));
  const y = linearScale(greatest(series), briefCount);
  const parts = linesOf(series, samples, axis, y, (rate) => `${rateText(rate)}/s`);
  return { title: 'Errors over time', about: 'failed ops a second, by code', ...axis, xTitle: X_TITLE, y, ...parts };
}

/** How long the oldest waiting batch had waited. */
export function backlogChart(samples: readonly Sample[], axis: TimeAxis): Chart {
  const values = samples.map(({ backlog }) => backlog / 1e6);
  const series: Series[] = [{ name: 'backlog', tone: 'b', kind: 'area', values }];
  const y = linearScale(Math.max(0.1, greatest(series)), (seconds) => `${seconds} s`);
  const parts = linesOf(series, samples, axis, y, (seconds) => durationText(seconds * 1e6));
  return { title: 'Backlog', about: 'age of the oldest batch on a queue', ...axis, xTitle: X_TITLE, y, ...parts };
}

export function inFlightChart(samples: readonly Sample[], axis: TimeAxis): Chart {
  const series: Series[] = [
    { name: 'in flight', tone: 'main', kind: 'area', values: samples.map(({ inFlight }) => inFlight) },
  ];
  const y = linearScale(Math.max(1, greatest(series)), briefCount);
  const parts = linesOf(series, samples, axis, y, countText);
  return {
    title: 'In flight',
    about: 'ops that are with their target, on all workers',
    ...axis,
    xTitle: X_TITLE,
    y,
    ...parts,
  };
}

/** What each worker sent; `undefined` when there is none to tell from the whole. */
export function workerChart(samples: readonly Sample[], axis: TimeAxis): Chart | undefined {
  const totals = new Map<string, number>();
  for (const { workers, length } of samples) {
    for (const [worker, rate] of workers) totals.set(worker, (totals.get(worker) ?? 0) + rate * length);
  }
  if (totals.size < 2) return undefined;
  const series = mostOf(totals, 'others').map(({ name, members, tone }) => ({
    name,
    tone,
    kind: 'line' as const,
    values: samples.map(({ workers }) =>
      members.some((worker) => workers.has(worker))
        ? members.reduce((sum, worker) => sum + (workers.get(worker) ?? 0), 0)
        : undefined,
    ),
  }));
  const y = linearScale(greatest(series), briefCount);
  const parts = linesOf(series, samples, axis, y, (rate) => `${rateText(rate)}/s`);
  return { title: 'Rate of each worker', about: 'ops a second that each sent', ...axis, xTitle: X_TITLE, y, ...parts };
}

/** The greatest each by itself, what is left as one. */
function mostOf(
  totals: ReadonlyMap<string, number>,
  rest: string,
): { readonly name: string; readonly members: readonly string[]; readonly tone: Tone }[] {
  const names = [...totals].toSorted(([, a], [, b]) => b - a).map(([name]) => name);
  const alone = names.length <= MOST_LINES ? names : names.slice(0, MOST_LINES - 1);
  const others = names.slice(alone.length);
  return [
    ...alone.map((name, i) => ({ name, members: [name], tone: CATEGORIES[i] ?? 'f' })),
    ...(others.length === 0 ? [] : [{ name: `${others.length} ${rest}`, members: others, tone: 'plan' as const }]),
  ];
}
