import type { Micros } from '@drumline/core/units';
import { countText, durationText, percentText, rateText, stopwatchText } from './figures-text.ts';
import { COLORED, cut, PLAIN, printable, type Style } from './table.ts';

export interface LiveTask {
  readonly task: number;
  readonly action: string;
  /** Ops of the whole task. */
  readonly planned: number;
  readonly published: number;
  /** Ops per second, now. */
  readonly rate: { readonly planned: number; readonly achieved: number };
  /** Of the last interval; `undefined` = nothing ended in it. */
  readonly response: { readonly p50: Micros; readonly p99: Micros } | undefined;
  /** Ops that failed since the run began. */
  readonly errors: number;
}

/** All that the live display shows. */
export interface LiveState {
  readonly run: string;
  readonly elapsed: Micros;
  /** The factor by which a `rate` command has changed every rate; 1 = as planned. */
  readonly factor: number;
  readonly paused: boolean;
  /** Overrides the words for the state, such as `draining`. */
  readonly state?: string;
  readonly workers: number;
  /** Worker-seconds of the run that were disturbed so far. */
  readonly disturbed?: number;
  /** Tasks that are running. */
  readonly tasks: readonly LiveTask[];
  /** Elements by queue. */
  readonly queues: readonly number[];
}

export interface Screen {
  readonly columns: number;
  readonly rows: number;
  readonly color: boolean;
}

/**
 * The display as lines: at most `rows` of them, none longer than `columns`. Where there is little room, the bars and then
 * the figures of least use leave the lines first; then the queues, then the last tasks (their number is said) are left out.
 */
export function liveView(state: LiveState, { columns, rows, color }: Screen): string[] {
  if (rows < 1 || columns < 1) return [];
  const style = color ? COLORED : PLAIN;
  const lines = [leadLine(state, columns, style)];
  const queues = queueLine(state.queues, columns, style);
  const withQueues = rows >= state.tasks.length + 2 || rows >= 4;
  const room = rows - 1 - (withQueues ? 1 : 0);
  const shown = state.tasks.length <= room ? state.tasks : state.tasks.slice(0, Math.max(0, room - 1));
  lines.push(...taskLines(shown, columns, style));
  const hidden = state.tasks.length - shown.length;
  if (hidden > 0 && room > 0)
    lines.push(style.dim(cut(`… and ${hidden} more ${hidden === 1 ? 'task' : 'tasks'}`, columns)));
  if (withQueues) lines.push(queues);
  return lines;
}

function leadLine(state: LiveState, columns: number, style: Style): string {
  const words = state.state ?? (state.paused ? 'PAUSED' : '');
  const facts = [
    stopwatchText(state.elapsed),
    ...(words === '' ? [] : [printable(words)]),
    `run ${printable(state.run)}`,
    `${state.workers} ${state.workers === 1 ? 'worker' : 'workers'}`,
    ...(state.factor === 1 ? [] : [`rate ×${state.factor}`]),
    ...((state.disturbed ?? 0) === 0 ? [] : [`${countText(state.disturbed ?? 0)} s disturbed`]),
  ];
  const text = cut(facts.join('  '), columns);
  return state.paused || state.workers === 0 ? style.warn(text) : style.bold(text);
}

function queueLine(queues: readonly number[], columns: number, style: Style): string {
  const total = queues.reduce((sum, length) => sum + length, 0);
  const each = `queues ${countText(total)} [${queues.join(' ')}]`;
  return style.dim(
    cut(
      each.length <= columns
        ? each
        : `queues ${countText(total)} in ${queues.length}, longest ${countText(Math.max(0, ...queues))}`,
      columns,
    ),
  );
}

/** One figure of a task's line. Parts with a higher `rank` leave first when there is no room. */
interface Part {
  readonly rank: number;
  readonly text: string;
  readonly style?: ((text: string) => string) | undefined;
}

function taskLines(tasks: readonly LiveTask[], columns: number, style: Style): string[] {
  const rows = tasks.map((task) => partsOf(task, style));
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]?.text.length ?? 0)));
  const ranks = (rows[0] ?? []).map(({ rank }) => rank);
  const kept = fitting(widths, ranks, columns);
  return rows.map((row) => {
    const parts = kept.map((i) => {
      const { text, style: own } = row[i] ?? { text: '' };
      const padded = i < 2 ? text.padEnd(widths[i]!) : text.padStart(widths[i]!);
      const shown = cut(padded, columns);
      return own === undefined ? shown : own(shown);
    });
    return parts.join('  ').trimEnd();
  });
}

function partsOf(task: LiveTask, style: Style): Part[] {
  const done = task.planned > 0 ? Math.min(1, task.published / task.planned) : 0;
  const behind = task.rate.achieved < task.rate.planned * 0.95;
  return [
    { rank: 0, text: printable(`${task.task} ${task.action}`) },
    { rank: 8, text: bar(done), style: style.good },
    { rank: 1, text: percentText(done) },
    { rank: 5, text: `${countText(task.published)} published` },
    { rank: 6, text: `${countText(Math.max(0, task.planned - task.published))} left` },
    {
      rank: 2,
      text: `${rateText(task.rate.achieved)} of ${rateText(task.rate.planned)}/s`,
      style: behind ? style.warn : undefined,
    },
    { rank: 7, text: `p50 ${task.response === undefined ? '–' : durationText(task.response.p50)}` },
    { rank: 3, text: `p99 ${task.response === undefined ? '–' : durationText(task.response.p99)}` },
    {
      rank: 4,
      text: `${countText(task.errors)} ${task.errors === 1 ? 'error' : 'errors'}`,
      style: task.errors > 0 ? style.bad : style.dim,
    },
  ];
}

const BAR = 20;
const bar = (share: number): string => '█'.repeat(Math.floor(share * BAR)).padEnd(BAR, '░');

/** Which parts fit into `columns` side by side, in their order: the one of rank 0 always, of the rest the lowest ranks. */
function fitting(widths: readonly number[], ranks: readonly number[], columns: number): number[] {
  let kept = widths.map((_, i) => i);
  const width = (): number => kept.reduce((sum, i) => sum + widths[i]! + 2, -2);
  while (kept.length > 1 && width() > columns) {
    const least = kept.reduce((a, b) => (ranks[b]! > ranks[a]! ? b : a));
    kept = kept.filter((i) => i !== least);
  }
  return kept;
}
