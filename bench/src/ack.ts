import { connectRedis, type RedisOptions } from '@drumline/bus';
import type { Bus, Consumer } from '@drumline/core/bus';
import { millis } from '@drumline/core/units';
import { decodeElement } from '@drumline/core/wire';
import { type RunningRedis, startRedis } from '@drumline/test/servers';
import { type Benchmark, median } from './benchmark.ts';
import { prefill, SPEED_HEAD, type Speed, speedRow } from './prefilled.ts';
import { PlainConsumer, plainRedis } from './processes/plain-bus.ts';
import { cpuTime } from './processes/serve.ts';
import { figure, printTable } from './table.ts';
import { engineRound } from './worker-redis.ts';

const QUEUES = 4;
/** Ops of a batch, and elements of a claim: a worker's own. */
const BATCH = 200;
const CLAIM = 16;
/** More ops than an engine executes in a second. */
const OPS_A_SECOND = 800_000;
const DIGEST = '0123456789abcdef';

const WAYS = ['LPOP', 'claim and ack', 'claim and ack, digests'] as const;
type Way = (typeof WAYS)[number];

/** The cost of losing nothing: batches taken with claim and ack beside plain LPOP, and what is left of it in a worker. */
export const ack: Benchmark = {
  name: 'ack',
  about:
    'the cost of losing nothing: batches through claim and ack, beside plain LPOP; alone, and in a worker’s engine',
  options: { batches: 30_000, rounds: 5, seconds: 2 },
  async run(option) {
    await using redis = await startRedis();
    await using target = await startRedis();
    const [batches, rounds] = [option('batches'), option('rounds')];
    const drains = new Map<Way, Drain[]>(WAYS.map((way) => [way, []]));
    const engines: Record<'plain' | 'acked', Speed[]> = { plain: [], acked: [] };
    for (let round = 0; round < rounds; round += 1) {
      for (const way of WAYS) drains.get(way)?.push(await drainOnce(redis, way, batches));
      for (const plain of [true, false]) {
        await redis.cli('FLUSHALL');
        await prefill({ url: redis.url, prefix: 'bench' }, (option('seconds') + 1) * OPS_A_SECOND, QUEUES);
        const to = { db: 'redis', endpoint: `127.0.0.1:${target.port}` } as const;
        const { speeds } = await engineRound(redis.url, to, option('seconds'), { plain });
        engines[plain ? 'plain' : 'acked'].push(...speeds);
      }
    }
    printDrains(drains, batches, rounds);
    printEngines(engines, rounds);
  },
};

/** Taking all batches off the queues once. */
interface Drain {
  /** Batches a second of wall time. */
  readonly rate: number;
  /** µs of CPU time a batch. */
  readonly client: number;
  readonly redis: number;
}

async function drainOnce(redis: RunningRedis, way: Way, batches: number): Promise<Drain> {
  const options: RedisOptions = { url: redis.url, prefix: 'bench' };
  await redis.cli('FLUSHALL');
  const run = await prefill(options, batches * BATCH, QUEUES);
  const bus = await connectRedis(options);
  const plain = plainRedis(options);
  try {
    const consumers = await Promise.all(
      Array.from({ length: QUEUES }, async (_, queue) =>
        way === 'LPOP' ? new PlainConsumer(plain, `bench_q${queue}`) : await bus.consumer(queue, 'bench'),
      ),
    );
    const before = { at: performance.now(), client: cpuTime(), redis: await cpuOf(redis) };
    await Promise.all(consumers.map((consumer) => drain(consumer, way === 'claim and ack, digests')));
    const elapsed = performance.now() - before.at;
    const used = { client: cpuTime() - before.client, redis: (await cpuOf(redis)) - before.redis };
    if (way !== 'LPOP') await check(bus, run, batches * BATCH);
    return { rate: (batches / elapsed) * 1_000, client: used.client / batches, redis: used.redis / batches };
  } finally {
    plain.disconnect();
    await bus.close();
  }
}

/** Takes until there is nothing left. Like a worker: reads what it takes, and claims on while the last ack is under way. */
async function drain(consumer: Consumer, digests: boolean): Promise<void> {
  let acking: Promise<number> = Promise.resolve(0);
  for (;;) {
    const elements = await consumer.claim(CLAIM, millis(0));
    if (elements.length === 0) break;
    const acks = elements.map((element) => {
      const read = decodeElement(element);
      if (read.kind !== 'batch') throw new Error(`not a batch: ${element}`);
      const { run, task, count } = read.batch;
      return { element, run, task, ok: count, failed: 0, dropped: 0, ...(digests && { digest: DIGEST }) };
    });
    await acking;
    acking = consumer.ack(acks);
  }
  await acking;
}

async function check(bus: Bus, run: string, ops: number): Promise<void> {
  const ok = (await bus.readLedger(run, QUEUES)).get(0)?.ok;
  if (ok !== ops) throw new Error(`the ledger has ${ok} ops, expected ${ops}`);
}

/** CPU time of the server so far, µs. */
async function cpuOf(redis: RunningRedis): Promise<number> {
  const lines = await redis.cli('INFO', 'cpu');
  const used = (name: string): number =>
    Number(lines.find((line) => line.startsWith(`${name}:`))?.split(':')[1] ?? Number.NaN);
  return (used('used_cpu_user') + used('used_cpu_sys')) * 1e6;
}

function printDrains(drains: ReadonlyMap<Way, readonly Drain[]>, batches: number, rounds: number): void {
  const rows = [...drains].map(([way, all]) => {
    const rate = median(all.map((one) => one.rate));
    const [client, redis] = [median(all.map((one) => one.client)), median(all.map((one) => one.redis))];
    return [way, rate, rate * BATCH, figure(client, 1), figure(redis, 1)];
  });
  printTable(
    `${figure(batches)} batches of ${BATCH} ops off ${QUEUES} queues, medians of ${rounds} rounds, which alternate`,
    ['one process', 'batches/s', 'ops/s', 'client, µs a batch', 'Redis, µs a batch'],
    rows,
    ['Nothing is executed: this is the bus alone. Claims of 16; the ledger was checked after each round with acks.'],
  );
}

function printEngines({ plain, acked }: Record<'plain' | 'acked', Speed[]>, rounds: number): void {
  printTable(
    `A worker’s engine, one HSET an op, ${rounds} rounds, which alternate`,
    SPEED_HEAD,
    [speedRow('LPOP, no ack', plain), speedRow('claim and ack', acked)],
    ['The same engine, schedule and statistics; only the consumer differs.'],
  );
}
