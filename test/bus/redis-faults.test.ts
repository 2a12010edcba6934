import { inspect } from 'node:util';
import { connectRedis, type RedisOptions } from '@drumline/bus';
import type { Bus } from '@drumline/core/bus';
import { delay } from '@drumline/core/clock';
import { millis } from '@drumline/core/units';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type RunningCluster,
  type RunningRedis,
  startRedis,
  startRedisCluster,
  startTlsRedis,
} from '../servers/index.ts';
import { claimAll, done, NOW, push, SOON, until } from './harness.ts';
import { startLossyProxy } from './lossy-proxy.ts';

const FEW = millis(300);

/**
 * Pushes, claims and acks on two queues while `disturb` does its worst, until every element is acknowledged; answers how often
 * each element was handed out, by element.
 */
async function play(
  connect: () => Promise<Bus>,
  pushes: number,
  disturb: () => Promise<unknown>,
): Promise<Map<string, number>> {
  const handedOut = new Map<string, number>();
  const publisher = await connect();
  const workers = [await connect(), await connect()];
  const ended = new AbortController();
  const disturbance = (async () => {
    while (!ended.signal.aborted) {
      await disturb();
      // Long enough for a connection to be made again and carry something.
      await delay(millis(40));
    }
  })();
  const publishing = [0, 1].map(async (queue) => {
    for (let seq = 1; seq <= pushes; ) {
      const elements = [0, 1, 2].map((i) => `${queue}.${seq}.${i}`);
      const reply = await publisher.push(queue, push(seq, elements));
      seq = reply.kind === 'gap' ? reply.last + 1 : seq + 1;
    }
  });
  const consuming = workers.flatMap((bus, w) =>
    [0, 1].map(async (queue) => {
      const consumer = await bus.consumer(queue, `w${w}`);
      for (;;) {
        const elements = await consumer.claim(5, FEW);
        for (const element of elements) handedOut.set(element, (handedOut.get(element) ?? 0) + 1);
        await consumer.ack(elements.map((element) => done(element)));
        if (handedOut.size === pushes * 6) return;
      }
    }),
  );
  try {
    await Promise.all([...publishing, ...consuming]);
  } finally {
    ended.abort();
    await disturbance;
  }
  const ledger = await publisher.readLedger('r', 2);
  expect(Object.fromEntries(ledger)).toEqual({
    0: { published: pushes * 6, ok: pushes * 6, failed: 0, dropped: 0, duplicate: 0 },
  });
  expect((await publisher.queues(2)).map(({ length }) => length)).toEqual([0, 0]);
  await Promise.all([publisher, ...workers].map((bus) => bus.close()));
  return handedOut;
}

