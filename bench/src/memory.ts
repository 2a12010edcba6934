import { connectRedis } from '@drumline/bus';
import { delay, MetronomeClock } from '@drumline/core/clock';
import { millis } from '@drumline/core/units';
import { startRedis } from '@drumline/test/servers';
import type { Benchmark } from './benchmark.ts';
import { preparePublisher } from './play.ts';
import { configText, UPDATE } from './prefilled.ts';
import { figure, printTable } from './table.ts';
import { WorkerProcess } from './worker-process.ts';

const QUEUES = 4;
/** Rows of the table, evenly over the run. */
const SHOWN = 8;
const MIB = 2 ** 20;

interface Sample {
  /** s since the start */
  readonly at: number;
  /** Bytes. */
  readonly rss: number;
  readonly heapUsed: number;
}

/** Publisher (this process) and `drumline worker` over a long run: after the first quarter neither may grow. */
export const memory: Benchmark = {
  name: 'memory',
  about: 'memory of publisher and worker over a run: must be flat',
  options: { minutes: 10, qps: 5_000 },
  async run(option) {
    const seconds = Math.round(option('minutes') * 60);
    await using redis = await startRedis();
    await using target = await startRedis();
    await using clock = new MetronomeClock();
    const bus = await connectRedis({ url: redis.url, prefix: 'bench' });
    const config = configText(QUEUES, 4_000);
    await bus.writeConfig(config);
    try {
      await using worker = await WorkerProcess.start(bus, redis.url, target.port);
      // Samples of the rows that the target keeps: its memory is not what is measured.
      const text = JSON.stringify({ ...UPDATE, qps: option('qps'), duration: 1, repeat: seconds });
      const publisher = await preparePublisher(bus, clock, config, text, 1);
      const began = performance.now();
      const ours: Sample[] = [];
      const ended = new AbortController();
      const sampling = sampleUntil(ended.signal, began, ours);
      const outcome = await publisher.run();
      ended.abort();
      await sampling;
      const first = worker.reports[0]?.at ?? 0;
      const theirs = worker.reports.map(({ at, memory: used }) => ({ at: (at - first) / 1e6, ...used }));
      print(seconds, ours, theirs, outcome.entries[0]?.counts?.ok ?? 0);
    } finally {
      await bus.close();
    }
  },
};

async function sampleUntil(signal: AbortSignal, began: number, into: Sample[]): Promise<void> {
  while (!signal.aborted) {
    await delay(millis(1_000), signal);
    const { rss, heapUsed } = process.memoryUsage();
    into.push({ at: (performance.now() - began) / 1_000, rss, heapUsed });
  }
}

function print(seconds: number, publisher: readonly Sample[], worker: readonly Sample[], ok: number): void {
  const moments = Array.from({ length: SHOWN }, (_, i) => ((i + 1) * seconds) / SHOWN);
  // Heaps are saw teeth: the least of each stretch is what is really in use.
  const least = (samples: readonly Sample[], end: number, of: 'rss' | 'heapUsed'): string =>
    figure(
      Math.min(...samples.filter(({ at }) => at <= end && at > end - seconds / SHOWN).map((sample) => sample[of])) /
        MIB,
      1,
    );
  printTable(
    `Memory over ${figure(seconds)} s, MiB: the least of each stretch`,
    ['up to second', 'publisher rss', 'heap', 'worker rss', 'heap'],
    [
      ...moments.map((end) => [
        figure(end),
        least(publisher, end, 'rss'),
        least(publisher, end, 'heapUsed'),
        least(worker, end, 'rss'),
        least(worker, end, 'heapUsed'),
      ]),
      [
        'slope, MiB/min',
        ...[publisher, worker].flatMap((samples) => [
          slope(samples, seconds, 'rss'),
          slope(samples, seconds, 'heapUsed'),
        ]),
      ],
    ],
    [
      `${figure(ok)} ops done. Slope: least squares over the samples after the first quarter.`,
      'The publisher’s process also draws this table and listens to the worker.',
    ],
  );
}

/** MiB a minute, by least squares after the first quarter. */
function slope(samples: readonly Sample[], seconds: number, of: 'rss' | 'heapUsed'): string {
  const late = samples.filter(({ at }) => at > seconds / 4 && at <= seconds);
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [x, y] = [mean(late.map(({ at }) => at)), mean(late.map((sample) => sample[of]))];
  const over = late.reduce((sum, sample) => sum + (sample.at - x) * (sample[of] - y), 0);
  const under = late.reduce((sum, { at }) => sum + (at - x) ** 2, 0);
  return figure((over / under / MIB) * 60, 2);
}
