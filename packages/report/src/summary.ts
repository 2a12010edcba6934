import { NO_DIGEST } from '@drumline/core/data';
import { balance, type Ledger, type LedgerCounts, type TaskLedger } from '@drumline/core/ledger';
import type { RunRecord } from '@drumline/core/run';
import { type Disturbance, type Durations, type Histogram, type HttpFigures, newDurations } from '@drumline/core/stats';
import { BEAT, elapsed, type Instant, micros, shift } from '@drumline/core/units';
import { type Clustering, clusteringOf } from './clustering.ts';
import type { FanIn, WorkerFigures } from './fan-in.ts';
import { countText, durationText } from './figures-text.ts';
import {
  type Certificate,
  type CertificateInput,
  certify,
  runFigures,
  type SloJudge,
  type SloVerdict,
} from './judge/index.ts';
import { compareWithPlan, type PlannedBetween, type RateSummary, type WindowDeviation } from './plan-comparison.ts';
import { cleanDurations, type TaskTotals } from './task-totals.ts';
import type { TimelinePoint } from './timeline.ts';

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
  /** All of its counters, in HdrHistogram's V2 compressed base64 encoding. */
  readonly hdr: string;
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
  /** What an http task is called. */
  readonly name?: string;
  /** The seed that the task was played with, drawn or not. */
  readonly seed?: string;
  readonly ledger: LedgerCounts;
  readonly rate: RateSummary;
  /** `null` when the task never began. */
  readonly worstWindow: WindowDeviation | null;
  /** The same without the disturbed seconds. */
  readonly clean: LatencySummaries;
  /** For the confidence of comparisons; absent when the run was too short to tell, or its timeline is not known. */
  readonly clustering?: Clustering;
  /** Ops that were sent before their intended start; their lateness counts as 0. */
  readonly early: number;
  /** Ops that were sent more than 10 ms after their intended start, or dropped for their age. */
  readonly late: number;
  /** Those of them that waited for a place among `max_in_flight`. */
  readonly waited: number;
  readonly errors: Readonly<Record<string, number>>;
  readonly items: number;
  readonly misses: number;
  readonly throttles: number;
  readonly unprocessed: number;
  readonly capacity: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  /** Answers by status code; http only. */
  readonly statuses?: Readonly<Record<string, number>>;
  /** Parts of the service time; http only. `connect` is of the requests that needed a new connection. */
  readonly phases?: { readonly connect: LatencySummary; readonly firstByte: LatencySummary };
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

/** What was played, and how an operator or a backlog changed it. Instants are ISO 8601. */
export interface PlayedSummary {
  /** The traffic file's text. */
  readonly plan: string;
  /** Stretches in which the plan's time stood still; `to` is `null` when the run ended in it. */
  readonly pauses: readonly { readonly from: string; readonly to: string | null }[];
  /** From `at` on, all rates were the plan's times `factor` (a decimal text or a fraction). */
  readonly rates: readonly { readonly at: string; readonly factor: string }[];
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
  /** Absent when the run's record could not be read. */
  readonly played?: PlayedSummary;
  readonly workers: readonly WorkerSummary[];
  readonly disturbed: DisturbedSummary;
  /** `null` when nothing of the plan was due. */
  readonly certificate: Certificate | null;
  /** What became of the thresholds, in the order in which they were given. */
  readonly slos: readonly SloVerdict[];
  /** Which latencies the summary on a terminal shows. */
  readonly shown: 'all' | 'clean';
  readonly deadLetters: number;
  readonly balanced: boolean;
  /** What a reader of the figures must know: what does not add up, and what is missing. */
  readonly notes: readonly string[];
}

