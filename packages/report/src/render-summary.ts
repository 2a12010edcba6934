import { decimalText } from '@drumline/core/document';
import { LEDGER_COLUMNS } from '@drumline/core/ledger';
import { DISTURBANCES } from '@drumline/core/stats';
import { bytesText, countText, durationText, percentText, rateText } from './figures-text.ts';
import { renderCertificate, renderSlos } from './judge/index.ts';
import type { DisturbedSummary, LatencySummary, Summary, TaskSummary } from './summary.ts';
import { type Cell, COLORED, type Column, cut, PLAIN, printable, type Style, table, wrapped } from './table.ts';

export interface RenderOptions {
  /** Width of the terminal in characters. */
  readonly columns: number;
  readonly color: boolean;
}

const left = (title: string): Column => ({ title, align: 'left' });
const right = (title: string): Column => ({ title, align: 'right' });
const nameOf = ({ task, name, action }: TaskSummary): string => `${task} ${name ?? action}`;

/** The summary for a terminal: no line is longer than `columns`. Ends with a line feed. */
export function renderSummary(summary: Summary, { columns, color }: RenderOptions): string {
  const style = color ? COLORED : PLAIN;
  const sections = [
    heading(summary, columns, style),
    ledgerSection(summary, columns, style),
    rateSection(summary, columns, style),
    summary.certificate === null ? [] : renderCertificate(summary.certificate, columns, style),
    renderSlos(summary.slos, columns, style),
    latencySection(summary, columns, style),
    disturbedSection(summary, columns, style),
    phaseSection(summary, columns, style),
    errorSection(summary, columns, style),
    statusSection(summary, columns, style),
    volumeSection(summary, columns, style),
    workerSection(summary, columns, style),
    summary.notes.flatMap((note) => wrapped(`! ${printable(note)}`, columns).map(style.warn)),
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

function heading(summary: Summary, columns: number, style: Style): string[] {
  const { balanced, deadLetters } = summary;
  const verdict = balanced
    ? style.good(cut('✓ balanced: every planned op has exactly one outcome', columns))
    : style.bad(cut('✗ NOT balanced: see the notes below', columns));
  const facts = [
    `prefix ${printable(summary.prefix)}`,
    `${summary.started} + ${durationText(summary.elapsedUs)}`,
    ...(summary.scale === 1 ? [] : [`scale ${decimalText(summary.scale)}`]),
    ...(summary.speed === 1 ? [] : [`speed ${decimalText(summary.speed)}`]),
  ];
  const dead = `${countText(deadLetters)} ${deadLetters === 1 ? 'element' : 'elements'} set aside as dead letters`;
  return [
    style.bold(cut(`Run ${printable(summary.run)} ${printable(summary.state)}`, columns)),
    ...wrapped(facts.join(' · '), columns).map(style.dim),
    verdict,
    ...(deadLetters === 0 ? [] : [style.warn(cut(`! ${dead}`, columns))]),
  ];
}

function ledgerSection({ tasks, ledger }: Summary, columns: number, style: Style): string[] {
  const styles = { failed: style.bad, dropped: style.warn, duplicate: style.warn };
  const cells = (name: string, counts: Summary['ledger']): Cell[] => [
    { text: name },
    ...LEDGER_COLUMNS.map((column) => {
      const own = column === 'failed' || column === 'dropped' || column === 'duplicate' ? styles[column] : undefined;
      return { text: countText(counts[column]), style: counts[column] > 0 ? own : undefined };
    }),
  ];
  const rows = tasks.map((task) => cells(nameOf(task), task.ledger));
  return table(
    columns,
    [left('ops'), ...LEDGER_COLUMNS.map(right)],
    tasks.length === 1 ? rows : [...rows, cells('total', ledger)],
    style,
  );
}

function rateSection({ tasks }: Summary, columns: number, style: Style): string[] {
  const rows = tasks
    .filter((task) => task.worstWindow !== null)
    .map((task) => [
      { text: nameOf(task) },
      { text: `${rateText(task.rate.planned)}/s` },
      { text: `${rateText(task.rate.achieved)}/s` },
      { text: percentText(task.rate.held), style: task.rate.held < 0.95 ? style.warn : undefined },
      { text: worstText(task) },
    ]);
  const head = [left('rate'), right('planned'), right('achieved'), right('windows held'), right('worst 100 ms')];
  return rows.length === 0 ? [] : table(columns, head, rows, style);
}

function worstText({ worstWindow: worst }: TaskSummary): string {
  if (worst === null) return '';
  const time = worst.at.slice(11, 21);
  const relative =
    worst.planned === 0 ? '' : ` (${worst.deviation > 0 ? '+' : ''}${percentText(worst.deviation / worst.planned)})`;
  return `${countText(worst.sent)} of ${countText(worst.planned)}${relative} at ${time}`;
}

const QUANTILES = ['p50Us', 'p90Us', 'p95Us', 'p99Us', 'p999Us', 'maxUs', 'meanUs'] as const;
const QUANTILE_TITLES = ['p50', 'p90', 'p95', 'p99', 'p99.9', 'max', 'mean'];

function latencySection({ tasks, shown }: Summary, columns: number, style: Style): string[] {
  const rows = tasks.flatMap((task) => {
    const { response, service, lateness } = shown === 'clean' ? task.clean : task;
    if (response.count === 0) return [];
    return [
      latencyRow(nameOf(task), 'response', response),
      latencyRow('', 'service (uncorrected)', service, style.dim),
      latencyRow('', 'lateness', lateness),
    ];
  });
  if (rows.length === 0) return [];
  const title = shown === 'clean' ? 'latency (clean)' : 'latency';
  return table(columns, [left(title), left(''), ...QUANTILE_TITLES.map(right)], rows, style);
}

/** Says so whenever something besides the target had a part in the figures. */
function disturbedSection({ disturbed, shown }: Summary, columns: number, style: Style): string[] {
  if (disturbed.seconds === 0) return [];
  const of = `${countText(disturbed.seconds)} of ${countText(disturbed.of)} worker-seconds`;
  const were = disturbed.seconds === 1 ? 'was' : 'were';
  const effect = shown === 'clean' ? 'latencies without them' : 'latencies with them; --clean leaves them out';
  return wrapped(`! ${of} ${were} disturbed (${reasonsText(disturbed)}): ${effect}`, columns).map(style.warn);
}

const reasonsText = (disturbed: DisturbedSummary): string =>
  DISTURBANCES.filter((reason) => disturbed[reason] > 0)
    .map((reason) => `${reason} ${countText(disturbed[reason])}`)
    .join(', ');

const latencyRow = (name: string, kind: string, from: LatencySummary, style?: (text: string) => string): Cell[] => [
  { text: name },
  { text: kind, style },
  ...QUANTILES.map((quantile) => ({ text: durationText(from[quantile]), style })),
];

/** What of the service time of HTTP requests went where. */
function phaseSection({ tasks }: Summary, columns: number, style: Style): string[] {
  const rows = tasks.flatMap((task) => {
    if (task.phases === undefined) return [];
    const { connect, firstByte } = task.phases;
    const made =
      connect.count === 0 ? [] : [latencyRow(nameOf(task), `connect (${countText(connect.count)})`, connect)];
    return [...made, latencyRow(made.length === 0 ? nameOf(task) : '', 'first byte', firstByte)];
  });
  return rows.length === 0
    ? []
    : table(columns, [left('phases'), left(''), ...QUANTILE_TITLES.map(right)], rows, style);
}

function statusSection({ tasks }: Summary, columns: number, style: Style): string[] {
  const rows = tasks.flatMap((task) =>
    Object.entries(task.statuses ?? {}).map(([status, count]) => [
      { text: nameOf(task) },
      { text: status, style: status >= '400' ? style.warn : undefined },
      { text: countText(count) },
    ]),
  );
  return rows.length === 0 ? [] : table(columns, [left('answers'), left('status'), right('ops')], rows, style);
}

function errorSection({ tasks }: Summary, columns: number, style: Style): string[] {
  const rows = tasks.flatMap((task) =>
    Object.entries(task.errors)
      .sort(([, a], [, b]) => b - a)
      .map(([code, count]) => [{ text: nameOf(task) }, { text: code }, { text: countText(count), style: style.bad }]),
  );
  return rows.length === 0 ? [] : table(columns, [left('errors'), left('code'), right('ops')], rows, style);
}

/** Items and bytes; of the other counters only those that are not 0 everywhere. */
function volumeSection({ tasks }: Summary, columns: number, style: Style): string[] {
  const all = ['items', 'misses', 'throttles', 'unprocessed', 'capacity'] as const;
  const used = all.filter((name) => tasks.some((task) => task[name] > 0));
  if (used.length === 0 && tasks.every((task) => task.bytesSent + task.bytesReceived === 0)) return [];
  const rows = tasks.map((task) => [
    { text: nameOf(task) },
    ...used.map((name) => ({ text: countText(task[name]), style: name === 'items' ? undefined : style.warn })),
    { text: bytesText(task.bytesSent) },
    { text: bytesText(task.bytesReceived) },
  ]);
  return table(columns, [left('volume'), ...used.map(right), right('sent'), right('received')], rows, style);
}

function workerSection({ workers }: Summary, columns: number, style: Style): string[] {
  const rows = workers.map((worker) => [
    { text: worker.worker },
    { text: countText(worker.sent) },
    { text: countText(worker.failed), style: worker.failed > 0 ? style.bad : undefined },
    { text: countText(worker.dropped), style: worker.dropped > 0 ? style.warn : undefined },
    { text: countText(worker.restarts), style: worker.restarts > 0 ? style.warn : undefined },
    { text: `±${durationText(worker.clockErrorUs)}` },
    { text: bytesText(worker.rssBytes) },
  ]);
  const head = [left('worker'), ...['sent', 'failed', 'dropped', 'restarts', 'clock', 'memory'].map(right)];
  return rows.length === 0 ? [] : table(columns, head, rows, style);
}
