import type { Bus, TaskCounts } from '@drumline/core/bus';
import type { LedgerEntry } from '@drumline/core/ledger';
import type { Score } from './score.ts';

/** The publisher's side of the ledger, put together with the bus's. */
export class Accounts {
  readonly #score: Score;
  readonly #actions: readonly string[];
  #counts: ReadonlyMap<number, TaskCounts> = new Map();
  #published = 0;
  #outcomes = 0;

  constructor(score: Score, actions: readonly string[]) {
    this.#score = score;
    this.#actions = actions;
  }

  /** Reads the bus's side again. */
  async refresh(bus: Bus, run: string, queues: number): Promise<void> {
    this.#counts = await bus.readLedger(run, queues);
    this.#published = 0;
    this.#outcomes = 0;
    for (const { published, ok, failed, dropped } of this.#counts.values()) {
      this.#published += published;
      this.#outcomes += ok + failed + dropped;
    }
  }

  /** How many ops were put on queues, as of the last refresh. */
  get published(): number {
    return this.#published;
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
    const voice = this.#score.voice(task);
    return {
      task,
      action: this.#actions[task] ?? '',
      planned: voice?.play.planned ?? 0,
      skipped: voice?.skipped ?? 0,
      counts: this.#counts.get(task),
    };
  }
}
