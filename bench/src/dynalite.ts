import { connectRedis } from '@drumline/bus';
import { MetronomeClock } from '@drumline/core/clock';
import { startRedis } from '@drumline/test/servers';
import type { Benchmark } from './benchmark.ts';
import { Child } from './child.ts';
import { preparePublisher } from './play.ts';
import { configText, UPDATE } from './prefilled.ts';
import type { EngineSample, EngineSettings } from './processes/engine.ts';
import { figure, printTable } from './table.ts';

const QUEUES = 2;
const IN_FLIGHT = 64;
const ACTIONS = ['updateItem', 'getItem'] as const;

/** Publisher, Redis, a worker's engine and dynalite, each a process: what an embedded DynamoDB takes. */
export const dynalite: Benchmark = {
  name: 'dynalite',
  about: 'end to end against dynalite, an embedded DynamoDB: ops/s, and who spends the CPU time',
  options: { times: 8_000, qps: 100_000 },
  async run(option) {
    await using redis = await startRedis();
    await using clock = new MetronomeClock();
    const options = { url: redis.url, prefix: 'bench' };
    const config = configText(QUEUES, IN_FLIGHT);
    const bus = await connectRedis(options);
    const server = await Child.start<'cpu', number>('dynalite', { config });
    const target = { db: 'dynamodb', endpoint: String(server.hello) } as const;
    const engine = await Child.start<'sample', EngineSample>('engine', {
      bus: options,
      config,
      target,
    } satisfies EngineSettings);
    const rows: (string | number)[][] = [];
    try {
      for (const action of ACTIONS) {
        const before = { engine: await engine.ask('sample'), server: await server.ask('cpu') };
        const text = JSON.stringify({ ...UPDATE, action, qps: option('qps'), times: option('times') });
        const publisher = await preparePublisher(bus, clock, config, text, 0);
        const outcome = await publisher.run();
        const after = { engine: await engine.ask('sample'), server: await server.ask('cpu') };
        const wall = (outcome.ended - outcome.started) / 1e6;
        const { ok = 0, failed = 0 } = outcome.entries[0]?.counts ?? {};
        rows.push([
          action,
          (ok + failed) / wall,
          failed,
          figure((after.engine.cpu - before.engine.cpu) / 1e6 / wall, 2),
          figure((after.server - before.server) / 1e6 / wall, 2),
        ]);
      }
    } finally {
      await engine.stop();
      await server.stop();
      await bus.close();
    }
    printTable(
      `dynalite, end to end: ${figure(option('times'))} ops as fast as they go, ${IN_FLIGHT} in flight`,
      ['action', 'ops/s', 'failed', 'engine, cores', 'dynalite, cores'],
      rows,
      ['dynalite is the limit: it keeps one core busy.'],
    );
  },
};
