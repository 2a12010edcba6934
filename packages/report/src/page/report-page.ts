import { createHash } from 'node:crypto';
import type { Summary, TaskSummary } from '../summary.ts';
import type { TimelinePoint } from '../timeline.ts';
import { type Chart, chartFigure } from './chart.ts';
import { HOVER_SCRIPT } from './hover-script.ts';
import { html, Markup } from './markup.ts';
import { PAGE_STYLE } from './page-style.ts';
import { percentileChart } from './percentile-chart.ts';
import {
  backlogChart,
  errorChart,
  inFlightChart,
  latencyChart,
  rateChart,
  type TimeAxis,
  timeAxis,
  workerChart,
} from './run-charts.ts';
import { type Sample, samplesOf } from './samples.ts';
import {
  certificateSection,
  errorSection,
  headerSection,
  latencyTable,
  ledgerSection,
  nameOf,
  noteSection,
  planSection,
  shownOf,
  taskSection,
  thresholdSection,
  tileSection,
  verdictSection,
  workerSection,
} from './sections.ts';

export interface PageInput {
  readonly summary: Summary;
  /** What happened second by second; without it there are no charts over time. */
  readonly points?: readonly TimelinePoint[];
}

/** Places along a chart: about as many as a screen has room for. */
const MOST_SAMPLES = 600;
/** Tasks that get charts of their own: those with the most ops. */
const MOST_TASKS = 16;
/** Samples of all tasks' charts together: they share what the page may weigh. */
const TASK_SAMPLES = 2_400;

/**
 * The report of a run as one HTML document: nothing is loaded from anywhere, and nothing in it can be: its
 * content security policy forbids all but its own style sheet and the one script that shows figures under the pointer.
 */
export function renderPage({ summary, points = [] }: PageInput): string {
  const start = Date.parse(summary.started) * 1_000;
  const samples = samplesOf(points, start, MOST_SAMPLES);
  const axis = timeAxis(summary, samples);
  const body = html`<main>
${headerSection(summary)}${verdictSection(summary)}${tileSection(summary)}${thresholdSection(summary)}${ledgerSection(summary)}${taskSection(summary)}
${overTimeSection(samples, axis, summary)}
${tasksSection(summary, points, start)}
${errorsSection(summary, samples, axis)}
${workersSection(summary, samples, axis)}
${certificateSection(summary)}${noteSection(summary)}${planSection(summary)}
<footer>Service times run from the actual send and hide waiting before it, so they are labelled uncorrected. Percentiles are of
HDR histograms, at most 0.1 % off; they are added up over workers and time, never averaged.</footer>
</main>`;
  return documentOf(`Run ${summary.run} ${summary.state}`, body);
}

function documentOf(title: string, body: Markup): string {
  const hash = createHash('sha256').update(HOVER_SCRIPT).digest('base64');
  const policy = `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`;
  return html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${Markup.trusted(PAGE_STYLE)}</style>
</head>
<body>
${body}
<script>${Markup.trusted(HOVER_SCRIPT)}</script>
</body>
</html>
`.text;
}

const figures = (charts: readonly (Chart | undefined)[]): Markup[] =>
  charts.filter((chart) => chart !== undefined).map(chartFigure);

function overTimeSection(samples: readonly Sample[], axis: TimeAxis, { tasks }: Summary): Markup | undefined {
  if (samples.length === 0) return undefined;
  const title = tasks.length > 1 ? 'Rate of all tasks' : 'Rate';
  return html`<h2>Over time</h2>
${keyOf(axis)}
${figures([rateChart(title, samples, axis)])}
<div class="two-up">${figures([backlogChart(samples, axis), inFlightChart(samples, axis)])}</div>
`;
}

function keyOf({ bands }: TimeAxis): Markup | undefined {
  const kinds = new Set(bands.map(({ kind }) => kind));
  if (kinds.size === 0) return undefined;
  return html`<p class="key">${kinds.has('disturbed') && html`<span><i class="disturbed"></i>disturbed: * in the tables</span>`}${kinds.has('paused') && html`<span><i class="paused"></i>paused: the plan's time stands still</span>`}</p>`;
}

function tasksSection(summary: Summary, points: readonly TimelinePoint[], start: number): Markup {
  const busiest = summary.tasks
    .filter((task) => shownOf(summary, task).response.count > 0)
    .toSorted((a, b) => b.ledger.planned - a.ledger.planned)
    .slice(0, MOST_TASKS)
    .toSorted((a, b) => a.task - b.task);
  const samples = samplesOf(points, start, Math.min(MOST_SAMPLES, Math.floor(TASK_SAMPLES / (2 * busiest.length))));
  const axis = timeAxis(summary, samples);
  const left = summary.tasks.length - busiest.length;
  return html`${busiest.map((task) => oneTask(summary, task, samples, axis))}${left > 0 && html`<p class="lead">${left} more ${left === 1 ? 'task has' : 'tasks have'} no charts: few ops, or none, were measured.</p>`}`;
}

function oneTask(summary: Summary, task: TaskSummary, samples: readonly Sample[], axis: TimeAxis): Markup {
  const latencies = shownOf(summary, task);
  const title = summary.tasks.length > 1 ? `Task ${nameOf(task)}` : `Latency of ${task.name ?? task.action}`;
  const about = summary.shown === 'clean' ? 'Without disturbed seconds, but for the chart over time.' : undefined;
  const charts = [
    summary.tasks.length > 1 && samples.length > 0 ? rateChart('Rate', samples, axis, task.task) : undefined,
    percentileChart(latencies),
  ];
  return html`<section><h2>${title}</h2>
${about !== undefined && html`<p class="lead">${about}</p>`}${latencyTable(latencies)}
${figures([latencyChart(task, samples, axis)])}<div class="two-up">${figures(charts)}</div></section>
`;
}

function errorsSection(summary: Summary, samples: readonly Sample[], axis: TimeAxis): Markup | undefined {
  const table = errorSection(summary);
  if (table === undefined) return undefined;
  return html`<h2>Errors</h2>
${table}${figures([errorChart(samples, axis)])}`;
}

function workersSection(summary: Summary, samples: readonly Sample[], axis: TimeAxis): Markup | undefined {
  const table = workerSection(summary);
  if (table === undefined) return undefined;
  return html`<h2>Workers</h2>
${table}${figures([workerChart(samples, axis)])}`;
}
