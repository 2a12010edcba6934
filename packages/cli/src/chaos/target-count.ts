import type { Action } from '@drumline/core/plan';
import type { TaskVerdict } from './verdict.ts';

/** The command that a Redis target is given for each item of an action's ops, and for nothing else. */
const COMMAND: Partial<Readonly<Record<Action, string>>> = {
  updateItem: 'hset',
  putItem: 'hset',
  batchPutItem: 'hset',
  getItem: 'hgetall',
  batchGetItem: 'hgetall',
  query: 'hgetall',
};

/** How often the target was given a command, held against the ledger. */
export interface TargetCount {
  readonly command: string;
  /** By the target's own count. */
  readonly executed: number;
  /** Of the ops that ended ok. */
  readonly least: number;
  /** Of these, of failed ones (they may have been sent) and of those counted as duplicates. */
  readonly most: number;
}

/**
 * What the target itself has counted, an account that no part of Drumline keeps: every op that ended ok was executed, and
 * none was executed twice without being counted as a duplicate.
 *
 * @param items items of each op, by task
 * @param calls calls by command, from `callsOf`
 */
export function countsOf(
  tasks: readonly TaskVerdict[],
  items: readonly number[],
  calls: ReadonlyMap<string, number>,
): TargetCount[] {
  const counts = new Map<string, TargetCount>();
  for (const { task, action, ok, failed, duplicate } of tasks) {
    const command = COMMAND[action as Action];
    if (command === undefined) continue;
    const { least, most } = counts.get(command) ?? { least: 0, most: 0 };
    const perOp = items[task] ?? 1;
    counts.set(command, {
      command,
      executed: calls.get(command) ?? 0,
      least: least + perOp * ok,
      most: most + perOp * (ok + failed + duplicate),
    });
  }
  return [...counts.values()];
}

/** A sentence for each count that does not fit. */
export const wrongCounts = (counts: readonly TargetCount[]): string[] =>
  counts
    .filter(({ executed, least, most }) => executed < least || executed > most)
    .map(
      ({ command, executed, least, most }) =>
        `the target has executed ${command} ${executed} times; by the ledger it was ${least} to ${most}`,
    );

/** Calls by command, from Redis's `INFO commandstats`. */
export function callsOf(info: string): Map<string, number> {
  const lines = info.matchAll(/^cmdstat_(\w+):calls=(\d+)/gm);
  return new Map([...lines].map(([, command = '', calls]) => [command, Number(calls)]));
}
