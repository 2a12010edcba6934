import { countText, durationText, type Style, table } from '@drumline/report';
import type { ChaosEvent, Measured } from './chaos-show.ts';
import type { ChaosResult } from './run-chaos.ts';
import type { TargetCount } from './target-count.ts';
import { type Spread, spreadOf, type TaskVerdict, type Verdict } from './verdict.ts';

/** `  12.34 s  killed                w2  pid 4711` */
export function eventLine({ at, what, who, pid }: ChaosEvent): string {
  const subject = who === undefined ? '' : `${who} `;
  return `${(at / 1_000).toFixed(2).padStart(8)} s  ${subject}${what}${pid === undefined ? '' : `  (pid ${pid})`}`;
}

/** Spreads of what was measured, by figure and kind of fault: `redelivery workers`, `gap publisher`. */
export function spreadsOf(measured: readonly Measured[]): Map<string, Spread> {
  const named = Map.groupBy(measured, ({ figure, kind }) => `${figure} ${kind}`);
  return new Map([...named].map(([name, all]) => [name, spreadOf(all.map(({ ms }) => ms))!]));
}

/** The verdict for a person. */
export function verdictText(
  { verdict, counts, measured, missed, folder }: ChaosResult,
  columns: number,
  style: Style,
): string {
  const digests = { same: style.good('same'), other: style.bad('OTHER'), open: 'open' };
  const head = ['ops', 'plan', 'ok', 'failed', 'dropped', 'duplicate', 'digest'];
  const rows = verdict.tasks.map((task) => [
    { text: `${task.task} ${task.action}` },
    ...numbersOf(task).map((number) => ({ text: countText(number) })),
    { text: task.digest, style: () => digests[task.digest].padStart(6) },
  ]);
  const lines = [
    '',
    ...table(
      columns,
      head.map((title, i) => ({ title, align: i === 0 ? 'left' : 'right' })),
      rows,
      style,
    ),
    '',
    ...counts.map(countLine),
    ...[...spreadsOf(measured)].map(([name, spread]) => spreadLine(name, spread)),
    ...(missed > 0 ? [`${missed} faults came to nothing: the run was over before`] : []),
    ...verdict.problems.map((problem) => style.bad(`✗ ${problem}`)),
    conclusionOf(verdict, style),
    ...(folder === undefined ? [] : [`kept: ${folder}`]),
  ];
  return `${lines.join('\n')}\n`;
}

const numbersOf = ({ expected, ok, failed, dropped, duplicate }: TaskVerdict): number[] => [
  expected,
  ok,
  failed,
  dropped,
  duplicate,
];

function conclusionOf({ holds, lost }: Verdict, style: Style): string {
  if (!holds) return style.bad('✗ it does not hold');
  if (lost) return style.warn('✓ Redis has forgotten a part of the run, as it was allowed to, and the run says so');
  return style.good('✓ it holds: every op of the plan has exactly one outcome, and they are the ops of the plan');
}

const countLine = ({ command, executed, least, most }: TargetCount): string =>
  `target: ${command} executed ${countText(executed)} times; by the ledger ${countText(least)} to ${countText(most)}`;

const MEANING: Readonly<Record<Measured['figure'], string>> = {
  redelivery: 'until its batches were executed by others',
  gap: 'until the next beat was published',
};

function spreadLine(name: string, { count, p50, p99, max }: Spread): string {
  const [figure = 'gap', kind = ''] = name.split(' ');
  const shown = [p50, p99, max].map((ms) => durationText(ms * 1_000));
  const what = `${kind}: ${MEANING[figure as Measured['figure']]}`;
  return `${what}  n ${count}  p50 ${shown[0]}  p99 ${shown[1]}  max ${shown[2]}`;
}
