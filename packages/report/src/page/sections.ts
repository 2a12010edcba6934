import { decimalText } from '@drumline/core/document';
import { LEDGER_COLUMNS, type LedgerCounts } from '@drumline/core/ledger';
import { DISTURBANCES } from '@drumline/core/stats';
import { bytesText, countText, durationText, percentText, rateText } from '../figures-text.ts';
import { valueText } from '../judge/index.ts';
import type { LatencySummaries, LatencySummary, Summary, TaskSummary } from '../summary.ts';
import { dataTable, type PageCell, type PageRow } from './data-table.ts';
import { html, type Markup } from './markup.ts';

export const nameOf = ({ task, name, action }: TaskSummary): string => `${task} ${name ?? action}`;
/** The latencies that the summary is to show. */
export const shownOf = (summary: Summary, task: TaskSummary): LatencySummaries =>
  summary.shown === 'clean' ? task.clean : task;

export function headerSection(summary: Summary): Markup {
  const { run, state, prefix, started, elapsedUs, scale, speed, workers } = summary;
  const facts = [
    `${started.slice(0, 10)} ${started.slice(11, 19)} UTC`,
    durationText(elapsedUs),
    `${countText(workers.length)} ${workers.length === 1 ? 'worker' : 'workers'}`,
    `prefix ${prefix}`,
    ...(scale === 1 ? [] : [`scale ${decimalText(scale)}`]),
    ...(speed === 1 ? [] : [`speed ${decimalText(speed)}`]),
  ];
  return html`<header><p class="eyebrow">Drumline report</p>
<h1>Run ${run} ${state}</h1>
<p class="facts">${facts.join(' · ')}</p></header>
`;
}

interface Verdict {
  readonly tone: 'good' | 'warn' | 'bad';
  readonly lead: string;
  readonly text: string;
}

/** What is to be known before any figure is read. */
export function verdictSection(summary: Summary): Markup {
  const { balanced, deadLetters, disturbed, shown, certificate, slos } = summary;
  const verdicts: Verdict[] = [
    balanced
      ? { tone: 'good', lead: '✓ Balanced.', text: 'Every planned op has exactly one outcome.' }
      : {
          tone: 'bad',
          lead: '✗ Not balanced.',
          text: 'Some planned ops have no outcome, or more than one: see the notes.',
        },
  ];
  if (certificate !== null) {
    const isHeld = certificate.verdict === 'rate held';
    const lead = `${isHeld ? '✓' : '✗'} ${capital(certificate.verdict)}.`;
    verdicts.push({ tone: isHeld ? 'good' : 'bad', lead, text: `${capital(certificate.reason)}.` });
  }
  if (slos.length > 0) {
    const missed = slos.filter(({ ok }) => !ok);
    const tone = missed.length === 0 ? 'good' : 'bad';
    const lead = tone === 'good' ? '✓ Thresholds kept.' : '✗ Thresholds missed.';
    const text =
      missed.length === 0 ? `All ${countText(slos.length)}.` : `${missed.map((slo) => slo.text).join(' · ')}.`;
    verdicts.push({ tone, lead, text: slos.length === 1 && tone === 'good' ? `${slos[0]?.text ?? ''}.` : text });
  }
  if (disturbed.seconds > 0) {
    const reasons = DISTURBANCES.filter((reason) => disturbed[reason] > 0).map(
      (reason) => `${reason} ${countText(disturbed[reason])}`,
    );
    const effect = shown === 'clean' ? 'Latencies are shown without them.' : 'Latencies are shown with them.';
    verdicts.push({
      tone: 'warn',
      lead: '! Disturbed.',
      text: `Something besides the target had a part in ${countText(disturbed.seconds)} of ${countText(disturbed.of)} worker-seconds (${reasons.join(', ')}). ${effect}`,
    });
  }
  if (deadLetters > 0) {
    const text = `${countText(deadLetters)} queue ${deadLetters === 1 ? 'element' : 'elements'} that nobody could read, set aside.`;
    verdicts.push({ tone: 'warn', lead: '! Dead letters.', text });
  }
  return html`<ul class="verdicts">${verdicts.map(({ tone, lead, text }) => html`<li class="is-${tone}"><b>${lead}</b> ${text}</li>`)}</ul>
`;
}

const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);

