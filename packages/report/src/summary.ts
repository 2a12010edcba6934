import { NO_DIGEST } from '@drumline/core/data';
import { balance, type Ledger, type LedgerCounts, type TaskLedger } from '@drumline/core/ledger';
import { type Disturbance, type Durations, type Histogram, newDurations } from '@drumline/core/stats';
import type { Instant } from '@drumline/core/units';
import type { FanIn, WorkerFigures } from './fan-in.ts';
import { countText, durationText } from './figures-text.ts';
import { compareWithPlan, type PlannedBetween, type RateSummary, type WindowDeviation } from './plan-comparison.ts';
import { cleanDurations, type TaskTotals } from './task-totals.ts';

/** Figures of one histogram, in whole microseconds; all 0 when `count` is 0. */
export interface LatencySummary {
  readonly count: number;
  readonly minUs: number;
  readonly meanUs: number;
  readonly stddevUs: number;
  readonly p50Us: number;
  readonly p90Us: number;
  readonly p95Us: number;
  readonly p99Us: number;
  readonly p999Us: number;
  readonly maxUs: number;
}

/** Figures of the three durations of a task's ops. */
export interface LatencySummaries {
  readonly response: LatencySummary;
  readonly service: LatencySummary & { readonly uncorrected: true };
  readonly lateness: LatencySummary;
}

/** Of all seconds; what nothing disturbed is in `clean`. */
export interface TaskSummary extends LatencySummaries {
  readonly task: number;
  readonly action: string;
  readonly ledger: LedgerCounts;
  readonly rate: RateSummary;
  /** `null` when the task never began. */
  readonly worstWindow: WindowDeviation | null;
  /** The same without the disturbed seconds. */
  readonly clean: LatencySummaries;
  /** Ops that were sent before their intended start; their lateness counts as 0. */
  readonly early: number;
  readonly errors: Readonly<Record<string, number>>;
  readonly items: number;
  readonly misses: number;
  readonly throttles: number;
  readonly unprocessed: number;
  readonly capacity: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  /** Of the executed ops, the same for every fleet that executed the same ones; present when workers run with `--digest`. */
  readonly digest?: string;
}

export interface WorkerSummary {
  readonly worker: string;
  readonly host: string;
  readonly pid: number;
  readonly sent: number;
  readonly ok: number;
  readonly failed: number;
  readonly dropped: number;
  readonly restarts: number;
  readonly missedReports: number;
  readonly clockErrorUs: number;
  readonly rssBytes: number;
}

/**
 * Worker-seconds in which something was measured, and those in which something besides the target had a part in it. One
 * may have several reasons.
 */
export interface DisturbedSummary extends Readonly<Record<Disturbance, number>> {
  readonly seconds: number;
  readonly of: number;
}

/** The end of a run as data: what `--json` prints. Every field is described in docs/statistics.md. */
export interface Summary {
  readonly run: string;
  readonly prefix: string;
  /** ISO 8601. */
  readonly started: string;
  readonly ended: string;
  readonly elapsedUs: number;
  readonly scale: number;
  readonly speed: number;
  readonly state: string;
  readonly ledger: LedgerCounts;
  readonly tasks: readonly TaskSummary[];
  readonly workers: readonly WorkerSummary[];
  readonly disturbed: DisturbedSummary;
  /** Which latencies the summary on a terminal shows. */
  readonly shown: 'all' | 'clean';
  readonly deadLetters: number;
  readonly balanced: boolean;
  /** What a reader of the figures must know: what does not add up, and what is missing. */
  readonly notes: readonly string[];
}

export interface SummaryInput {
  readonly run: string;
  readonly prefix: string;
  readonly started: Instant;
  readonly ended: Instant;
  readonly scale: number;
  readonly speed: number;
  /** `finished`, `interrupted`, `failed`, … */
  readonly state: string;
  readonly ledger: Ledger;
  /** When each task's schedule began and ended, by task number; absent for tasks that never began. */
  readonly spans: ReadonlyMap<number, { readonly from: Instant; readonly to: Instant }>;
  /** Ops of the task whose intended start lies in [from, to): the schedule's count, with pauses and rate changes in it. */
  readonly plannedInWindow: PlannedBetween;
  readonly figures: FanIn;
  /** Show latencies without disturbed seconds. */
  readonly clean?: boolean;
  readonly deadLetters: number;
  readonly notes?: readonly string[];
}

