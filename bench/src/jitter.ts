import { connectRedis } from '@drumline/bus';
import { MetronomeClock } from '@drumline/core/clock';
import { OpSource } from '@drumline/core/data';
import { readPlan, type Task } from '@drumline/core/plan';
import { intendedTimes, scheduleOf, specOf } from '@drumline/core/schedule';
import type { Instant } from '@drumline/core/units';
import { startRedis } from '@drumline/test/servers';
import { type Benchmark, percentile } from './benchmark.ts';
import { Child } from './child.ts';
import { preparePublisher } from './play.ts';
import { configText, UPDATE } from './prefilled.ts';
import type { ArrivalLog } from './processes/arrival-log.ts';
import type { EngineSample, EngineSettings } from './processes/engine.ts';
import { figure, printTable } from './table.ts';

const RATES = [1_000, 10_000];
const QUEUES = 4;
/** µs of the windows in which arrivals are counted. */
const WINDOW = 10_000;
/** Ops left out at the start: connections are made and code is compiled then. */
const WARM_UP_SECONDS = 2;

interface Seen {
  readonly qps: number;
  /** µs, ascending: arrival at the target minus intended start. */
  readonly jitter: Float64Array;
  readonly worst: { readonly counted: number; readonly planned: number };
  readonly engine: EngineSample;
  /** Cores that the engine used. */
  readonly cores: number;
}

/** Publisher, Redis, a worker's engine, and a target that logs arrivals, each a process: the plan against what arrived. */
export const jitter: Benchmark = {
  name: 'jitter',
  about: 'when ops arrive at the target against when the plan intends them, at 1,000 and 10,000 ops/s',
  options: { seconds: 15 },
  async run(option) {
    const rows: Seen[] = [];
    for (const qps of RATES) rows.push(await measure(qps, option('seconds')));
    const ms = (us: number): string => figure(us / 1_000, 3);
    printTable(
      `Arrival minus intended start, ms, over ${option('seconds')} s (the first ${WARM_UP_SECONDS} s left out)`,
      ['ops/s', 'p50', 'p99', 'p99.9', 'max', 'worst 10 ms window', 'engine: send p50', 'p99', 'cores'],
      rows.map(({ qps, jitter: seen, worst, engine, cores }) => [
        figure(qps),
        ...[50, 99, 99.9, 100].map((percent) => ms(percentile(seen, percent))),
        `${worst.counted} for ${worst.planned}`,
        ms(engine.lateness.p50),
        ms(engine.lateness.p99),
        figure(cores, 2),
      ]),
      [
        'Aim: p99 < 1 ms at 10,000 ops/s. Arrival is when the target’s event loop had read the op: socket and the wait for that loop are in it.',
        'Worst window: the 10 ms whose count of arrivals is farthest from its count of intended starts. “engine” is the worker’s own lateness, all ops.',
      ],
    );
  },
};

async function measure(qps: number, seconds: number): Promise<Seen> {
  await using redis = await startRedis();
  const options = { url: redis.url, prefix: 'bench' };
  await using clock = new MetronomeClock();
  const bus = await connectRedis(options);
  const config = configText(QUEUES, 4_000);
  const target = await Child.start<'log', ArrivalLog>('arrival-log', options);
  const engine = await Child.start<'sample', EngineSample>('engine', {
    bus: options,
    config,
    target: { db: 'redis', endpoint: `127.0.0.1:${String(target.hello)}` },
  } satisfies EngineSettings);
  try {
    const text = JSON.stringify({ ...UPDATE, qps, duration: seconds });
    const publisher = await preparePublisher(bus, clock, config, text, 0);
    const before = await engine.ask('sample');
    const outcome = await publisher.run();
    const after = await engine.ask('sample');
    if (outcome.error !== undefined) throw outcome.error;
    const [task] = readPlan(text, 'bench').tasks;
    const planned = intendedStarts(task as Task, outcome.started);
    const cores = (after.cpu - before.cpu) / 1_000 / (after.at - before.at);
    return { qps, ...compare(planned, await target.ask('log'), outcome.started), engine: after, cores };
  } finally {
    await engine.stop();
    await target.stop();
    await bus.close();
  }
}

/** Each op's intended start by its key, as any worker computes both. */
function intendedStarts(task: Task, start: Instant): Map<string, number> {
  const source = new OpSource({ ...task, seed: '1' }, []);
  const cursor = scheduleOf(specOf(task, { scale: '1', speed: '1', batchOps: 200, phase: undefined })).from();
  const planned = new Map<string, number>();
  while (!cursor.done) {
    for (const batch of cursor.next()) {
      const times = intendedTimes({ ...batch, at: start + batch.at }, 'even', () => 0);
      for (const { items, intended } of source.ops(batch, times)) planned.set(items[0]?.key ?? '', intended);
    }
  }
  return planned;
}

function compare(
  planned: ReadonlyMap<string, number>,
  { keys, times }: ArrivalLog,
  start: Instant,
): Pick<Seen, 'jitter' | 'worst'> {
  const from = start + WARM_UP_SECONDS * 1e6;
  const late: number[] = [];
  /** Arrivals and intended starts by window. */
  const arrived = new Map<number, number>();
  const intendedIn = new Map<number, number>();
  const count = (windows: Map<number, number>, at: number): unknown =>
    at >= from && windows.set(Math.floor(at / WINDOW), (windows.get(Math.floor(at / WINDOW)) ?? 0) + 1);
  for (const intended of planned.values()) count(intendedIn, intended);
  for (const [i, key] of keys.entries()) {
    const intended = planned.get(key);
    if (intended === undefined) throw new Error(`key ${key} was not planned`);
    const at = times[i] ?? Number.NaN;
    count(arrived, at);
    if (intended >= from) late.push(at - intended);
  }
  if (keys.length !== planned.size) throw new Error(`${keys.length} ops arrived of ${planned.size}`);
  // The first and the last window are not whole.
  const windows = [...intendedIn.keys()].slice(1, -1);
  const off = (window: number): number => Math.abs((arrived.get(window) ?? 0) - (intendedIn.get(window) ?? 0));
  const worst = windows.reduce((most, window) => (off(window) > off(most) ? window : most), windows[0] ?? 0);
  return {
    jitter: Float64Array.from(late).sort(),
    worst: { counted: arrived.get(worst) ?? 0, planned: intendedIn.get(worst) ?? 0 },
  };
}
