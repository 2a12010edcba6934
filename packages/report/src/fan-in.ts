import { DrumlineError } from '@drumline/core/errors';
import { addSeconds, NO_SECONDS, type SecondCounts, WINDOW } from '@drumline/core/stats';
import { elapsed, type Instant, instant, type Micros, type Millis, micros, millis } from '@drumline/core/units';
import { decodeReport, type TaskReport, type WorkerReport } from '@drumline/core/wire';
import { RunningTotals, type TaskTotals } from './task-totals.ts';

/** What a worker's process was busy with, over all reports of its present incarnation since it has tasks. */
export interface WorkerLoad {
  /** CPU cores, on average. */
  readonly cpu: number;
  /** In the second of the greatest use. */
  readonly cpuPeak: number;
  /** Part (0 … 1) of its busiest second in which the busiest event loop had work. */
  readonly busy: number;
  /** The worst of all seconds. */
  readonly delayP99: Millis;
  readonly delayMax: Millis;
}

/** The last that was heard of a worker. Counts are those of its present incarnation, over all tasks that are looked at. */
export interface WorkerFigures extends Omit<WorkerReport, 'tasks' | 'seconds'> {
  readonly sent: number;
  readonly ok: number;
  readonly failed: number;
  readonly dropped: number;
  /** Ops per second that it sent between its last two reports. */
  readonly rate: number;
  /** The greatest error bar of its clock in all of its reports. */
  readonly worstClockError: Micros;
  readonly load: WorkerLoad;
  /** Reports of it that never came. They cost nothing: figures are cumulative. */
  readonly missed: number;
  /** How often it has begun anew under the same name. */
  readonly restarts: number;
}

/** Whatever is sent to the channel, a reader's memory stays bounded. */
const MOST_INCARNATIONS = 10_000;
const MOST_TASKS = 10_000;
const MOST_RUNS = 1_000;

/**
 * How long after a window's end every worker has normally reported it: the second between two reports, and the way here.
 */
const SETTLED: Micros = micros(1_300_000);

interface Incarnation {
  readonly tasks: Map<string, TaskReport>;
  latest: WorkerReport;
  received: number;
  firstSeq: number;
  sent: number;
  rate: number;
  worstClockError: Micros;
  load: WorkerLoad;
  /** Reports that it is made of. */
  loads: number;
  /** By run. */
  readonly seconds: Map<string, SecondCounts>;
}

const keyOf = ({ run, task }: { run: string; task: number }): string => `${run}/${task}`;

/**
 * Makes one picture of the reports of all workers. Reports are cumulative for each incarnation of a worker, so the
 * picture is the sum of the last report of each: lost and repeated messages do no harm, and what an incarnation that
 * has ended did stays in the sum.
 */
export class FanIn {
  readonly #run: string | undefined;
  readonly #incarnations = new Map<string, Incarnation>();
  readonly #totals = new Map<string, RunningTotals>();
  #unreadable = 0;

  /** @param options.run look at this run only; the default is all runs. */
  constructor(options: { readonly run?: string } = {}) {
    this.#run = options.run;
  }

  /** Messages that could not be read. */
  get unreadable(): number {
    return this.#unreadable;
  }

  /** Takes a message of the stats channel; counts it when it cannot be read, and leaves out what is no report. */
  receive(message: string): void {
    try {
      const report = decodeReport(message);
      if (report !== undefined) this.accept(report);
    } catch (error) {
      if (!(error instanceof DrumlineError)) throw error;
      this.#unreadable += 1;
    }
  }

  /** Takes a report. One that is older than the last of its incarnation changes nothing. */
  accept(report: WorkerReport): void {
    const incarnation = this.#incarnation(report);
    if (incarnation === undefined || (incarnation.received > 0 && report.seq <= incarnation.latest.seq)) return;
    for (const after of report.tasks) this.#acceptTask(incarnation, after);
    let sent = 0;
    for (const { run, ...counts } of report.seconds) this.#acceptSeconds(incarnation, run, counts);
    for (const task of incarnation.tasks.values()) sent += task.counters.sent;
    const since = elapsed(incarnation.latest.at, report.at);
    incarnation.rate = since > 0 ? ((sent - incarnation.sent) * 1e6) / since : 0;
    incarnation.sent = sent;
    // What it did before the run is not the run's.
    if (incarnation.tasks.size > 0) {
      incarnation.load = loadAfter(incarnation.load, incarnation.loads, report);
      incarnation.loads += 1;
    }
    incarnation.latest = report;
    incarnation.worstClockError = micros(Math.max(incarnation.worstClockError, report.clockError));
    incarnation.received += 1;
  }

