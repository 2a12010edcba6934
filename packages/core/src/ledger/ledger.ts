import { NO_DIGEST } from '../data/index.ts';

/** The columns of a ledger, by the names of the JSON output. */
export interface LedgerCounts {
  /** Ops that the plan asked for so far. */
  readonly planned: number;
  /** Ops that were put on a queue. */
  readonly published: number;
  readonly ok: number;
  readonly failed: number;
  /** Ops that nobody sent because their time had passed: skipped by the publisher, or dropped by a worker. */
  readonly dropped: number;
  /**
   * Ops that may have run twice: their worker died (or was taken for dead) while it held their batch, and the batch was given
   * to another one. An upper bound, as it is not known which of them the first one had sent. Outside the balance: whoever holds
   * the batch last accounts for each op once.
   */
  readonly duplicate: number;
}

/** What is known of one task when its ledger is made up. */
export interface LedgerEntry {
  /** Index into the plan's tasks. */
  readonly task: number;
  readonly action: string;
  readonly planned: number;
  /** Ops that the publisher dropped: in the plan, and never put on a queue. */
  readonly skipped: number;
  /** The bus's account of the task; `undefined` when nothing of it was ever pushed. */
  readonly counts: (Omit<LedgerCounts, 'planned'> & { readonly digest: string }) | undefined;
}

export interface TaskLedger extends LedgerCounts {
  readonly task: number;
  readonly action: string;
  /** The part of `dropped` that was the publisher's. */
  readonly skipped: number;
  /** Digest of the ops that ended ok or failed (`OpDigest`); zeros when no worker keeps digests. */
  readonly digest: string;
}

export interface Ledger {
  /** By task number, ascending. */
  readonly tasks: readonly TaskLedger[];
  readonly total: LedgerCounts;
}

export interface Balance {
  readonly balanced: boolean;
  /** One sentence for each thing that does not add up; empty when balanced. */
  readonly problems: readonly string[];
}

export const LEDGER_COLUMNS = ['planned', 'published', 'ok', 'failed', 'dropped', 'duplicate'] as const;

/** The ledger of a run: the bus's counts by task, and the publisher's own plan and drops. */
export function ledgerOf(entries: readonly LedgerEntry[]): Ledger {
  const tasks = entries.map(taskLedger).sort((a, b) => a.task - b.task);
  const total = { planned: 0, published: 0, ok: 0, failed: 0, dropped: 0, duplicate: 0 };
  for (const task of tasks) for (const column of LEDGER_COLUMNS) total[column] += task[column];
  return { tasks, total };
}

function taskLedger({ task, action, planned, skipped, counts }: LedgerEntry): TaskLedger {
  return {
    task,
    action,
    skipped,
    planned,
    published: counts?.published ?? 0,
    ok: counts?.ok ?? 0,
    failed: counts?.failed ?? 0,
    dropped: (counts?.dropped ?? 0) + skipped,
    duplicate: counts?.duplicate ?? 0,
    digest: counts?.digest ?? NO_DIGEST,
  };
}

/**
 * Whether every planned op ended in exactly one of ok, failed and dropped:
 *
 *     planned = published + skipped      nothing was lost, or made up, on the way to the queues
 *     planned = ok + failed + dropped    nothing was lost, or counted twice, on the way back
 *
 * Both hold for each task, not only for the sum: two tasks whose errors cancel out do not balance.
 */
export function balance(ledger: Ledger): Balance {
  const problems = ledger.tasks.flatMap(problemsOf);
  return { balanced: problems.length === 0, problems };
}

function problemsOf(task: TaskLedger): string[] {
  const name = `task ${task.task} (${task.action})`;
  const problems: string[] = [];
  const unpublished = task.planned - task.published - task.skipped;
  if (unpublished > 0) problems.push(`${name}: ${unpublished} of ${ops(task.planned)} planned were never published`);
  if (unpublished < 0)
    problems.push(`${name}: ${ops(-unpublished)} more were published than the plan has (${task.planned})`);
  const owed = task.published + task.skipped;
  const open = owed - task.ok - task.failed - task.dropped;
  if (open > 0) problems.push(`${name}: ${open} of ${ops(task.published)} published have no outcome`);
  if (open < 0)
    problems.push(`${name}: there are outcomes of ${ops(-open)} more than were published (${task.published})`);
  return problems;
}

const ops = (count: number): string => `${count} ${count === 1 ? 'op' : 'ops'}`;
