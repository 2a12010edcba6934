import { MemoryBus, MemoryFleet } from '@drumline/bus';
import type { TaskCounts } from '@drumline/core/bus';
import { type Config, readConfig } from '@drumline/core/config';
import { NO_DIGEST } from '@drumline/core/data';
import { silentLog } from '@drumline/core/log';
import { readPlan } from '@drumline/core/plan';
import { encodeRun, type RunState, type RunTask } from '@drumline/core/run';
import { type Instant, instant, micros } from '@drumline/core/units';
import { type Batch, encodeBatch } from '@drumline/core/wire';
import type { Driver } from '@drumline/targets';
import type { CrewOptions } from './crew.ts';
import { openInline } from './host/inline.ts';
import type { EngineSetup } from './host/protocol.ts';
import { Lease } from './lease.ts';
import { settingsOf } from './settings.ts';

export const CONFIG = { table_name: 'table', threads: 2 };
export const configOf = (change: object = {}): Config => readConfig(JSON.stringify({ ...CONFIG, ...change }), 'config');

/** A fleet in memory with a run whose batches are put on its queues by hand. */
export class TestFleet {
  readonly fleet = new MemoryFleet();
  readonly bus = new MemoryBus(this.fleet);
  readonly #seq = new Map<string, number>();
  #first = 0;

  now(): Instant {
    return this.fleet.clock.now();
  }

  async begin(change: object = {}, run = 'run1'): Promise<void> {
    const text = JSON.stringify([{ action: 'getItem', qps: 100, times: 1_000_000, seed: 1, ...change }]);
    const { tasks } = readPlan(text, 'traffic.json');
    await this.bus.writeRun(
      run,
      encodeRun({ ...RECORD, run, plan: text, tasks: tasks.map(seeded), origin: this.now() }),
      1,
    );
  }

  async setState(state: RunState, run = 'run1'): Promise<void> {
    await this.bus.writeRun(run, encodeRun({ state }), 1);
  }

  /** Puts a batch of the next `count` ops on a queue, due `inMs` from now, spread over `spanMs`. */
  async push(queue: number, count: number, { inMs = 0, spanMs = 0, run = 'run1', task = 0 } = {}): Promise<Batch> {
    const at = instant(this.now() + inMs * 1_000);
    const batch = { run, task, first: this.#first, count, at, span: micros(spanMs * 1_000) };
    this.#first += count;
    await this.pushText(queue, encodeBatch(batch), new Map([[task, count]]), run);
    return batch;
  }

  async pushText(queue: number, element: string, published = new Map<number, number>(), run = 'run1'): Promise<void> {
    const share = `${run}/${queue}`;
    const seq = (this.#seq.get(share) ?? 0) + 1;
    this.#seq.set(share, seq);
    const reply = await this.bus.push(queue, { run, epoch: 1, seq, beat: seq, elements: [element], published });
    if (reply.kind !== 'pushed') throw new Error(`the push was answered ${reply.kind}`);
  }

  async ledger(run = 'run1'): Promise<TaskCounts> {
    const none = { published: 0, ok: 0, failed: 0, dropped: 0, duplicate: 0, digest: NO_DIGEST };
    return (await this.bus.readLedger(run, 64)).get(0) ?? none;
  }

  /** Whether every op that was published has its outcome. */
  async isSettled(run = 'run1'): Promise<boolean> {
    const { published, ok, failed, dropped } = await this.ledger(run);
    return ok + failed + dropped === published;
  }

  length(queue: number): number {
    return this.fleet.queue(queue).length;
  }

  setup(change: Partial<EngineSetup> = {}, config = configOf()): EngineSetup {
    const settings = settingsOf(config, {}, 2);
    return {
      worker: 'w1',
      thread: 'thread',
      lease: Lease.unbounded().memory,
      settings,
      queues: [0, 1],
      pauses: [],
      stopped: [],
      digest: false,
      ...change,
    };
  }

  /** Engines on this thread whose driver is the given one. */
  crewOptions(driverOf: () => Driver, change: Partial<CrewOptions> = {}): CrewOptions {
    return {
      id: 'w1',
      thread: 'thread',
      lease: Lease.unbounded().memory,
      bus: this.bus,
      engines: 2,
      openEngine: (setup, events) => openInline(setup, async () => new MemoryBus(this.fleet), events, driverOf),
      target: {},
      digest: false,
      log: silentLog,
      onEnd: () => undefined,
      ...change,
    };
  }
}

const seeded = (task: Omit<RunTask, 'seed'> & { readonly seed: string | undefined }): RunTask => ({
  ...task,
  seed: task.seed ?? '1',
});

const RECORD = {
  state: 'running',
  queues: 2,
  scale: '1',
  speed: '1',
  rates: [],
  pauses: [],
} as const;
