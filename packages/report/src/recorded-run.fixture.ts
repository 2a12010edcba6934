import { NO_DIGEST } from '@drumline/core/data';
import { ledgerOf } from '@drumline/core/ledger';
import type { RunRecord } from '@drumline/core/run';
import { type Durations, newDurations, TaskStats, WINDOW, windowOf, zeroCounters } from '@drumline/core/stats';
import { instant, micros, millis } from '@drumline/core/units';
import { FanIn } from './fan-in.ts';
import { type Summary, summarise } from './summary.ts';
import { type TaskInterval, Timeline } from './timeline.ts';
import { T0, workerReport } from './worker-report.fixture.ts';

export interface RecordedTask {
  readonly seed: number;
  readonly ops: number;
  /** Latencies are multiplied by it. */
  readonly factor: number;
  readonly failed: number;
  readonly action?: string;
  /** Chance of a point in which all ops take 20 times as long. */
  readonly stalls?: number;
}

export interface RecordedRun {
  readonly run: string;
  readonly tasks: readonly RecordedTask[];
  /** Points of the timeline, and how long each is. */
  readonly points?: number;
  readonly length?: number;
  readonly workers?: readonly string[];
  readonly errorCode?: string;
  readonly plan?: string;
  readonly notes?: readonly string[];
  readonly state?: string;
  readonly pauses?: RunRecord['pauses'];
  readonly rates?: RunRecord['rates'];
}

/** A run with made-up figures, the same each time: its rate has a wave, its latencies a tail, one stretch is disturbed. */
export function recordedRun(recorded: RecordedRun): { readonly summary: Summary; readonly timeline: Timeline } {
  const { points = 20, length = 1_000_000, workers = ['host-1'], errorCode = 'DRUM_OP_TIMEOUT' } = recorded;
  const plays = recorded.tasks.map((task, number) => new Play(task, number, points, errorCode));
  const timeline = new Timeline();
  for (let point = 0; point < points; point += 1) {
    const tasks = plays.map((play) => play.interval(point));
    const sent = tasks.reduce((sum, task) => sum + task.sent, 0);
    const isDisturbed = point >= points * 0.55 && point < points * 0.62;
    timeline.add({
      at: instant(T0 + point * length),
      length: micros(length),
      state: 'running',
      factor: 1,
      backlog: micros(isDisturbed ? 2_400_000 : 3_000 + (point % 7) * 1_000),
      queued: isDisturbed ? 420 : point % 9,
      inFlight: Math.round(sent / 300) + (isDisturbed ? 60 : 0),
      disturbed: isDisturbed,
      tasks,
      workers: workers.map((worker, i) => ({
        worker,
        rate: ((sent / workers.length) * 1e6 * (1 + 0.1 * Math.sin(point / 5 + i))) / length,
        inFlight: 2 + ((point + i) % 5),
        cpu: 0.3 + 0.05 * ((point + 3 * i) % 4),
        loopDelayP99: millis(1 + ((point + i) % 3)),
      })),
    });
  }
  return { summary: summaryOf(recorded, plays, workers, points * length, timeline), timeline };
}

/** One task as it went. */
class Play {
  readonly task: RecordedTask;
  readonly number: number;
  readonly all = newDurations();
  readonly errors = new Map<string, number>();
  readonly action: string;
  readonly #points: number;
  readonly #code: string;
  readonly #next: () => number;
  #slowed = 1;
  #planned = 0;
  #failed = 0;

  constructor(task: RecordedTask, number: number, points: number, code: string) {
    this.task = task;
    this.number = number;
    this.action = task.action ?? 'putItem';
    this.#points = points;
    this.#code = code;
    this.#next = random(task.seed);
  }