/** The few figures that are asked for first. */
export function tileSection(summary: Summary): Markup {
  const { ledger, tasks } = summary;
  const ended = ledger.ok + ledger.failed;
  const [only] = tasks;
  const response = tasks.length === 1 && only !== undefined ? shownOf(summary, only).response : undefined;
  const tiles: [title: string, figure: string, small: string][] = [
    ['Ops planned', countText(ledger.planned), `${countText(ended)} ended`],
    [
      'Failed',
      countText(ledger.failed),
      ended === 0 ? '' : `${percentText(ledger.failed / ended)} of those that ended`,
    ],
    ['Dropped', countText(ledger.dropped), 'never sent'],
  ];
  if (response !== undefined && response.count > 0 && only !== undefined) {
    tiles.push(
      ['Rate', `${rateText(only.rate.achieved)}/s`, `planned ${rateText(only.rate.planned)}/s`],
      ['Response p50', durationText(response.p50Us), `mean ${durationText(response.meanUs)}`],
      ['Response p99', durationText(response.p99Us), `max ${durationText(response.maxUs)}`],
    );
  }
  return html`<dl class="tiles">${tiles.map(([title, figure, small]) => html`<div><dt>${title}</dt><dd>${figure}<small>${small}</small></dd></div>`)}</dl>
`;
}

export function ledgerSection({ tasks, ledger }: Summary): Markup {
  const rows = tasks.map((task): PageRow => ({ cells: [nameOf(task), ...ledgerCells(task.ledger)] }));
  if (tasks.length > 1) rows.push({ kind: 'sum', cells: ['total', ...ledgerCells(ledger)] });
  return html`<h2>Ledger</h2>
<p class="lead">What became of each op, counted where it happened.</p>
${dataTable('Ledger', ['ops', ...LEDGER_COLUMNS], rows)}`;
}

const ledgerCells = (counts: LedgerCounts): PageCell[] =>
  LEDGER_COLUMNS.map((column) => ({
    text: countText(counts[column]),
    tone:
      counts[column] === 0
        ? undefined
        : column === 'failed'
          ? 'alarm'
          : column === 'dropped' || column === 'duplicate'
            ? 'caution'
            : undefined,
  }));

/** The thresholds, in the order in which they were given. */
export function thresholdSection({ slos }: Summary): Markup | undefined {
  if (slos.length === 0) return undefined;
  const rows = slos.map((slo): PageRow => {
    const { text, ok, decided, aborted, windows, worstWindow } = slo;
    const outcome = ok ? 'kept' : decided ? 'missed' : 'undecided: too few ops';
    const worst = worstWindow == null ? '' : `, worst at ${worstWindow.at.slice(11, 19)}`;
    return {
      cells: [
        text,
        { text: aborted ? `${outcome}, ended the run` : outcome, tone: ok ? undefined : 'alarm' },
        valueText(slo),
        windows === undefined
          ? ''
          : `${countText(windows.missed)} of ${countText(windows.count)} windows missed${worst}`,
      ],
    };
  });
  return html`<h2>Thresholds</h2>
${dataTable('Thresholds', ['threshold', 'outcome', 'value', 'windows'], rows)}`;
}

export function certificateSection({ certificate }: Summary): Markup | undefined {
  if (certificate === null) return undefined;
  const { windows, jitter, late, waited, clockErrorUs, generator } = certificate;
  const rows = windows.map(({ widthUs, count, held, worst }): PageRow => {
    const farthest =
      worst === null ? '–' : `${countText(worst.sent)} of ${countText(worst.planned)} at ${worst.at.slice(11, 22)}`;
    return { cells: [durationText(widthUs), countText(count), percentText(held), farthest] };
  });
  const facts: [string, string][] = [
    ['Sent in their second', percentText(certificate.kept)],
    ['Needed', percentText(certificate.required)],
    ['Late ops (over 10 ms)', countText(late)],
    ['… that waited for a place in flight', countText(waited)],
    ['Send jitter p50', durationText(jitter.p50Us)],
    ['Send jitter p99', durationText(jitter.p99Us)],
    ['Send jitter max', durationText(jitter.maxUs)],
    ['Clock error', `±${durationText(clockErrorUs)}`],
    ['CPU of all workers, mean', `${generator.cpuCores.toFixed(2)} cores`],
    ['CPU of one worker, peak', `${generator.cpuPeakCores.toFixed(2)} cores`],
    ['Busiest event loop', percentText(generator.loopBusy)],
    ['Event-loop delay p99, worst second', durationText(generator.loopDelayP99Us)],
  ];
  return html`<h2>Rate certificate</h2>
<p class="lead">Was the load what the plan asked for? Windows count as held within 5 % of the plan, or one op.</p>
<div class="two-up"><div>${dataTable('Windows in which the rate was held', ['window', 'windows', 'held', 'farthest: sent of planned'], rows)}</div>
<div>${dataTable(
    'Figures of the certificate',
    ['figure', ''],
    facts.map((cells) => ({ cells })),
  )}</div></div>
`;
}

