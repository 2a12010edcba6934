import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { bytesColumn, type Op, valueOf, wordOf } from '@drumline/core/data';
import type { Action } from '@drumline/core/plan';
import { instant, micros } from '@drumline/core/units';
import { Abort, type Driver, type DriverOptions, openDriver } from '@drumline/targets';
import { startRedis } from '@drumline/test/servers';
import { Redis } from 'ioredis';
import type { Benchmark } from './benchmark.ts';
import { Child } from './child.ts';
import { printTable } from './table.ts';

/** Bytes of the one value that every op writes. */
const VALUE = 100;

/** Ops ready-made for a loop: what making them costs is measured elsewhere. */
function opsOf(action: Action): Op[] {
  const row = [bytesColumn('field1', VALUE)];
  return Array.from({ length: 4_096 }, (_, n) => {
    const key = n.toString(16).padStart(32, '0');
    return { action, n, intended: instant(0), items: [{ key, word: wordOf(key), row }], limit: 10 };
  });
}

const options = (more: Partial<DriverOptions> & Pick<DriverOptions, 'db'>): DriverOptions => ({
  tableName: 'stress',
  region: 'us-east-1',
  maxInFlight: 2_000,
  timeout: micros(5_000_000),
  retries: 0,
  consistentRead: false,
  ...more,
});

interface Measured {
  readonly name: string;
  readonly inFlight: number;
  /** Ops a second of wall time. */
  readonly rate: number;
  /** Ops a second of this process's main-thread CPU time. */
  readonly perCore: number;
}

/** Keeps `inFlight` ops under way for `seconds`, after a quarter of that to warm up. */
async function measure(
  name: string,
  seconds: number,
  inFlight: number,
  one: (n: number) => Promise<unknown>,
): Promise<Measured> {
  let n = 0;
  const loopUntil = async (end: number): Promise<void> => {
    while (performance.now() < end) await one(n++);
  };
  const crowd = (end: number): Promise<unknown> => Promise.all(Array.from({ length: inFlight }, () => loopUntil(end)));
  await crowd(performance.now() + (seconds * 1_000) / 4);
  n = 0;
  const begin = performance.now();
  const cpu = process.threadCpuUsage();
  await crowd(begin + seconds * 1_000);
  const { user, system } = process.threadCpuUsage(cpu);
  return { name, inFlight, rate: n / ((performance.now() - begin) / 1_000), perCore: n / ((user + system) / 1e6) };
}

const runOf =
  (driver: Driver, ops: readonly Op[]) =>
  async (n: number): Promise<void> => {
    const outcome = await driver.execute(ops[n % ops.length] as Op, new Abort());
    if (outcome.error !== undefined) throw new Error(outcome.error);
  };

function print(title: string, rows: readonly Measured[]): void {
  printTable(
    title,
    ['client', 'in flight', 'ops/s of CPU', 'ops/s of wall'],
    rows.map(({ name, inFlight, rate, perCore }) => [name, inFlight, perCore, rate]),
    ['CPU time is that of the thread that sends, without the garbage collector’s helpers. Ops are made beforehand.'],
  );
}

/** Each target's driver alone, beside a plain loop over the client library. */
export const drivers: Benchmark = {
  name: 'drivers',
  about: 'ops a second of the Redis and the DynamoDB driver alone, beside ioredis and the AWS SDK',
  options: { seconds: 2 },
  async run(option) {
    await redisDriver(option('seconds'));
    await dynamoDbDriver(option('seconds'));
  },
};

/** Redis ops a second of one core, beside a plain ioredis loop with autopipelining against the same server. */
async function redisDriver(seconds: number): Promise<void> {
  await using server = await startRedis();
  const { port } = server;
  const plain = new Redis({
    port,
    host: '127.0.0.1',
    enableAutoPipelining: true,
    retryStrategy: () => 20,
    maxRetriesPerRequest: null,
  });
  plain.on('error', () => undefined);
  const driver = openDriver(options({ db: 'redis', endpoint: `127.0.0.1:${port}` }), valueOf);
  try {
    await plain.ping();
    await driver.open();
    const value = Buffer.alloc(VALUE, 7);
    const inFlight = 1_000;
    const ops = opsOf('updateItem');
    print(`Redis target: one value of ${VALUE} bytes an op`, [
      await measure('ioredis set, autopipelining', seconds, inFlight, (n) => plain.set(`s${n % 4_096}`, value)),
      await measure('ioredis hset, autopipelining', seconds, inFlight, (n) =>
        plain.hset(`h${n % 4_096}`, 'field1', value),
      ),
      await measure('drumline updateItem (HSET)', seconds, inFlight, runOf(driver, ops)),
      await measure('drumline putItem (MULTI DEL HSET EXEC)', seconds, inFlight, runOf(driver, opsOf('putItem'))),
      await measure('drumline getItem (HGETALL)', seconds, inFlight, runOf(driver, opsOf('getItem'))),
    ]);
  } finally {
    plain.disconnect();
    await driver.close();
  }
}

/** DynamoDB ops a second of one core against a server of canned answers, beside a plain loop over the SDK. */
async function dynamoDbDriver(seconds: number): Promise<void> {
  const server = await Child.start<never, never>('canned-dynamodb', {});
  const endpoint = `http://127.0.0.1:${String(server.hello)}`;
  const sdk = new DynamoDBClient({
    region: 'us-east-1',
    endpoint,
    credentials: { accessKeyId: 'drumline', secretAccessKey: 'drumline' },
    requestHandler: { httpAgent: { maxSockets: 128 } },
  });
  const driver = openDriver(options({ db: 'dynamodb', endpoint }), valueOf);
  try {
    await driver.open();
    const inFlight = 128;
    const put = opsOf('putItem');
    const value = new Uint8Array(VALUE);
    print(`DynamoDB target: one value of ${VALUE} bytes an op, canned answers`, [
      await measure('SDK PutItem', seconds, inFlight, (n) =>
        sdk.send(
          new PutItemCommand({
            TableName: 'stress',
            Item: { id: { S: (put[n % put.length] as Op).items[0]?.key ?? '' }, field1: { B: value } },
            ReturnConsumedCapacity: 'TOTAL',
          }),
        ),
      ),
      await measure('drumline putItem', seconds, inFlight, runOf(driver, put)),
      await measure('drumline updateItem', seconds, inFlight, runOf(driver, opsOf('updateItem'))),
      await measure('drumline getItem', seconds, inFlight, runOf(driver, opsOf('getItem'))),
    ]);
  } finally {
    sdk.destroy();
    await driver.close();
    await server.stop();
  }
}