describe('a Redis server in trouble', () => {
  let server: RunningRedis;
  let prefixes = 0;
  const connect = (prefix = `f${prefixes}`): Promise<Bus> => connectRedis({ url: server.url, prefix });
  const fresh = (): void => {
    prefixes += 1;
  };
  /** What the server has done when a claim's answer is lost. */
  const loseOne = (): Promise<unknown> =>
    server.cli('LMOVE', `f${prefixes}_q0`, `{f${prefixes}_q0}:w:w/x`, 'LEFT', 'RIGHT');
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.stop());

  test('connections that are killed in the middle of pushes, claims and acks lose nothing and double nothing', async () => {
    fresh();
    let kills = 0;
    const handedOut = await play(connect, 50, async () => {
      kills += Number((await server.cli('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'))[0]);
    });
    expect(kills).toBeGreaterThan(10);
    expect(handedOut.size).toBe(300);
    expect([...handedOut.values()].every((times) => times === 1)).toBe(true);
    expect(await server.cli('KEYS', `*f${prefixes}*:w:*`)).toEqual([]);
    expect(await server.cli('SMEMBERS', `f${prefixes}_workers`)).toEqual([]);
  });

  test('commands that were carried out but lost their answers are not carried out twice', async () => {
    fresh();
    await using proxy = await startLossyProxy(server.port, 4);
    const prefix = `f${prefixes}`;
    const handedOut = await play(
      () => connectRedis({ url: `127.0.0.1:${proxy.port}`, prefix }),
      40,
      () => Promise.resolve(),
    );
    expect(proxy.lost()).toBeGreaterThan(20);
    expect(handedOut.size).toBe(240);
    expect([...handedOut.values()].every((times) => times === 1)).toBe(true);
  });

  test('the lock can be taken, renewed and released although answers are lost', async () => {
    fresh();
    await using proxy = await startLossyProxy(server.port, 3);
    const bus = await connectRedis({ url: `127.0.0.1:${proxy.port}`, prefix: `f${prefixes}` });
    let last = 0;
    for (let round = 0; round < 8; round += 1) {
      const reply = await bus.acquireLock(`round ${round}`, SOON);
      if (reply.kind !== 'acquired') throw new Error(`held by ${reply.holder}`);
      expect(reply.epoch).toBeGreaterThan(last);
      last = reply.epoch;
      expect(await bus.renewLock(last, 'renewed', SOON)).toBe(true);
      await bus.releaseLock(last);
    }
    expect(proxy.lost()).toBeGreaterThan(3);
    await bus.close();
  });

  test('scripts that the server has forgotten are sent again', async () => {
    fresh();
    const handedOut = await play(connect, 300, () => server.cli('SCRIPT', 'FLUSH'));
    expect([...handedOut.values()].every((times) => times === 1)).toBe(true);
  });

  test('an element whose claim lost its answer comes with a later claim, once, and close gives it back', async () => {
    fresh();
    const bus = await connect();
    const consumer = await bus.consumer(0, 'w', 'x');
    await bus.push(0, push(1, ['a', 'b', 'c']));
    expect(await consumer.claim(1, SOON)).toEqual(['a']);
    await loseOne();
    const found: string[] = [];
    await until(async () => found.push(...(await consumer.claim(1, NOW))) === 2);
    expect(found.sort()).toEqual(['b', 'c']);
    await consumer.ack(['a', 'b', 'c'].map((element) => done(element)));
    await bus.push(0, push(2, ['d']));
    await loseOne();
    await consumer.close();
    expect((await bus.queues(1))[0]?.length).toBe(1);
    expect(await bus.workers()).toEqual([]);
    await bus.close();
  });

  test('listeners hear again after their connection was killed', async () => {
    fresh();
    const bus = await connect();
    const heard: string[] = [];
    await bus.onNotify((message) => heard.push(message));
    await server.cli('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await until(async () => (await bus.notify('hello')) === 1);
    await until(() => heard.length > 0);
    expect(new Set(heard)).toEqual(new Set(['hello']));
    await bus.close();
  });

  test('a push waits while the server is a replica or loading, and goes through when it is the master again', async () => {
    fresh();
    const bus = await connect();
    await server.cli('REPLICAOF', '127.0.0.1', '1');
    const pushed = bus.push(0, push(1, ['a']));
    await until(async () =>
      (await server.cli('INFO', 'errorstats')).some((line) => line.startsWith('errorstat_READONLY')),
    );
    await server.cli('REPLICAOF', 'NO', 'ONE');
    expect(await pushed).toEqual({ kind: 'pushed', length: 1 });
    await bus.close();
  });

  test('a full server refuses pushes with a code, and what is there can be claimed, acknowledged and given back', async () => {
    fresh();
    const bus = await connect();
    await bus.push(0, push(1, ['a', 'b']));
    const consumer = await bus.consumer(0, 'w');
    await server.cli('CONFIG', 'SET', 'maxmemory', '1');
    try {
      await expect(bus.push(0, push(2, ['c']))).rejects.toMatchObject({ code: 'DRUM_BUS_FULL', exit: 4 });
      expect(await consumer.claim(1, SOON)).toEqual(['a']);
      await consumer.ack([done('a')]);
      expect(await consumer.claim(2, SOON)).toEqual(['b']);
      expect(await consumer.claim(2, millis(20))).toEqual([]);
      await consumer.giveBack(['b']);
    } finally {
      await server.cli('CONFIG', 'SET', 'maxmemory', '0');
    }
    expect(await bus.push(0, push(2, ['c']))).toEqual({ kind: 'pushed', length: 2 });
    expect((await bus.readLedger('r', 1)).get(0)).toMatchObject({ published: 3, ok: 1 });
    await bus.close();
  });

  test('a key of another type in the way is refused with the server’s words', async () => {
    fresh();
    const bus = await connect();
    await server.cli('SET', `f${prefixes}_q0`, 'mine');
    await expect(bus.push(0, push(1, ['a']))).rejects.toMatchObject({
      code: 'DRUM_BUS_REFUSED',
      message: expect.stringContaining('WRONGTYPE'),
    });
    await server.cli('DEL', `f${prefixes}_q0`);
    expect(await bus.push(0, push(1, ['a']))).toEqual({ kind: 'pushed', length: 1 });
    await bus.close();
  });

  test('calls wait for a server that comes back, and close ends the wait', async () => {
    const first = await startRedis();
    const bus = await connectRedis({ url: first.url, prefix: 'x' });
    const waiter = await connectRedis({ url: first.url, prefix: 'x' });
    const consumer = await waiter.consumer(0, 'w');
    const claiming = consumer.claim(1, millis(60_000)).catch((error: unknown) => error);
    await bus.writeConfig('lost with the server');
    await first.stop();
    const reading = bus.readConfig();
    const hopeless = waiter.readConfig().catch((error: unknown) => error);
    const before = performance.now();
    await waiter.close();
    expect(await hopeless).toMatchObject({ code: 'DRUM_BUS_CLOSED' });
    expect(await claiming).toMatchObject({ code: 'DRUM_BUS_CLOSED' });
    expect(performance.now() - before).toBeLessThan(6_000);
    await using again = await startRedis({ port: first.port });
    expect(await reading).toBeUndefined();
    expect(await bus.push(0, push(1, ['a']))).toEqual({ kind: 'pushed', length: 1 });
    const claimer = await bus.consumer(0, 'w');
    expect(await claimAll(claimer, 1)).toEqual(['a']);
    await bus.close();
    expect(again.port).toBe(first.port);
  });
});

