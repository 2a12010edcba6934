import { createServer } from 'node:net';
import { millis } from '@drumline/core/units';
import { Abort, type DriverOptions, openDriver } from '@drumline/targets';
import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import {
  freePort,
  type RunningRedis,
  type StartRedisOptions,
  startRedis,
  startRedisCluster,
} from '../servers/index.ts';
import { bytes, item, keyOf, op, options, run } from './target.ts';

async function server(more: StartRedisOptions = {}): Promise<RunningRedis> {
  const redis = await startRedis(more);
  onTestFinished(() => redis.stop());
  return redis;
}

async function opened(more: Partial<DriverOptions>) {
  const driver = openDriver(options({ db: 'redis', ...more }));
  onTestFinished(() => driver.close());
  await driver.open();
  return driver;
}

const it = item(1, [bytes('field1', 10)]);

test('open() of a target that nobody listens on fails with DRUM_CONNECT, naming the address', async () => {
  const port = await freePort();
  for (const cluster of [false, true]) {
    const opening = opened({ endpoint: `127.0.0.1:${port}`, connectWithin: millis(200), cluster });
    await expect(opening).rejects.toMatchObject({
      code: 'DRUM_CONNECT',
      exit: 4,
      message: expect.stringContaining(`127.0.0.1:${port}`),
    });
  }
});

test('open() waits for a target that starts a little later', async () => {
  const port = await freePort();
  const opening = opened({ endpoint: `127.0.0.1:${port}` });
  await server({ port });
  const driver = await opening;
  expect((await run(driver, 'putItem', [it])).error).toBeUndefined();
});

test('open() with a wrong password fails at once with DRUM_REDIS_ACCESS', async () => {
  const { port } = await server({ password: 'right' });
  const opening = opened({ endpoint: `redis://:wrong@127.0.0.1:${port}` });
  await expect(opening).rejects.toMatchObject({ code: 'DRUM_REDIS_ACCESS' });
  await expect(opening).rejects.not.toMatchObject({ message: expect.stringContaining('wrong@') });
});

test('while the target is down ops fail fast with DRUM_CONNECT, and afterwards they work again', async () => {
  const first = await server();
  const driver = await opened({ endpoint: `127.0.0.1:${first.port}` });
  expect((await run(driver, 'putItem', [it])).error).toBeUndefined();
  const caught = Promise.all(Array.from({ length: 500 }, () => run(driver, 'updateItem', [it])));
  await first.stop();
  for (const outcome of await caught) expect([undefined, 'DRUM_CONNECT']).toContain(outcome.error);
  for (let n = 0; n < 1_000; n++) {
    const outcome = await run(driver, 'updateItem', [it]);
    expect(outcome).toMatchObject({ error: 'DRUM_CONNECT', items: 0, misses: 0 });
  }
  await server({ port: first.port });
  await expect.poll(async () => (await run(driver, 'getItem', [it])).error, { timeout: 5_000 }).toBeUndefined();
  expect(await run(driver, 'getItem', [it])).toMatchObject({ items: 0, misses: 1 });
  expect(await run(driver, 'putItem', [it])).toMatchObject({ items: 1 });
});

test('connections that the target closes again and again leave no op without an answer and no answer to a wrong op', async () => {
  const { port } = await server();
  const driver = await opened({ endpoint: `127.0.0.1:${port}` });
  const control = new Redis(port, '127.0.0.1');
  onTestFinished(() => control.disconnect());
  const items = Array.from({ length: 50 }, (_, i) => item(i, [bytes('field1', 10 + i)]));
  await run(driver, 'batchPutItem', items);
  const sizes = new Map(
    items.map((one) => [
      one.key,
      'field1'.length + (one.row[0] !== undefined && 'len' in one.row[0] ? one.row[0].len : 0),
    ]),
  );
  let good = 0;
  for (let round = 0; round < 30; round++) {
    const reads = items.map(async (one) => ({ one, outcome: await run(driver, 'getItem', [one]) }));
    if (round % 3 === 0) await control.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    for (const { one, outcome } of await Promise.all(reads)) {
      const received = outcome.error === undefined ? outcome.bytesReceived : outcome.error;
      expect([sizes.get(one.key), 'DRUM_CONNECT']).toContain(received);
      if (outcome.error === undefined) good += 1;
    }
    await expect.poll(async () => (await run(driver, 'getItem', [it])).error, { interval: 5 }).toBeUndefined();
  }
  expect(good).toBeGreaterThan(500);
});

