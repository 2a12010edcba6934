import { COUNTERS, Histogram, type TaskCounters, zeroCounters } from '@drumline/core/stats';
import type { TaskReport } from '@drumline/core/wire';
import { SentWindows } from './sent-windows.ts';

/** The cumulative statistics of one task over all workers and all their incarnations. Go on counting: copy what you keep. */
export interface TaskTotals {
  readonly run: string;
  readonly task: number;
  readonly action: string;
  readonly counters: TaskCounters;
  readonly errors: ReadonlyMap<string, number>;
  readonly response: Histogram;
  readonly service: Histogram;
  readonly lateness: Histogram;
  readonly windows: SentWindows;
}

/** Keeps `TaskTotals` up to date: each report's figures take the place of those that the same worker sent before. */
export class RunningTotals implements TaskTotals {
  readonly run: string;
  readonly task: number;
  readonly action: string;
  readonly counters = zeroCounters();
  readonly errors = new Map<string, number>();
  readonly response = new Histogram();
  readonly service = new Histogram();
  readonly lateness = new Histogram();
  readonly windows = new SentWindows();

  constructor({ run, task, action }: Pick<TaskReport, 'run' | 'task' | 'action'>) {
    this.run = run;
    this.task = task;
    this.action = action;
  }

  replace(before: TaskReport | undefined, after: TaskReport): void {
    for (const name of COUNTERS) this.counters[name] += after.counters[name] - (before?.counters[name] ?? 0);
    for (const [code, count] of before?.errors ?? []) this.#count(code, -count);
    for (const [code, count] of after.errors) this.#count(code, count);
    for (const name of ['response', 'service', 'lateness'] as const) {
      if (before !== undefined) this[name].subtract(before[name]);
      this[name].merge(after[name]);
    }
    this.windows.replace(before?.windows, after.windows);
  }

  #count(code: string, count: number): void {
    const sum = (this.errors.get(code) ?? 0) + count;
    if (sum === 0) this.errors.delete(code);
    else this.errors.set(code, sum);
  }
}
