/** One engine of a worker (bus, pump, driver, statistics, acknowledgements) as the only thing in its process. */
import { connectRedis, type RedisOptions } from '@drumline/bus';
import { readConfig } from '@drumline/core/config';
import { Histogram } from '@drumline/core/stats';
import { Lease, openInline, settingsOf, type TargetOptions } from '@drumline/worker';
import { connectPlain } from './plain-bus.ts';
import { cpuTime, serve, settings } from './serve.ts';

export interface EngineSettings {
  readonly bus: RedisOptions;
  /** Text of config.json. */
  readonly config: string;
  readonly target: TargetOptions;
  /** Take elements with LPOP, and acknowledge nothing: what the guarantees cost. */
  readonly plain?: boolean;
}

export interface EngineSample {
  readonly ok: number;
  readonly failed: number;
  /** µs */
  readonly cpu: number;
  /** ms, for differences. */
  readonly at: number;
  /** µs by percentile, of all ops so far. */
  readonly lateness: { readonly p50: number; readonly p99: number; readonly max: number };
  readonly errors: readonly string[];
}

type Report = Extract<Parameters<Parameters<typeof openInline>[2]['message']>[0], { kind: 'report' }>['report'];

const { bus, config: text, target, plain } = settings<EngineSettings>();
const config = readConfig(text, 'config');
const queues = Array.from({ length: config.threads }, (_, queue) => queue);
const setup = {
  worker: 'bench',
  thread: 'bench',
  lease: Lease.unbounded().memory,
  stopped: [],
  settings: settingsOf(config, target, queues.length),
  queues,
  pauses: [],
  digest: false,
};

let asked: ((report: Report) => void) | undefined;
const ended = Promise.withResolvers<void>();
const line = openInline(setup, () => (plain ? connectPlain(bus) : connectRedis(bus)), {
  message: (message) => {
    if (message.kind === 'ready') serve<'sample', EngineSample>({}, sample, end);
    if (message.kind === 'report') asked?.(message.report);
    if (message.kind === 'ended') ended.resolve();
    if (message.kind === 'refused') throw new Error(message.message);
    if (message.kind === 'log' && message.level !== 'debug') console.error(message.text, message.fields);
  },
  crashed: (error) => {
    throw error;
  },
});

async function sample(): Promise<EngineSample> {
  const report = await new Promise<Report>((resolve) => {
    asked = resolve;
    line.post({ kind: 'report', id: 1 });
  });
  const lateness = new Histogram();
  for (const { stats } of report.tasks) lateness.add(stats.lateness);
  const sum = (counter: 'ok' | 'failed'): number =>
    report.tasks.reduce((total, { stats }) => total + stats.counters[counter], 0);
  return {
    ok: sum('ok'),
    failed: sum('failed'),
    cpu: cpuTime(),
    at: performance.now(),
    lateness: { p50: lateness.percentile(50), p99: lateness.percentile(99), max: lateness.max },
    errors: [...new Set(report.tasks.flatMap(({ stats }) => [...stats.errors.keys()]))],
  };
}

async function end(): Promise<void> {
  line.post({ kind: 'leave' });
  await ended.promise;
}