test('an aborted op lets go at once of a target that does not answer', async () => {
  const redis = await server();
  const { port } = redis;
  const driver = await opened({ endpoint: `127.0.0.1:${port}` });
  await redis.cli('CLIENT', 'PAUSE', '3000', 'ALL');
  const abort = new Abort();
  const outcome = driver.execute(op('updateItem', [it]), abort);
  abort.abort();
  expect(await outcome).toMatchObject({ error: 'DRUM_OP_TIMEOUT', items: 0 });
});

test('what the target refuses has a code of its own', async () => {
  const redis = await server();
  const { port } = redis;
  const driver = await opened({ endpoint: `127.0.0.1:${port}` });
  await redis.cli('SET', keyOf(2), 'text');
  for (const action of ['getItem', 'getSubItem', 'updateItem', 'query'] as const) {
    expect((await run(driver, action, [item(2, [bytes('a', 1)])])).error).toBe('DRUM_REDIS_WRONGTYPE');
  }
  await redis.cli('CONFIG', 'SET', 'maxmemory', '1');
  expect((await run(driver, 'updateItem', [it])).error).toBe('DRUM_REDIS_OOM');
  expect((await run(driver, 'putItem', [it])).error).toBe('DRUM_REDIS_OOM');
  expect((await run(driver, 'getItem', [it])).error).toBeUndefined();
  await redis.cli('CONFIG', 'SET', 'maxmemory', '0');
  await redis.cli('REPLICAOF', '127.0.0.1', '1');
  await redis.cli('CONFIG', 'SET', 'replica-serve-stale-data', 'yes');
  expect((await run(driver, 'updateItem', [it])).error).toBe('DRUM_REDIS_READONLY');
  await redis.cli('REPLICAOF', 'NO', 'ONE');
  await redis.cli('ACL', 'SETUSER', 'default', '-hset');
  expect((await run(driver, 'updateItem', [it])).error).toBe('DRUM_REDIS_ACCESS');
});

test('a node of a cluster that is addressed like a single Redis says that it is a cluster', async () => {
  const cluster = await startRedisCluster();
  onTestFinished(() => cluster.stop());
  const [node] = cluster.nodes;
  const driver = await opened({ endpoint: `127.0.0.1:${node?.port}` });
  const codes = await Promise.all(
    Array.from({ length: 30 }, async (_, n) => (await run(driver, 'updateItem', [item(n, it.row)])).error),
  );
  expect(new Set(codes)).toEqual(new Set([undefined, 'DRUM_REDIS_MOVED']));
});

test('what speaks no Redis is no Redis', async () => {
  const garbage = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', () => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'));
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void garbage.close());
  await expect.poll(() => garbage.listening).toBe(true);
  const address = garbage.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  await expect(opened({ endpoint: `127.0.0.1:${port}`, connectWithin: millis(300) })).rejects.toMatchObject({
    name: 'DrumlineError',
  });
});

test('the database of the address is the one that is used', async () => {
  const redis = await server();
  const { port } = redis;
  const driver = await opened({ endpoint: `redis://127.0.0.1:${port}/5` });
  await run(driver, 'putItem', [it]);
  expect(await redis.cli('-n', '5', 'EXISTS', it.key)).toEqual(['1']);
  expect(await redis.cli('EXISTS', it.key)).toEqual(['0']);
});