  interval(point: number): TaskInterval {
    const due = (until: number, of: number): number => Math.round(of * waveUntil(until / this.#points));
    const planned = due(point + 1, this.task.ops) - this.#planned;
    const failed = due(point + 1, this.task.failed) - this.#failed;
    this.#planned += planned;
    this.#failed += failed;
    this.#slowed = this.#next() < (this.task.stalls ?? 0) ? 20 : 1;
    const durations = newDurations();
    for (let op = 0; op < planned; op += 1) this.#op(durations, point);
    for (const name of ['response', 'service', 'lateness'] as const) this.all[name].merge(durations[name]);
    const errors = new Map(failed > 0 ? [[this.#code, failed]] : []);
    if (failed > 0) this.errors.set(this.#code, this.#failed);
    const { number: task, action } = this;
    return { task, action, planned, sent: planned, ok: planned - failed, failed, dropped: 0, errors, ...durations };
  }

  /** Log-normal around 1.5 ms, with a slow op now and then; some wait before they are sent in the disturbed stretch. */
  #op(durations: Durations, point: number): void {
    const normal = Math.sqrt(-2 * Math.log(this.#next())) * Math.cos(2 * Math.PI * this.#next());
    const isSlow = this.#next() < 0.004;
    const service = 1_500 * Math.exp(0.35 * normal) * (isSlow ? 12 : 1) * this.task.factor * this.#slowed;
    const waits = point >= this.#points * 0.55 && point < this.#points * 0.6;
    const late = 60 + 200 * this.#next() + (waits ? 30_000 * this.#next() : 0);
    durations.service.record(micros(service));
    durations.lateness.record(micros(late));
    durations.response.record(micros(service + late));
  }
}

/** Part of a task's ops that are due in the first part `x` of its time: the rate goes up and down by 40 %. */
const waveUntil = (x: number): number => x + (0.4 / (2 * Math.PI)) * (1 - Math.cos(2 * Math.PI * x));

function summaryOf(
  recorded: RecordedRun,
  plays: readonly Play[],
  workers: readonly string[],
  length: number,
  { points }: Timeline,
): Summary {
  const figures = new FanIn();
  const end = instant(T0 + length);
  const windows = {
    first: windowOf(T0),
    counts: Array.from({ length: Math.min(10_000, Math.round(length / WINDOW)) }, () => 10),
  };
  const tasks = plays.map(({ task: { ops, failed }, number, action, all, errors }) => ({
    ...new TaskStats().figures(end),
    run: recorded.run,
    task: number,
    action,
    counters: { ...zeroCounters(), sent: ops, ok: ops - failed, failed, items: ops, bytesSent: ops * 180 },
    errors,
    ...all,
    windows,
  }));
  const seconds = [{ run: recorded.run, of: 40, disturbed: 2, stall: 2, redelivery: 0, clock: 0 }];
  for (const [i, worker] of workers.entries()) {
    figures.accept(workerReport({ worker, at: end, tasks: i === 0 ? tasks : [], seconds: i === 0 ? seconds : [] }));
  }
  const entries = plays.map(({ task: { ops, failed }, number, action }) => ({
    task: number,
    action,
    planned: ops,
    skipped: 0,
    counts: { published: ops, ok: ops - failed, failed, dropped: 0, duplicate: 0, digest: NO_DIGEST },
  }));
  return summarise({
    run: recorded.run,
    prefix: 'dst',
    started: T0,
    ended: end,
    scale: 1,
    speed: 1,
    state: recorded.state ?? 'finished',
    ledger: ledgerOf(entries),
    record: recordOf(recorded, plays),
    spans: new Map(plays.map(({ number }) => [number, { from: T0, to: end }])),
    plannedInWindow: (_, from, to) => ((to - from) / length) * (plays[0]?.task.ops ?? 0),
    figures,
    points,
    deadLetters: 0,
    notes: recorded.notes ?? [],
  });
}

function recordOf(recorded: RecordedRun, plays: readonly Play[]): RunRecord {
  const { run, plan = '[{"action": "putItem"}]', pauses = [], rates = [] } = recorded;
  return {
    run,
    state: 'done',
    tasks: plays.map(({ action }) => ({ action, seed: '7' }) as RunRecord['tasks'][number]),
    plan,
    queues: 2,
    scale: '1',
    speed: '1',
    origin: T0,
    rates,
    pauses,
  };
}

/** Park and Miller's generator: the same sequence for the same seed. */
function random(seed: number): () => number {
  let state = (seed * 7_919) % 2_147_483_647;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