  #acceptSeconds(incarnation: Incarnation, run: string, counts: SecondCounts): void {
    if (this.#run !== undefined && run !== this.#run) return;
    const { seconds } = incarnation;
    if (seconds.has(run) || seconds.size < MOST_RUNS) seconds.set(run, counts);
  }

  #incarnation(report: WorkerReport): Incarnation | undefined {
    const key = `${report.worker} ${report.incarnation}`;
    const known = this.#incarnations.get(key);
    if (known !== undefined || this.#incarnations.size >= MOST_INCARNATIONS) return known;
    const made: Incarnation = {
      tasks: new Map(),
      latest: report,
      received: 0,
      firstSeq: report.seq,
      sent: 0,
      rate: 0,
      worstClockError: micros(0),
      load: { cpu: 0, cpuPeak: 0, busy: 0, delayP99: millis(0), delayMax: millis(0) },
      loads: 0,
      seconds: new Map(),
    };
    this.#incarnations.set(key, made);
    return made;
  }

  #acceptTask(incarnation: Incarnation, after: TaskReport): void {
    if (this.#run !== undefined && after.run !== this.#run) return;
    const key = keyOf(after);
    let totals = this.#totals.get(key);
    if (totals === undefined) {
      if (this.#totals.size >= MOST_TASKS) return;
      totals = new RunningTotals(after);
      this.#totals.set(key, totals);
    }
    totals.replace(incarnation.tasks.get(key), after);
    incarnation.tasks.set(key, after);
  }

  /** The totals of every task heard of, by run and number. */
  tasks(): TaskTotals[] {
    return [...this.#totals.values()].sort((a, b) => compare(a.run, b.run) || a.task - b.task);
  }

  task(run: string, task: number): TaskTotals | undefined {
    return this.#totals.get(keyOf({ run, task }));
  }

  /**
   * Ops per second of a task over the last `length` of which every worker has normally reported (it ends 1.3 s before
   * `now`): steadier than intervals between looks, which hold sometimes two reports of a worker and sometimes none.
   */
  rate(run: string, task: number, now: Instant, length: Micros): number {
    const windows = this.task(run, task)?.windows;
    const end = instant(now - SETTLED);
    return windows === undefined ? 0 : windows.between(instant(end - length), end) / (Math.round(length / WINDOW) / 10);
  }

  /** Every worker heard of, by name, as its newest incarnation reported last. */
  workers(): WorkerFigures[] {
    const byName = new Map<string, Incarnation[]>();
    for (const incarnation of this.#incarnations.values()) {
      const { worker } = incarnation.latest;
      byName.set(worker, [...(byName.get(worker) ?? []), incarnation]);
    }
    return [...byName.values()].map(workerFigures).sort((a, b) => compare(a.worker, b.worker));
  }

  /** Seconds of the run on all workers together, and how many of them were disturbed. */
  seconds(run: string): SecondCounts {
    const counts = [...this.#incarnations.values()].map(({ seconds }) => seconds.get(run) ?? NO_SECONDS);
    return counts.reduce(addSeconds, NO_SECONDS);
  }

  /** Elements that all incarnations of all workers have set aside in dead-letter lists. */
  get garbage(): number {
    return [...this.#incarnations.values()].reduce((sum, { latest }) => sum + latest.garbage, 0);
  }
}

/** Reports come once a second, so their mean is that over time. */
function loadAfter(before: WorkerLoad, reports: number, { cpu, loopBusy, eventLoopDelay }: WorkerReport): WorkerLoad {
  return {
    cpu: before.cpu + (cpu - before.cpu) / (reports + 1),
    cpuPeak: Math.max(before.cpuPeak, cpu),
    busy: Math.max(before.busy, loopBusy),
    delayP99: millis(Math.max(before.delayP99, eventLoopDelay.p99)),
    delayMax: millis(Math.max(before.delayMax, eventLoopDelay.max)),
  };
}

function workerFigures(incarnations: readonly Incarnation[]): WorkerFigures {
  const newest = incarnations.reduce((a, b) => (b.latest.at > a.latest.at ? b : a));
  const { tasks: _, seconds: __, ...latest } = newest.latest;
  const figures = { sent: 0, ok: 0, failed: 0, dropped: 0 };
  for (const { counters } of newest.tasks.values()) {
    figures.sent += counters.sent;
    figures.ok += counters.ok;
    figures.failed += counters.failed;
    figures.dropped += counters.dropped;
  }
  let missed = 0;
  for (const { latest: last, firstSeq, received } of incarnations) missed += last.seq - firstSeq + 1 - received;
  const worstClockError = micros(Math.max(...incarnations.map((each) => each.worstClockError)));
  return {
    ...latest,
    ...figures,
    rate: newest.rate,
    worstClockError,
    load: newest.load,
    missed,
    restarts: incarnations.length - 1,
  };
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