const QUANTILES = ['p50Us', 'p90Us', 'p95Us', 'p99Us', 'p999Us', 'maxUs', 'meanUs'] as const;
const TITLES = ['p50', 'p90', 'p95', 'p99', 'p99.9', 'max', 'mean'];

export function latencyTable(latencies: LatencySummaries): Markup {
  const row = (name: string, of: LatencySummary): string[] => [
    name,
    ...QUANTILES.map((each) => durationText(of[each])),
  ];
  return dataTable(
    'Latency',
    ['latency', ...TITLES],
    [
      { cells: row('response', latencies.response) },
      { kind: 'uncorrected', cells: row('service (uncorrected)', latencies.service) },
      { cells: row('lateness', latencies.lateness) },
    ],
  );
}

/** Each task in a line: rates and latency. */
export function taskSection(summary: Summary): Markup {
  const rows = summary.tasks.map((task): PageRow => {
    const { rate } = task;
    const { response } = shownOf(summary, task);
    const latency = (us: number): string => (response.count === 0 ? '–' : durationText(us));
    const held = { text: percentText(rate.held), tone: rate.held < 0.95 ? ('caution' as const) : undefined };
    return {
      cells: [
        nameOf(task),
        `${rateText(rate.planned)}/s`,
        `${rateText(rate.achieved)}/s`,
        task.worstWindow === null ? '–' : held,
        latency(response.p50Us),
        latency(response.p99Us),
        latency(response.p999Us),
        latency(response.maxUs),
      ],
    };
  });
  return html`<h2>Tasks</h2>
<p class="lead">Rates over each task's span; response times from the intended start to the end of the answer.</p>
${dataTable('Tasks', ['task', 'planned', 'achieved', 'windows held', 'p50', 'p99', 'p99.9', 'max'], rows)}`;
}

export function errorSection({ tasks }: Summary): Markup | undefined {
  const rows = tasks.flatMap((task) =>
    Object.entries(task.errors)
      .toSorted(([, a], [, b]) => b - a)
      .map(([code, count]): PageRow => ({ cells: [code, nameOf(task), { text: countText(count), tone: 'alarm' }] })),
  );
  return rows.length === 0 ? undefined : dataTable('Errors by code', ['code', 'task', 'ops'], rows);
}

export function workerSection({ workers }: Summary): Markup | undefined {
  if (workers.length === 0) return undefined;
  const rows = workers.map(
    ({ worker, host, sent, failed, dropped, restarts, clockErrorUs, rssBytes }): PageRow => ({
      cells: [
        worker,
        host,
        countText(sent),
        { text: countText(failed), tone: failed > 0 ? 'alarm' : undefined },
        { text: countText(dropped), tone: dropped > 0 ? 'caution' : undefined },
        { text: countText(restarts), tone: restarts > 0 ? 'caution' : undefined },
        `±${durationText(clockErrorUs)}`,
        bytesText(rssBytes),
      ],
    }),
  );
  return dataTable('Workers', ['worker', 'host', 'sent', 'failed', 'dropped', 'restarts', 'clock', 'memory'], rows);
}

export function noteSection({ notes }: Summary): Markup | undefined {
  if (notes.length === 0) return undefined;
  return html`<h2>Notes</h2>
<ul class="notes">${notes.map((note) => html`<li>${note}</li>`)}</ul>
`;
}

export function planSection({ played }: Summary): Markup | undefined {
  if (played === undefined) return undefined;
  return html`<h2>Plan</h2>
<details class="plan"><summary>The traffic file</summary><pre>${played.plan}</pre></details>
`;
}