export interface SummaryInput extends Pick<CertificateInput, 'watchedFrom' | 'cut'> {
  readonly run: string;
  readonly prefix: string;
  readonly started: Instant;
  readonly ended: Instant;
  readonly scale: number;
  readonly speed: number;
  /** `finished`, `interrupted`, `failed`, … */
  readonly state: string;
  readonly ledger: Ledger;
  /** The run's record, if it can be read. */
  readonly record?: RunRecord | undefined;
  /** When each task's schedule began and ended, by task number; absent for tasks that never began. */
  readonly spans: ReadonlyMap<number, { readonly from: Instant; readonly to: Instant }>;
  /** Ops of the task whose intended start lies in [from, to): the schedule's count, with pauses and rate changes in it. */
  readonly plannedInWindow: PlannedBetween;
  readonly figures: FanIn;
  /** What happened second by second, if it was watched. */
  readonly points?: readonly TimelinePoint[];
  /** Share (0 … 1) of the planned ops that must go out in their second; the default is 99 %. */
  readonly requiredRate?: number | undefined;
  /** Knows the thresholds, and has seen the timeline. */
  readonly judge?: SloJudge | undefined;
  /** Show latencies without disturbed seconds. */
  readonly clean?: boolean;
  readonly deadLetters: number;
  readonly notes?: readonly string[];
}

/** Of the planned ops, what must go out in their second for the rate to count as held. */
const REQUIRED = 0.99;

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
    ...(input.record !== undefined && { played: playedOf(input.record) }),
    workers: input.figures.workers().map(summariseWorker),
    disturbed: disturbedOf(input),
    certificate:
      certify({ ...input, required: input.requiredRate ?? REQUIRED, dropped: input.ledger.total.dropped }) ?? null,
    slos: input.judge?.verdicts((slo) => runFigures(input, slo)) ?? [],
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
  const clustering = clusteringOf(input.points ?? [], task);
  const { seed, http } = input.record?.tasks[task] ?? {};
  const name = http?.name;
  return {
    task,
    action,
    ...(name !== undefined && { name }),
    ...(seed !== undefined && { seed }),
    ledger: { planned, published, ok, failed, dropped, duplicate },
    ...compareWithPlan(task, ok + failed, input.spans.get(task), totals?.windows, input.plannedInWindow),
    ...latencies(totals?.all ?? newDurations()),
    clean: latencies(totals === undefined ? newDurations() : cleanDurations(totals)),
    ...(clustering !== undefined && { clustering }),
    early: counters?.early ?? 0,
    late: counters?.late ?? 0,
    waited: counters?.waited ?? 0,
    errors: Object.fromEntries(totals?.errors ?? []),
    items: counters?.items ?? 0,
    misses: counters?.misses ?? 0,
    throttles: counters?.throttles ?? 0,
    unprocessed: counters?.unprocessed ?? 0,
    capacity: counters?.capacity ?? 0,
    bytesSent: counters?.bytesSent ?? 0,
    bytesReceived: counters?.bytesReceived ?? 0,
    ...(totals?.http !== undefined && httpSummary(totals.http)),
    ...(digest !== NO_DIGEST && { digest }),
  };
}

function disturbedOf({ run, figures }: SummaryInput): DisturbedSummary {
  const { of, disturbed: seconds, stall, redelivery, clock } = figures.seconds(run);
  return { seconds, of, stall, redelivery, clock };
}

const httpSummary = ({ statuses, connect, firstByte }: HttpFigures): Pick<TaskSummary, 'statuses' | 'phases'> => ({
  statuses: Object.fromEntries([...statuses].sort(([a], [b]) => a - b)),
  phases: { connect: latency(connect), firstByte: latency(firstByte) },
});

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
    hdr: histogram.encode(),
  };
}

const playedOf = ({ plan, origin, pauses, rates }: RunRecord): PlayedSummary => ({
  plan,
  pauses: pauses.map(({ from, to }) => ({ from: iso(from), to: to === undefined ? null : iso(to) })),
  rates: rates.map(({ beat, factor }) => ({ at: iso(instantOf(beat, origin, pauses)), factor })),
});

/** When the beat came, the pauses before it included. */
function instantOf(beat: number, origin: Instant, pauses: RunRecord['pauses']): Instant {
  let at = shift(origin, micros(beat * BEAT));
  for (const { from, to } of pauses) if (to !== undefined && from <= at) at = shift(at, elapsed(from, to));
  return at;
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
