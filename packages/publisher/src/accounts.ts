import type { Bus, TaskCounts } from '@drumline/core/bus';
import type { LedgerEntry } from '@drumline/core/ledger';
import type { TaskPlay } from './task-play.ts';

/** The publisher's side of the ledger, put together with the bus's. */
export class Accounts {
  readonly #plays = new Map<number, TaskPlay>();
  readonly #skipped = new Map<number, number>();
  readonly #actions: readonly string[];
  #counts: ReadonlyMap<number, TaskCounts> = new Map();
  #outcomes = 0;

  constructor(actions: readonly string[]) {
    this.#actions = actions;
  }

  started(play: TaskPlay): void {
    this.#plays.set(play.task, play);
  }

  /** Ops of a beat that were not published, because they were too late to be of use. */
  skip(task: number, ops: number): void {
    this.#skipped.set(task, (this.#skipped.get(task) ?? 0) + ops);
  }

  /** Reads the bus's side again. */
  async refresh(bus: Bus, run: string, queues: number): Promise<void> {
    this.#counts = await bus.readLedger(run, queues);
    this.#outcomes = 0;
    for (const { ok, failed, dropped } of this.#counts.values()) this.#outcomes += ok + failed + dropped;
  }

  /** How many ops have their outcome, as of the last refresh. */
  get outcomes(): number {
    return this.#outcomes;
  }

  /** Whether every op that was given out of the task has its outcome, as of the last refresh. */
  isSettled(task: number): boolean {
    const { planned, skipped, counts } = this.#entry(task);
    if (counts === undefined) return planned === skipped;
    return counts.published === planned - skipped && counts.ok + counts.failed + counts.dropped >= counts.published;
  }

  entries(): LedgerEntry[] {
    return this.#actions.map((_, task) => this.#entry(task));
  }

  get isAllSettled(): boolean {
    return this.#actions.every((_, task) => this.isSettled(task));
  }

  #entry(task: number): LedgerEntry {
    return {
      task,
      action: this.#actions[task] ?? '',
      planned: this.#plays.get(task)?.planned ?? 0,
      skipped: this.#skipped.get(task) ?? 0,
      counts: this.#counts.get(task),
    };
  }
}