describe('a Redis Cluster in trouble', () => {
  let cluster: RunningCluster;
  beforeAll(async () => {
    cluster = await startRedisCluster();
  });
  afterAll(() => cluster.stop());

  test('connections that are killed in the middle of pushes, claims and acks lose nothing and double nothing', async () => {
    let kills = 0;
    const handedOut = await play(
      () => connectRedis({ url: cluster.url, prefix: 'c' }),
      15,
      async () => {
        for (const node of cluster.nodes)
          kills += Number((await node.cli('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'))[0]);
      },
    );
    expect(kills).toBeGreaterThan(10);
    expect([...handedOut.values()].every((times) => times === 1)).toBe(true);
  });

  test('a node that is addressed as a single server is refused with what to do', async () => {
    const [node] = cluster.nodes;
    await expect(connectRedis({ url: node?.url ?? '', prefix: 'c' })).rejects.toMatchObject({
      code: 'DRUM_BUS_REFUSED',
      hint: expect.stringContaining('--cluster'),
    });
  });
});

/** What goes wrong when one connects so. */
const failure = (options: RedisOptions): Promise<unknown> =>
  connectRedis(options).then(
    async (bus) => {
      await bus.close();
      return 'connected';
    },
    (error: unknown) => error,
  );

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

describe('a first connection that cannot be made', () => {
  let server: RunningRedis;
  let tls: RunningRedis;
  beforeAll(async () => {
    server = await startRedis({ password: 'right', users: ['reader on >pw ~other* +@all'] });
    tls = await startTlsRedis();
  });
  afterAll(() => Promise.all([server.stop(), tls.stop()]));

  test.each([
    ['wrong password', (port: number) => ({ url: `redis://:hunter2@127.0.0.1:${port}` }), 'WRONGPASS'],
    ['no password', (port: number) => ({ url: `127.0.0.1:${port}` }), 'NOAUTH'],
    ['unknown user', (port: number) => ({ url: `127.0.0.1:${port}`, username: 'x', password: 'hunter2' }), 'WRONGPASS'],
    ['no rights', (port: number) => ({ url: `127.0.0.1:${port}`, username: 'reader', password: 'pw' }), 'NOPERM'],
    [
      'no cluster',
      (port: number) => ({ url: `redis://:right@127.0.0.1:${port}`, cluster: true }),
      'cluster support disabled',
    ],
    [
      'wrong password of a cluster',
      (port: number) => ({ url: `redis://:hunter2@127.0.0.1:${port}`, cluster: true }),
      'WRONGPASS',
    ],
  ])('%s is refused at once, without showing the password', async (_, options, words) => {
    const before = performance.now();
    const error = await failure({ prefix: 'p', connectWithin: millis(20_000), ...options(server.port) });
    expect(error).toMatchObject({ code: 'DRUM_BUS_REFUSED', exit: 4, hint: expect.any(String) });
    expect(messageOf(error)).toContain(words);
    expect(inspect(error, { depth: 9 })).not.toContain('hunter2');
    expect(performance.now() - before).toBeLessThan(10_000);
  });

  test.each([
    ['nobody there', { url: '127.0.0.1:1' }, 'ECONNREFUSED'],
    ['nobody there, cluster', { url: '127.0.0.1:1,127.0.0.1:2' }, 'no node answers'],
    ['an unknown name', { url: 'no-such-host.invalid:1' }, 'no-such-host.invalid'],
  ])('%s: unreachable, after the bound', async (_, options, words) => {
    const before = performance.now();
    const error = await failure({ prefix: 'p', connectWithin: millis(400), ...options });
    expect(error).toMatchObject({ code: 'DRUM_BUS_UNREACHABLE', exit: 4, hint: expect.any(String) });
    expect(messageOf(error)).toContain(words);
    expect(performance.now() - before).toBeLessThan(5_000);
  });

  test('a certificate that nobody vouches for is unreachable at once, with a hint; insecure accepts it', async () => {
    const pair = { cert: tls.tls?.cert ?? '', key: tls.tls?.key ?? '' };
    const error = await failure({ prefix: 'p', url: tls.url, tls: pair, connectWithin: millis(20_000) });
    expect(error).toMatchObject({ code: 'DRUM_BUS_UNREACHABLE', hint: expect.stringContaining('TLS') });
    expect(await failure({ prefix: 'p', url: tls.url, tls: { ...pair, insecure: true } })).toBe('connected');
    const wrongName = await failure({
      prefix: 'p',
      url: tls.url,
      tls: { ...pair, ca: tls.tls?.ca ?? '', servername: 'elsewhere' },
    });
    expect(wrongName).toMatchObject({ code: 'DRUM_BUS_UNREACHABLE' });
  });

  test('TLS to a port without it, and the other way round, is unreachable within the bound', async () => {
    const toPlain = await failure({
      prefix: 'p',
      url: `rediss://:right@127.0.0.1:${server.port}`,
      connectWithin: millis(400),
    });
    expect(toPlain).toMatchObject({ code: 'DRUM_BUS_UNREACHABLE' });
    const toTls = await failure({ prefix: 'p', url: `redis://127.0.0.1:${tls.port}`, connectWithin: millis(400) });
    expect(toTls).toMatchObject({ code: 'DRUM_BUS_UNREACHABLE' });
  });

  test('bad options are refused before anything is tried', async () => {
    expect(await failure({ prefix: 'p', url: 'http://x' })).toMatchObject({ code: 'DRUM_BUS_ADDRESS', exit: 2 });
    expect(await failure({ prefix: '{p}', url: 'x:1' })).toMatchObject({ code: 'DRUM_BUS_PREFIX', exit: 2 });
    expect(await failure({ prefix: 'p', url: 'a:1,b:1/4' })).toMatchObject({ code: 'DRUM_BUS_ADDRESS' });
    expect(await failure({ prefix: 'p', url: 'a:1', username: 'u' })).toMatchObject({ code: 'DRUM_BUS_ADDRESS' });
  });
});
