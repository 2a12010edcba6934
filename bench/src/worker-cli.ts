import { connectRedis } from '@drumline/bus';
import { startRedis } from '@drumline/test/servers';
import { type Benchmark, median } from './benchmark.ts';
import { configText, prefill, VALUE_BYTES } from './prefilled.ts';
import { figure, printTable } from './table.ts';
import { WorkerProcess } from './worker-process.ts';

const THREADS = 4;
const IN_FLIGHT = 1_000;
const OPS_A_SECOND = 800_000;

/** `drumline worker` itself, with the supervisor, heartbeats and reports, by its own figures. */
export const workerCli: Benchmark = {
  name: 'worker-cli',
  about: 'the same through `drumline worker` as a whole, one engine on one OS thread',
  options: { seconds: 5 },
  async run(option) {
    const seconds = option('seconds');
    await using redis = await startRedis();
    await using target = await startRedis();
    const options = { url: redis.url, prefix: 'bench' };
    const bus = await connectRedis(options);
    await prefill(options, (seconds + 3) * OPS_A_SECOND, THREADS);
    await bus.writeConfig(configText(THREADS, IN_FLIGHT));
    try {
      await using worker = await WorkerProcess.start(bus, redis.url, target.port);
      const ops: number[] = [];
      const cores: number[] = [];
      let before = await worker.nextReport();
      for (let second = 0; second < seconds; second += 1) {
        const report = await worker.nextReport();
        const done = (of: typeof report): number => of.tasks.reduce((sum, { counters }) => sum + counters.ok, 0);
        ops.push(((done(report) - done(before)) * 1e6) / (report.at - before.at));
        cores.push(report.cpu);
        before = report;
      }
      const perCore = ops.map((rate, i) => rate / (cores[i] ?? Number.NaN));
      printTable(
        `drumline worker --engines 1: one value of ${VALUE_BYTES} bytes an op, ${figure(IN_FLIGHT)} in flight`,
        ['figure', 'seen'],
        [
          ['ops/s of CPU, median second', figure(median(perCore))],
          ['ops/s of wall, median second', figure(median(ops))],
          ['cores used, all its OS threads', figure(median(cores), 2)],
        ],
        ['By the worker’s own reports; the supervisor’s thread and the garbage collector’s are in the CPU time.'],
      );
    } finally {
      await bus.close();
    }
  },
};
