import type { Bus } from '@drumline/core/bus';
import { type Clock, delay } from '@drumline/core/clock';
import type { Log } from '@drumline/core/log';
import { SecondTally, TaskStats } from '@drumline/core/stats';
import { type Instant, type Millis, micros, millis } from '@drumline/core/units';
import { encodeReport, MOST_ENTRIES, type TaskReport, type WorkerReport } from '@drumline/core/wire';
import type { Crew } from './crew.ts';
import type { EngineReport, EngineTask } from './host/protocol.ts';
import { TaskTurns } from './task-turns.ts';

const EVERY = millis(1_000);
/** Workers report one after the other, not all at once: whoever reads them keeps a beat meanwhile. */
const SPREAD = 200;
/** Two reports are never closer. */
const CLOSEST = 100;

/** What the reporter needs to know of its process. */
export interface ProcessFigures {
  /** CPU time used since the process began, µs. */
  cpu(): number;
  memory(): { readonly rss: number; readonly heapUsed: number };
}

export interface ReporterOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly crew: Pick<Crew, 'reports' | 'isPaused'>;
  readonly worker: string;
  readonly host: string;
  readonly pid: number;
  readonly process: ProcessFigures;
  readonly onReport?: ((report: WorkerReport) => void) | undefined;
  readonly log: Log;
}

/**
 * Puts the engines' figures together soon after each whole second of the fleet's clock and says them on the stats channel,
 * once more when the worker ends.
 */
export class Reporter {
  readonly #options: ReporterOptions;
  readonly #incarnation: Instant;
  readonly #ended = new AbortController();
  readonly #reporting: Promise<void>;
  readonly #turns = new TaskTurns(MOST_ENTRIES);
  readonly #tally = new SecondTally();
  /** ms after each whole second of the fleet's clock, so that a report says what was done in that second. */
  readonly #phase = 10 + Math.random() * SPREAD;
  #seq = 0;
  #before: { cpu: number; at: Instant };

  constructor(options: ReporterOptions) {
    this.#options = options;
    this.#incarnation = options.clock.now();
    this.#before = { cpu: options.process.cpu(), at: this.#incarnation };
    this.#reporting = this.#run();
  }

  /** Sends a last report, or as many as it takes to tell everything. */
  async stop(): Promise<void> {
    this.#ended.abort();
    await this.#reporting;
    do await this.#report();
    while (this.#turns.hasNews);
  }

  async #run(): Promise<void> {
    while (!this.#ended.signal.aborted) {
      await this.#report();
      await delay(this.#untilNext(), this.#ended.signal);
    }
  }

  #untilNext(): Millis {
    const since = (this.#options.clock.now() / 1_000 - this.#phase) % EVERY;
    return millis(EVERY - since < CLOSEST ? 2 * EVERY - since : EVERY - since);
  }

  async #report(): Promise<void> {
    try {
      const report = this.#merge(await this.#options.crew.reports());
      this.#options.onReport?.(report);
      await this.#options.bus.report(encodeReport(report));
    } catch (error) {
      this.#options.log.warn({ err: error }, 'reporting failed; the next report says the same and more');
    }
  }

  #merge(engines: readonly EngineReport[]): WorkerReport {
    const { clock, worker, host, pid, process } = this.#options;
    const at = clock.now();
    const cpu = process.cpu();
    const cores = (cpu - this.#before.cpu) / Math.max(1, at - this.#before.at);
    this.#before = { cpu, at };
    this.#seq += 1;
    for (const engine of engines) this.#tally.add(engine.seconds);
    const worst = (figure: (engine: EngineReport) => number): number => Math.max(0, ...engines.map(figure));
    const sum = (figure: (engine: EngineReport) => number): number =>
      engines.reduce((total, engine) => total + figure(engine), 0);
    const tasks = mergeTasks(
      engines.flatMap((engine) => engine.tasks),
      at,
    );
    return {
      worker,
      incarnation: this.#incarnation,
      host,
      pid,
      seq: this.#seq,
      at,
      tasks: this.#turns.next(tasks),
      seconds: this.#tally.runs(MOST_ENTRIES),
      inFlight: sum((engine) => engine.inFlight),
      pending: sum((engine) => engine.pending),
      threads: sum((engine) => engine.queues.length),
      paused: this.#options.crew.isPaused,
      eventLoopDelay: {
        p50: millis(worst((engine) => engine.loopDelay.p50)),
        p99: millis(worst((engine) => engine.loopDelay.p99)),
        max: millis(worst((engine) => engine.loopDelay.max)),
      },
      loopBusy: worst((engine) => engine.loopDelay.busy),
      cpu: cores,
      memory: process.memory(),
      clockError: micros(worst((engine) => engine.clockBar)),
      garbage: sum((engine) => engine.buried),
    };
  }
}

function mergeTasks(parts: readonly EngineTask[], now: Instant): TaskReport[] {
  const merged = new Map<string, { readonly of: EngineTask; readonly stats: TaskStats }>();
  for (const part of parts) {
    const name = `${part.run}/${part.task}/${part.action}`;
    const sum = merged.get(name) ?? { of: part, stats: new TaskStats() };
    merged.set(name, sum);
    sum.stats.merge(part.stats);
  }
  return [...merged.values()].map(({ of: { run, task, action }, stats }) => ({
    run,
    task,
    action,
    ...stats.figures(now),
  }));
}
