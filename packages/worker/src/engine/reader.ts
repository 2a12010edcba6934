import type { Bus } from '@drumline/core/bus';
import type { Clock } from '@drumline/core/clock';
import type { Config } from '@drumline/core/config';
import { bytesColumn, OpHasher, OpSource, wordOf } from '@drumline/core/data';
import { DrumlineError } from '@drumline/core/errors';
import { decodeRun, FINAL_STATES, opDraw, type RunTask } from '@drumline/core/run';
import { intendedTimes, type OpDraw } from '@drumline/core/schedule';
import { type Seconds, TaskStats } from '@drumline/core/stats';
import { type Instant, micros } from '@drumline/core/units';
import { type Batch, decodeElement, type OriginalElement } from '@drumline/core/wire';
import type { PlayedHttp } from '@drumline/targets';
import type { EngineTask } from '../host/protocol.ts';
import { type Account, Work } from './work.ts';

/** The run that elements of the original's form are reported under. */
const ORIGINAL_RUN = 'original';

/** A task as this engine knows it: what makes its ops, and what became of them. */
interface KnownTask extends Account {
  readonly run: string;
  readonly task: number;
  readonly action: string;
}

interface PlayedTask extends KnownTask {
  readonly definition: RunTask;
  readonly source: OpSource;
  readonly draw: OpDraw;
}

export interface ReaderOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly config: () => Config;
  /** Keep digests of all ops. */
  readonly digests: boolean;
  /** Those of the OS thread. */
  readonly seconds: Seconds;
  /** Called before the first http task of a run: resolves when its ops can be executed. */
  readonly needHttp: () => Promise<void>;
}

/** How long a run may go without a batch before it is looked at whether it has ended, µs. */
const IDLE = 60_000_000;

/**
 * Makes work of list elements: reads the definition of a batch's task once, and keeps the statistics of every task. Runs
 * that have ended are forgotten, so that the worker's memory does not grow from run to run.
 */
export class Reader {
  readonly #bus: Bus;
  readonly #clock: Clock;
  readonly #config: () => Config;
  readonly #seconds: Seconds;
  readonly #needHttp: () => Promise<void>;
  /** Present when digests are to be kept. */
  readonly #hasher: OpHasher | undefined;
  readonly #tasks = new Map<string, KnownTask>();
  readonly #runs = new Map<string, { tasks: Promise<readonly PlayedTask[]>; seen: Instant }>();

  constructor({ bus, clock, config, digests, seconds, needHttp }: ReaderOptions) {
    this.#needHttp = needHttp;
    this.#seconds = seconds;
    this.#bus = bus;
    this.#clock = clock;
    this.#config = config;
    this.#hasher = digests ? new OpHasher() : undefined;
  }

  /** @throws DrumlineError DRUM_ELEMENT_INVALID, DRUM_RUN_UNKNOWN: nobody can read it; a fault of the bus may mend. */
  async read(text: string): Promise<Work> {
    const element = decodeElement(text);
    if (element.kind === 'original') return this.#readOriginal(text, element.original);
    const task = await this.#taskOf(element.batch);
    const times = intendedTimes(element.batch, task.definition.arrivals, task.draw);
    const ops = task.source.ops(element.batch, times);
    const late = task.definition.late === undefined ? undefined : micros(task.definition.late);
    const isRedelivered = element.batch.redelivered !== undefined;
    return new Work(text, { run: task.run, task: task.task }, ops, task, late, isRedelivered);
  }

  /** What became of each task's ops so far. */
  figures(now: Instant): EngineTask[] {
    this.#forgetEnded(now);
    return [...this.#tasks.values()].map(({ run, task, action, stats }) => ({
      run,
      task,
      action,
      stats: stats.snapshot(now),
    }));
  }

  async #taskOf(batch: Batch): Promise<PlayedTask> {
    let run = this.#runs.get(batch.run);
    if (run === undefined) {
      run = { tasks: this.#readRun(batch.run), seen: this.#clock.now() };
      this.#runs.set(batch.run, run);
      // A failed reading is not kept: the next batch tries again.
      run.tasks.catch(() => this.#runs.delete(batch.run));
    }
    run.seen = this.#clock.now();
    const task = (await run.tasks)[batch.task];
    if (task !== undefined) return task;
    throw new DrumlineError('DRUM_RUN_UNKNOWN', `run ${batch.run} has no task ${batch.task}`);
  }

  async #readRun(run: string): Promise<readonly PlayedTask[]> {
    const fields = await this.#bus.readRun(run);
    if (fields === undefined) throw new DrumlineError('DRUM_RUN_UNKNOWN', `run ${run} is not in Redis`);
    const { tasks } = decodeRun(fields);
    if (tasks.some(({ http }) => http !== undefined)) await this.#needHttp();
    return tasks.map((definition, task) => {
      const source = new OpSource(definition, this.#config().sampleData);
      const known = this.#known(run, task, definition.action);
      return { ...known, definition, source, draw: opDraw(definition.seed), http: playedHttp(run, definition) };
    });
  }

  #known(run: string, task: number, action: string): KnownTask {
    const name = `${run}/${task}/${action}`;
    const present = this.#tasks.get(name);
    if (present !== undefined) return present;
    const known = { run, task, action, stats: new TaskStats(this.#seconds, run), hasher: this.#hasher };
    this.#tasks.set(name, known);
    return known;
  }

  /** The original's element is due when it is read. */
  #readOriginal(text: string, { action, items }: OriginalElement): Work {
    const known = this.#known(ORIGINAL_RUN, 0, action);
    const op = {
      action,
      n: 0,
      intended: this.#clock.now(),
      limit: 10,
      items: items.map(({ key, columns }) => ({
        key,
        word: wordOf(key),
        row: columns.map((column) => ('len' in column ? bytesColumn(column.name, column.len) : column)),
      })),
    };
    return new Work(text, undefined, [op], known);
  }

  #forgetEnded(now: Instant): void {
    for (const [run, known] of this.#runs) {
      if (now - known.seen < IDLE) continue;
      known.seen = now;
      void this.#forgetIfEnded(run, now);
    }
  }

  async #forgetIfEnded(run: string, asked: Instant): Promise<void> {
    const hasEnded = await this.#hasEnded(run).catch(() => false);
    // A batch that came meanwhile (of a worker that died, say) goes on counting where it was.
    if (!hasEnded || this.#runs.get(run)?.seen !== asked) return;
    this.#runs.delete(run);
    for (const [name, known] of this.#tasks) {
      if (known.run !== run) continue;
      this.#tasks.delete(name);
      this.#seconds.release(known.stats);
    }
  }

  async #hasEnded(run: string): Promise<boolean> {
    const fields = await this.#bus.readRun(run);
    return fields === undefined || FINAL_STATES.has(decodeRun(fields).state);
  }
}

function playedHttp(run: string, { http, seed, offset, data = [] }: RunTask): PlayedHttp | undefined {
  return http && { http, run, seed, offset, data };
}
