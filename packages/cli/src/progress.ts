import type { SystemClock } from '@drumline/core/clock';
import { type Instant, micros } from '@drumline/core/units';
import type { Publisher, PublisherStatus } from '@drumline/publisher';
import { type FanIn, LiveDisplay, type LiveTask, liveView, statsLine, type Timeline } from '@drumline/report';
import { factorOf } from './follow-run.ts';
import type { CliLog } from './log.ts';
import type { Terminal } from './terminal.ts';

/** How often progress is shown: on a terminal, and as lines. */
const FRAME_MS = 200;
const LINE_MS = 1_000;
/** The achieved rate is that of the last second that every worker has reported. */
const RATE_OVER = micros(1_000_000);

export interface ProgressParts {
  readonly publisher: Publisher;
  readonly figures: FanIn;
  readonly timeline: Timeline;
  readonly run: string;
  readonly clock: SystemClock;
  readonly terminal: Terminal;
  readonly log: CliLog;
}

/** Shows the live display on a terminal. @returns ends it. */
export function showLive(parts: ProgressParts): () => void {
  const { terminal, clock, log, timeline } = parts;
  const display = new LiveDisplay((text) => terminal.out(text), clock);
  log.divert((line) => display.print(line));
  let intervals = new Map<number, LiveTask['response']>();
  let shown = 0;
  const draw = (): void => {
    const now = clock.now();
    const newest = timeline.points.at(-1)?.at ?? 0;
    if (newest !== shown) {
      shown = newest;
      intervals = responses(timeline);
    }
    const screen = { columns: terminal.columns(), rows: terminal.rows() - 1, color: terminal.color };
    display.show(liveView(liveState(parts, now, intervals), screen), screen.columns);
  };
  const timer = setInterval(draw, FRAME_MS);
  return () => {
    clearInterval(timer);
    display.close({ erase: true });
    log.divert(undefined);
  };
}

/** Prints the original's [STATS] line a second for each running task. @returns ends it. */
export function showLines({ publisher, clock }: ProgressParts, print: (line: string) => void): () => void {
  let before = new Map<number, number>();
  let at = clock.now();
  const timer = setInterval(() => {
    const status = publisher.status;
    const now = clock.now();
    const seconds = Math.max(0.001, (now - at) / 1e6);
    for (const { task, action, running, elapsed, published, total } of status.tasks) {
      const since = published - (before.get(task) ?? 0);
      if (!running && since === 0) continue;
      const remaining = Math.max(0, total - published);
      print(
        statsLine({
          action,
          published,
          remaining,
          qps: since / seconds,
          queues: status.queues,
          elapsedSeconds: elapsed / 1e6,
          state: stateOf(status),
        }),
      );
    }
    before = new Map(status.tasks.map(({ task, published }) => [task, published]));
    at = now;
  }, LINE_MS);
  return () => clearInterval(timer);
}

function liveState(
  { publisher, figures, run, clock }: ProgressParts,
  now: Instant,
  intervals: ReadonlyMap<number, LiveTask['response']>,
) {
  const status = publisher.status;
  const state = stateOf(status);
  const tasks = status.tasks.filter(({ running, published, total }) => running || published < total);
  return {
    run,
    elapsed: status.elapsed,
    factor: factorOf(status),
    paused: status.state === 'paused',
    ...(state !== undefined && { state }),
    workers: aliveWorkers(figures, clock.now()),
    disturbed: figures.seconds(run).disturbed,
    tasks: tasks.map(({ task, action, published, total, qps }) => ({
      task,
      action,
      planned: total,
      published,
      rate: { planned: qps, achieved: figures.rate(run, task, now, RATE_OVER) },
      response: intervals.get(task),
      errors: figures.task(run, task)?.counters.failed ?? 0,
    })),
    queues: status.queues,
  };
}

/** What is to be said of a run that does not simply go on. */
function stateOf({ state, backlog, backlogState, heldUpBy }: PublisherStatus): string | undefined {
  const behind = `${(backlog / 1e6).toFixed(1)} s`;
  if (heldUpBy === 'memory') return 'PAUSED (Redis is out of memory)';
  if (heldUpBy === 'workers') return `PAUSED (workers are ${behind} behind)`;
  if (state === 'paused') return 'PAUSED';
  if (backlogState !== 'ok') return `BEHIND by ${behind}`;
  return state === 'draining' ? 'draining' : undefined;
}

const aliveWorkers = (figures: FanIn, now: Instant): number =>
  figures.workers().filter(({ at }) => now - at < 5_000_000).length;

/** Of the last second of which all is known. */
function responses(timeline: Timeline): Map<number, LiveTask['response']> {
  const found = new Map<number, LiveTask['response']>();
  for (const { task, response } of timeline.points.at(-1)?.tasks ?? []) {
    if (response.total === 0) continue;
    found.set(task, { p50: response.percentile(50), p99: response.percentile(99) });
  }
  return found;
}
