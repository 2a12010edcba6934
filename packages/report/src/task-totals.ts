import {
  COUNTERS,
  DURATIONS,
  type Durations,
  type HttpFigures,
  HttpStats,
  newDurations,
  type TaskCounters,
  zeroCounters,
} from '@drumline/core/stats';
import type { TaskReport } from '@drumline/core/wire';
import { RunningBeats } from './judge/running-beats.ts';
import { SentWindows } from './sent-windows.ts';

/** The cumulative statistics of one task over all workers and all their incarnations. Go on counting: copy what you keep. */
export interface TaskTotals {
  readonly run: string;
  readonly task: number;
  readonly action: string;
  readonly counters: TaskCounters;
  readonly errors: ReadonlyMap<string, number>;
  /** Of all seconds. */
  readonly all: Durations;
  /** The part of them that was recorded in disturbed seconds. */
  readonly disturbed: Durations;
  readonly windows: SentWindows;
  readonly beats: RunningBeats;
  /** Present when the task has sent HTTP requests. */
  readonly http?: HttpFigures | undefined;
}

/** What was recorded in seconds that nothing disturbed. */
export function cleanDurations({ all, disturbed }: Pick<TaskTotals, 'all' | 'disturbed'>): Durations {
  const clean = newDurations();
  for (const name of DURATIONS) {
    clean[name].merge(all[name]);
    clean[name].subtract(disturbed[name]);
  }
  return clean;
}

/** Keeps `TaskTotals` up to date: each report's figures take the place of those that the same worker sent before. */
export class RunningTotals implements TaskTotals {
  readonly run: string;
  readonly task: number;
  readonly action: string;
  readonly counters = zeroCounters();
  readonly errors = new Map<string, number>();
  readonly all = newDurations();
  readonly disturbed = newDurations();
  readonly windows = new SentWindows();
  readonly beats: RunningBeats;
  http: HttpStats | undefined;

  constructor({ run, task, action }: Pick<TaskReport, 'run' | 'task' | 'action'>) {
    this.run = run;
    this.task = task;
    this.action = action;
    this.beats = new RunningBeats(task);
  }

  replace(before: TaskReport | undefined, after: TaskReport): void {
    for (const name of COUNTERS) this.counters[name] += after.counters[name] - (before?.counters[name] ?? 0);
    for (const [code, count] of before?.errors ?? []) this.#count(code, -count);
    for (const [code, count] of after.errors) this.#count(code, count);
    replaceDurations(this.all, before, after);
    replaceDurations(this.disturbed, before?.disturbed, after.disturbed);
    this.windows.replace(before?.windows, after.windows);
    this.beats.replace(before?.beats, after.beats);
    if (after.http !== undefined) (this.http ??= new HttpStats()).replace(before?.http, after.http);
  }

  #count(code: string, count: number): void {
    const sum = (this.errors.get(code) ?? 0) + count;
    if (sum === 0) this.errors.delete(code);
    else this.errors.set(code, sum);
  }
}

function replaceDurations(sum: Durations, before: Durations | undefined, after: Durations | undefined): void {
  for (const name of DURATIONS) {
    if (before !== undefined) sum[name].subtract(before[name]);
    if (after !== undefined) sum[name].merge(after[name]);
  }
}