export function summarise(input: SummaryInput): Summary {
  const { balanced, problems } = balance(input.ledger);
  const tasks = input.ledger.tasks.map((ledger) => summariseTask(input, ledger));
  return {
    run: input.run,
    prefix: input.prefix,
    started: iso(input.started),
    ended: iso(input.ended),
    elapsedUs: Math.round(input.ended - input.started),
    scale: input.scale,
    speed: input.speed,
    state: input.state,
    ledger: input.ledger.total,
    tasks,
    workers: input.figures.workers().map(summariseWorker),
    disturbed: disturbedOf(input),
    shown: input.clean === true ? 'clean' : 'all',
    deadLetters: input.deadLetters,
    balanced,
    notes: [...problems, ...(input.notes ?? []), ...statisticsNotes(input, tasks)],
  };
}

function summariseTask(input: SummaryInput, entry: TaskLedger): TaskSummary {
  const { task, action, planned, published, ok, failed, dropped, duplicate, digest } = entry;
  const totals = input.figures.task(input.run, task);
  const counters = totals?.counters;
  return {
    task,
    action,
    ledger: { planned, published, ok, failed, dropped, duplicate },
    ...compareWithPlan(task, ok + failed, input.spans.get(task), totals?.windows, input.plannedInWindow),
    ...latencies(totals?.all ?? newDurations()),
    clean: latencies(totals === undefined ? newDurations() : cleanDurations(totals)),
    early: counters?.early ?? 0,
    errors: Object.fromEntries(totals?.errors ?? []),
    items: counters?.items ?? 0,
    misses: counters?.misses ?? 0,
    throttles: counters?.throttles ?? 0,
    unprocessed: counters?.unprocessed ?? 0,
    capacity: counters?.capacity ?? 0,
    bytesSent: counters?.bytesSent ?? 0,
    bytesReceived: counters?.bytesReceived ?? 0,
    ...(digest !== NO_DIGEST && { digest }),
  };
}

function disturbedOf({ run, figures }: SummaryInput): DisturbedSummary {
  const { of, disturbed: seconds, stall, redelivery, clock } = figures.seconds(run);
  return { seconds, of, stall, redelivery, clock };
}

const latencies = ({ response, service, lateness }: Durations): LatencySummaries => ({
  response: latency(response),
  service: { ...latency(service), uncorrected: true },
  lateness: latency(lateness),
});

function latency(histogram: Histogram): LatencySummary {
  const at = (percent: number): number => histogram.percentile(percent);
  return {
    count: histogram.total,
    minUs: histogram.min,
    meanUs: Math.round(histogram.mean),
    stddevUs: Math.round(histogram.stddev),
    p50Us: at(50),
    p90Us: at(90),
    p95Us: at(95),
    p99Us: at(99),
    p999Us: at(99.9),
    maxUs: histogram.max,
  };
}

const summariseWorker = (figures: WorkerFigures): WorkerSummary => ({
  worker: figures.worker,
  host: figures.host,
  pid: figures.pid,
  sent: figures.sent,
  ok: figures.ok,
  failed: figures.failed,
  dropped: figures.dropped,
  restarts: figures.restarts,
  missedReports: figures.missed,
  clockErrorUs: Math.round(figures.worstClockError),
  rssBytes: figures.memory.rss,
});

/** The ledger is exact; these sentences say where the statistics are not. */
function statisticsNotes(input: SummaryInput, tasks: readonly TaskSummary[]): string[] {
  const notes: string[] = [];
  for (const { task, action, ledger, response } of tasks) {
    const missing = ledger.ok + ledger.failed - response.count;
    if (missing > 0) {
      notes.push(
        `task ${task} (${action}): ${countText(missing)} ops are in the ledger but not in the latencies: a worker ended without its last report`,
      );
    }
    const clamped = clampedIn(input.figures.task(input.run, task));
    if (clamped > 0) {
      notes.push(
        `task ${task} (${action}): ${countText(clamped)} latencies were outside 0 … 1 h and count as the nearest bound`,
      );
    }
  }
  const { unreadable } = input.figures;
  if (unreadable > 0) notes.push(`${countText(unreadable)} messages on the stats channel could not be read`);
  const worst = Math.max(0, ...input.figures.workers().map(({ worstClockError }) => worstClockError));
  if (worst >= 1_000)
    notes.push(`a worker knew the time only to ±${durationText(worst)}: lateness and response carry that error`);
  return notes;
}

const clampedIn = (totals: TaskTotals | undefined): number =>
  totals === undefined ? 0 : totals.all.response.clamped + totals.all.service.clamped + totals.all.lateness.clamped;

const iso = (at: Instant): string => new Date(at / 1_000).toISOString();

/** The summary as one JSON document. */
export const renderJson = (summary: Summary): string => `${JSON.stringify(summary, undefined, 2)}\n`;
