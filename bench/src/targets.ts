import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { Worker } from 'node:worker_threads';
import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { bytesColumn, type Op, valueOf, wordOf } from '@drumline/core/data';
import type { Action } from '@drumline/core/plan';
import { instant, micros } from '@drumline/core/units';
import { Abort, type Driver, type DriverOptions, openDriver } from '@drumline/targets';
import { Redis } from 'ioredis';

/** Bytes of the one value that every op writes. */
const VALUE = 100;
const SECONDS = 2;

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

/** Keeps `inFlight` ops under way for `SECONDS`, after a quarter of that to warm up. */
async function measure(name: string, inFlight: number, one: (n: number) => Promise<unknown>): Promise<Measured> {
  let n = 0;
  const loopUntil = async (end: number): Promise<void> => {
    while (performance.now() < end) await one(n++);
  };
  const crowd = (end: number): Promise<unknown> => Promise.all(Array.from({ length: inFlight }, () => loopUntil(end)));
  await crowd(performance.now() + (SECONDS * 1_000) / 4);
  n = 0;
  const begin = performance.now();
  const cpu = process.threadCpuUsage();
  await crowd(begin + SECONDS * 1_000);
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
  console.log(`\n${title}`);
  console.table(
    rows.map(({ name, inFlight, rate, perCore }) => ({
      client: name,
      'in flight': inFlight,
      'ops/s': Math.round(rate),
      'ops/s a core': Math.round(perCore),
    })),
  );
}

/** Redis ops a second of one core, beside a plain ioredis loop with autopipelining against the same server. */
export async function benchRedisTarget(): Promise<void> {
  const port = await freePort();
  const server = spawn(
    'redis-server',
    ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'],
    {
      stdio: 'ignore',
    },
  );
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
      await measure('ioredis set, autopipelining', inFlight, (n) => plain.set(`s${n % 4_096}`, value)),
      await measure('ioredis hset, autopipelining', inFlight, (n) => plain.hset(`h${n % 4_096}`, 'field1', value)),
      await measure('drumline updateItem (HSET)', inFlight, runOf(driver, ops)),
      await measure('drumline putItem (MULTI DEL HSET EXEC)', inFlight, runOf(driver, opsOf('putItem'))),
      await measure('drumline getItem (HGETALL)', inFlight, runOf(driver, opsOf('getItem'))),
    ]);
  } finally {
    plain.disconnect();
    await driver.close();
    server.kill();
    await once(server, 'exit');
  }
}

/** DynamoDB ops a second of one core against a server of canned answers, beside a plain loop over the SDK. */
export async function benchDynamoDbTarget(): Promise<void> {
  const server = new Worker(new URL('./canned-dynamodb.ts', import.meta.url));
  const [port] = (await once(server, 'message')) as [number];
  const endpoint = `http://127.0.0.1:${port}`;
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
      await measure('SDK PutItem', inFlight, (n) =>
        sdk.send(
          new PutItemCommand({
            TableName: 'stress',
            Item: { id: { S: (put[n % put.length] as Op).items[0]?.key ?? '' }, field1: { B: value } },
            ReturnConsumedCapacity: 'TOTAL',
          }),
        ),
      ),
      await measure('drumline putItem', inFlight, runOf(driver, put)),
      await measure('drumline updateItem', inFlight, runOf(driver, opsOf('updateItem'))),
      await measure('drumline getItem', inFlight, runOf(driver, opsOf('getItem'))),
    ]);
  } finally {
    sdk.destroy();
    await driver.close();
    await server.terminate();
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
