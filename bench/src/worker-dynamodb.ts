import { startRedis } from '@drumline/test/servers';
import type { Benchmark } from './benchmark.ts';
import { Child } from './child.ts';
import { prefill, SPEED_HEAD, type Speed, speedOf, speedRow, VALUE_BYTES } from './prefilled.ts';
import type { LoopSample } from './processes/ioredis-loop.ts';
import { printTable } from './table.ts';
import { engineRound } from './worker-redis.ts';

const THREADS = 4;
const IN_FLIGHT = 128;
const OPS_A_SECOND = 100_000;

/** A whole engine of a worker against a server of canned answers, beside a plain loop over the SDK; rounds alternate. */
export const workerDynamoDb: Benchmark = {
  name: 'worker-dynamodb',
  about: 'DynamoDB ops a second of one core against canned answers: a worker’s engine beside the AWS SDK',
  options: { seconds: 3, rounds: 3 },
  async run(option) {
    await using bus = await startRedis();
    const server = await Child.start<never, never>('canned-dynamodb', {});
    const endpoint = `http://127.0.0.1:${String(server.hello)}`;
    const engine: Speed[] = [];
    const sdk: Speed[] = [];
    try {
      for (let round = 0; round < option('rounds'); round += 1) {
        await bus.cli('FLUSHALL');
        await prefill({ url: bus.url, prefix: 'bench' }, (option('seconds') + 1) * OPS_A_SECOND, THREADS);
        engine.push(
          ...(await engineRound(bus.url, { db: 'dynamodb', endpoint }, option('seconds'), { inFlight: IN_FLIGHT }))
            .speeds,
        );
        const loop = await Child.start<'sample', LoopSample>('sdk-loop', {
          endpoint,
          inFlight: IN_FLIGHT,
          valueBytes: VALUE_BYTES,
        });
        sdk.push(...(await speedOf(() => loop.ask('sample'), option('seconds'))).speeds);
        await loop.stop();
      }
    } finally {
      await server.stop();
    }
    printTable(
      `DynamoDB: UpdateItem of one value of ${VALUE_BYTES} bytes, ${IN_FLIGHT} in flight, ${option('rounds')} rounds, which alternate`,
      SPEED_HEAD,
      [speedRow('drumline worker engine', engine), speedRow('AWS SDK, UpdateItemCommand', sdk)],
      ['Aim: 30,000 a core. CPU time is that of the whole process, its garbage collector included.'],
    );
  },
};
