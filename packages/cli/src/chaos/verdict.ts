import { EXIT } from '@drumline/core/errors';
import type { ExpectedTask } from './expected-run.ts';

/** Of the summary that the last publisher printed (`--json`): what a verdict looks at. */
export interface PlayedSummary {
  readonly run: string;
  readonly state: string;
  readonly balanced: boolean;
  readonly deadLetters: number;
  readonly notes: readonly string[];
  readonly tasks: readonly PlayedTask[];
}

export interface PlayedTask {
  readonly task: number;
  readonly action: string;
  readonly ledger: Readonly<Record<'planned' | 'published' | 'ok' | 'failed' | 'dropped' | 'duplicate', number>>;
  /** Absent when no worker kept one. */
  readonly digest?: string;
}

export interface Evidence {
  readonly expected: readonly ExpectedTask[];
  /** `undefined`: no publisher lived to print one. */
  readonly summary: PlayedSummary | undefined;
  /** Exit code of the publisher that printed it. */
  readonly exit: number | undefined;
  /** Tasks whose ops may be dropped because the plan says so (`late`). */
  readonly mayDrop: ReadonlySet<number>;
  /** Whether Redis was allowed to forget what it had confirmed. */
  readonly mayLose: boolean;
  /** What else was seen and must not be: one sentence each. */
  readonly seen: readonly string[];
}

export interface TaskVerdict {
  readonly task: number;
  readonly action: string;
  readonly expected: number;
  readonly ok: number;
  readonly failed: number;
  readonly dropped: number;
  readonly duplicate: number;
  /** `open`: ops were dropped as the plan allows, so that the sum over all of them says nothing. */
  readonly digest: 'same' | 'other' | 'open';
}

export interface Verdict {
  readonly holds: boolean;
  /** Redis has forgotten what it had confirmed, as it may, and the run has said so. */
  readonly lost: boolean;
  /** One sentence for each thing that does not hold. */
  readonly problems: readonly string[];
  readonly tasks: readonly TaskVerdict[];
}

/**
 * Holds the run that was disturbed against the one that the plan describes. It holds when
 *
 *     published, and ok + failed + dropped = the plan's ops      for each task: nothing lost, nothing made up
 *     digest of all acknowledged ops       = the plan's digest   they are those ops, and each was counted once
 *
 * and the publisher says so itself, by `balanced` and exit code 0. Where Redis was made to forget, the run cannot balance:
 * then it holds when the publisher says *that*: `DRUM_BUS_LOST` and exit code 5.
 */
export function judge(evidence: Evidence): Verdict {
  const { expected, summary, exit, mayLose, seen } = evidence;
  const tasks = expected.map((task) => verdictOf(task, summary, evidence.mayDrop));
  const problems =
    summary === undefined ? ['no publisher has printed a summary'] : problemsOf(evidence, summary, tasks);
  // A Redis that stays away is no excuse: only the run's own word that data is gone counts.
  const saysSo = exit === EXIT.incomplete && summary?.notes.some((note) => note.includes('DRUM_BUS_LOST')) === true;
  const lost = mayLose && problems.length > 0 && saysSo;
  const wrong = lost ? seen : [...problems, ...seen];
  return { holds: wrong.length === 0, lost, problems: wrong, tasks };
}

function verdictOf(
  { task, action, ops, digest }: ExpectedTask,
  summary: PlayedSummary | undefined,
  mayDrop: ReadonlySet<number>,
): TaskVerdict {
  const played = summary?.tasks.find((one) => one.task === task);
  const { ok = 0, failed = 0, dropped = 0, duplicate = 0 } = played?.ledger ?? {};
  const compared = played?.digest === digest ? 'same' : dropped > 0 && mayDrop.has(task) ? 'open' : 'other';
  return { task, action, expected: ops, ok, failed, dropped, duplicate, digest: compared };
}

function problemsOf(
  { expected, exit, mayDrop }: Evidence,
  summary: PlayedSummary,
  tasks: readonly TaskVerdict[],
): string[] {
  const problems: string[] = [];
  if (summary.state !== 'finished') problems.push(`the run's state is ${summary.state}, expected finished`);
  for (const verdict of tasks) {
    const { task, action, ok, failed, dropped } = verdict;
    const name = `task ${task} (${action})`;
    const played = summary.tasks.find((one) => one.task === task);
    const ended = ok + failed + dropped;
    const published = played?.ledger.published ?? 0;
    if (played?.ledger.planned !== verdict.expected)
      problems.push(
        `${name}: the publisher planned ${played?.ledger.planned ?? 0} ops, the plan has ${verdict.expected}`,
      );
    if (published > verdict.expected || (published < verdict.expected && !mayDrop.has(task)))
      problems.push(`${name}: ${published} ops were published, the plan has ${verdict.expected}`);
    if (ended !== verdict.expected)
      problems.push(`${name}: ${ended} ops have an outcome, the plan has ${verdict.expected}`);
    if (dropped > 0 && !mayDrop.has(task)) problems.push(`${name}: ${dropped} ops were dropped`);
    if (verdict.digest === 'other')
      problems.push(
        `${name}: digest ${played?.digest ?? '(none)'}, the plan's is ${expected[task]?.digest ?? '(none)'}`,
      );
  }
  if (!summary.balanced)
    problems.push(`the publisher says that the ledger does not balance: ${summary.notes.join('; ')}`);
  if (summary.deadLetters > 0) problems.push(`${summary.deadLetters} elements lie in dead-letter lists`);
  if (exit !== 0) problems.push(`the publisher ended with exit code ${exit ?? '(none)'}`);
  return problems;
}

/** Of measured durations, ms. */
export interface Spread {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** By nearest rank: a figure that was measured, never one in between. `undefined` of nothing. */
export function spreadOf(durations: readonly number[]): Spread | undefined {
  const sorted = durations.toSorted((a, b) => a - b);
  const at = (percent: number): number => sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? 0;
  return sorted.length === 0 ? undefined : { count: sorted.length, p50: at(50), p99: at(99), max: at(100) };
}
