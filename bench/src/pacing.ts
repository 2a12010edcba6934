import { connectRedis } from '@drumline/bus';
import { MetronomeClock } from '@drumline/core/clock';
import { type RunningRedis, startRedis } from '@drumline/test/servers';
import type { Benchmark } from './benchmark.ts';
import { Child } from './child.ts';
import { preparePublisher } from './play.ts';
import { configText, UPDATE } from './prefilled.ts';
import { cpuTime } from './processes/serve.ts';
import type { SinkSettings } from './processes/sink.ts';
import { figure, printTable } from './table.ts';

const QUEUES = 10;

/** The publisher at a rate that no target takes: batches go through a real Redis to a sink that only acknowledges. */
export const pacing: Benchmark = {
  name: 'pacing',
  about: 'the publisher at 5,000,000 ops/s to a local Redis: its share of a core, beat error, exact count',
  options: { seconds: 60, qps: 5_000_000 },
  async run(option) {
    const [qps, duration] = [option('qps'), option('seconds')];
    await using redis = await startRedis();
    const options = { url: redis.url, prefix: 'bench' };
    await using clock = new MetronomeClock();
    const bus = await connectRedis(options);
    const config = configText(QUEUES, 1_000);
    const sink = await Child.start<'cpu', number>('sink', { bus: options, queues: QUEUES } satisfies SinkSettings);
    try {
      const publisher = await preparePublisher(bus, clock, config, JSON.stringify({ ...UPDATE, qps, duration }), 0);
      // What asking costs this process is in neither reading of its own.
      const before = { ...(await cpuOfOthers(redis, sink)), publisher: cpuTime() / 1e6 };
      const outcome = await publisher.run();
      const after = { publisher: cpuTime() / 1e6, ...(await cpuOfOthers(redis, sink)) };
      const wall = (outcome.ended - outcome.started) / 1e6;
      const share = (whose: 'publisher' | 'redis' | 'sink'): string => figure((after[whose] - before[whose]) / wall, 3);
      const published = outcome.entries[0]?.counts?.published ?? 0;
      const due = Math.floor(qps * duration);
      const error = (percent: number): string => figure(outcome.beatError.percentile(percent) / 1_000, 3);
      printTable(
        `Publisher: ${figure(qps)} ops/s for ${duration} s, ${QUEUES} queues, batches of at most 200 ops`,
        ['figure', 'seen', 'aim'],
        [
          ['publisher, cores', share('publisher'), '< 0.2'],
          ['beat error p50, ms', error(50), ''],
          ['beat error p99, ms', error(99), '< 0.5'],
          ['beat error max, ms', error(100), ''],
          ['ops published − ops due', published - due, '0'],
          ['Redis, cores', share('redis'), ''],
          ['sink, cores', share('sink'), ''],
        ],
        [
          `${figure(published)} ops published, state ${outcome.state}; beat error is when a beat was pushed minus when it was due, over ${figure(outcome.beatError.total)} beats.`,
          'The Redis also serves the sink: claims and acknowledgements of every batch are in its figure.',
        ],
      );
    } finally {
      await sink.stop();
      await bus.close();
    }
  },
};

/** Seconds of CPU time so far. */
async function cpuOfOthers(redis: RunningRedis, sink: Child<'cpu', number>): Promise<{ redis: number; sink: number }> {
  const lines = await redis.cli('INFO', 'cpu');
  const used = (name: string): number =>
    Number(lines.find((line) => line.startsWith(`${name}:`))?.split(':')[1] ?? Number.NaN);
  return { redis: used('used_cpu_user') + used('used_cpu_sys'), sink: (await sink.ask('cpu')) / 1e6 };
}
