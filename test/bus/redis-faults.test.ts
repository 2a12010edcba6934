import { inspect } from 'node:util';
import { connectRedis, type RedisOptions } from '@drumline/bus';
import type { Bus } from '@drumline/core/bus';
import { millis } from '@drumline/core/units';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type RunningCluster,
  type RunningRedis,
  startRedis,
  startRedisCluster,
  startTlsRedis,
} from '../servers/index.ts';
import { batchText, claimAll, counts, done, NOW, push, SOON, until } from './harness.ts';
import { startLossyProxy } from './lossy-proxy.ts';

const FEW = millis(300);

/** How a game is disturbed. */
interface Disturbance {
  readonly disturb: () => Promise<unknown>;
  /** Pushes on each queue at least. */
  readonly pushes: number;
  /** The game goes on until it was disturbed so often. */
  readonly times: number;
}

const PER_PUSH = 3;
const digestOf = (n: number): string =>
  BigInt.asUintN(64, BigInt(n) * 0x9e3779b97f4a7c15n)
    .toString(16)
    .padStart(16, '0');

/**
 * Pushes, claims and acks on two queues while `disturb` does its worst, until every element is acknowledged. Each was handed
 * out once, each ack came in time, and ledger and digest are exact; answers how many elements there were.
 */
async function play(connect: () => Promise<Bus>, { disturb, pushes, times }: Disturbance): Promise<number> {
  const handedOut = new Map<string, number>();
  const publisher = await connect();
  const workers = [await connect(), await connect()];
  const ended = new AbortController();
  let [disturbed, pushed, acknowledged, publishing, late] = [0, 0, 0, 2, 0];
  const disturbance = (async () => {
    while (!ended.signal.aborted) {
      await disturb();
      disturbed += 1;
      const before = { pushed, acknowledged };
      // Until everybody is connected again and has done something.
      const recovered = (): boolean =>
        acknowledged > before.acknowledged && (pushed > before.pushed || publishing === 0);
      await until(() => ended.signal.aborted || recovered());
    }
  })();
  const published = [0, 1].map(async (queue) => {
    for (let seq = 1; seq <= pushes || disturbed < times; ) {
      const elements = Array.from({ length: PER_PUSH }, (_, i) => `${queue}.${seq}.${i}`);
      const reply = await publisher.push(queue, push(seq, elements));
      seq = reply.kind === 'gap' ? reply.last + 1 : seq + 1;
      pushed += PER_PUSH;
    }
    publishing -= 1;
  });
  const consumed = workers.flatMap((bus, w) =>
    [0, 1].map(async (queue) => {
      const consumer = await bus.consumer(queue, `w${w}`);
      while (publishing > 0 || handedOut.size < pushed) {
        const elements = await consumer.claim(5, FEW);
        for (const element of elements) handedOut.set(element, (handedOut.get(element) ?? 0) + 1);
        late += await consumer.ack(elements.map((element) => done(element, { digest: digestOf(1) })));
        acknowledged += elements.length;
      }
    }),
  );
  try {
    await Promise.all([...published, ...consumed]);
  } finally {
    ended.abort();
    await disturbance;
  }
  expect([...handedOut].filter(([, count]) => count !== 1)).toEqual([]);
  expect([late, handedOut.size]).toEqual([0, pushed]);
  const all = counts({ published: pushed, ok: pushed, digest: digestOf(pushed) });
  expect(Object.fromEntries(await publisher.readLedger('r', 2))).toEqual({ 0: all });
  expect((await publisher.queues(2)).map(({ length }) => length)).toEqual([0, 0]);
  await Promise.all([publisher, ...workers].map((bus) => bus.close()));
  return pushed;
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
    const disturb = (): Promise<unknown> => server.cli('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    expect(await play(connect, { disturb, pushes: 50, times: 12 })).toBeGreaterThanOrEqual(300);
    expect(await server.cli('KEYS', `*f${prefixes}*:w:*`)).toEqual([]);
    expect(await server.cli('SMEMBERS', `f${prefixes}_workers`)).toEqual([]);
  });

  test('commands that were carried out but lost their answers are not carried out twice', async () => {
    fresh();
    await using proxy = await startLossyProxy(server.port, 4);
    const prefix = `f${prefixes}`;
    const lossy = (): Promise<Bus> => connectRedis({ url: `127.0.0.1:${proxy.port}`, prefix });
    await play(lossy, { disturb: () => Promise.resolve(), pushes: 40, times: 0 });
    expect(proxy.lost()).toBeGreaterThan(20);
  });

  test('elements are given back, marked and counted as duplicates once although answers are lost', async () => {
    fresh();
    await using proxy = await startLossyProxy(server.port, 2);
    const bus = await connect();
    const lossy = await connectRedis({ url: `127.0.0.1:${proxy.port}`, prefix: `f${prefixes}` });
    const texts = (redelivered: number): string[] =>
      Array.from({ length: 600 }, (_, i) => batchText(i, 2, redelivered === 0 ? {} : { redelivered }));
    await bus.push(0, push(1, texts(0), { published: new Map([[0, 1_200]]) }));
    for (let round = 0; round < 6; round += 1) {
      const dead = await bus.consumer(0, `w${round}`, 'thread');
      expect(await claimAll(dead, 600, 600)).toEqual(texts(round));
      await lossy.reclaim(0, `w${round}`);
      expect(await dead.held()).toEqual([]);
    }
    expect(proxy.lost()).toBeGreaterThan(6);
    expect((await bus.readLedger('r', 1)).get(0)).toEqual(counts({ published: 1_200, duplicate: 6 * 1_200 }));
    await Promise.all([bus.close(), lossy.close()]);
  });

  test('acks that come too late are told so although answers are lost', async () => {
    fresh();
    await using proxy = await startLossyProxy(server.port, 3);
    const bus = await connect();
    const lossy = await connectRedis({ url: `127.0.0.1:${proxy.port}`, prefix: `f${prefixes}` });
    const held = await lossy.consumer(0, 'w', 'held');
    for (let round = 0; round < 12; round += 1) {
      const elements = [`a${round}`, `b${round}`, `c${round}`];
      await bus.push(0, push(round + 1, elements));
      expect(await claimAll(held, 3)).toEqual(elements);
      const acks = [done('nobody’s'), ...elements.map((element) => done(element)), done(`${round}, nobody’s either`)];
      expect(await held.ack(acks)).toBe(2);
    }
    expect(proxy.lost()).toBeGreaterThan(12);
    expect((await bus.readLedger('r', 1)).get(0)).toEqual(counts({ published: 36, ok: 36 }));
    await Promise.all([bus.close(), lossy.close()]);
  });

  test('records, fences and audit entries are written once although answers are lost', async () => {
    fresh();
    await using proxy = await startLossyProxy(server.port, 3);
    const lossy = await connectRedis({ url: `127.0.0.1:${proxy.port}`, prefix: `f${prefixes}` });
    // One verb after the other: else the losses could always hit the same one.
    const rounds = Array.from({ length: 9 }, (_, i) => i);
    for (const i of rounds) expect(await lossy.writeRun('r', { [`f${i}`]: 'x' }, i + 1)).toBe(true);
    expect(Object.keys((await lossy.readRun('r')) ?? {})).toEqual(rounds.map((i) => `f${i}`));
    expect(await lossy.lastRun()).toBe('r');
    for (const i of rounds) {
      expect(await lossy.push(0, push(i + 1, ['a'], { beat: i }))).toEqual({ kind: 'pushed', length: i + 1 });
    }
    for (const i of rounds) expect(await lossy.fence(0, 'r', i + 1)).toEqual({ kind: 'ready', last: 9, beat: 8 });
    for (const i of rounds) await lossy.audit(`entry ${i}`);
    expect((await lossy.readAudit(100)).map(({ text }) => text)).toEqual(rounds.map((i) => `entry ${i}`));
    expect(proxy.lost()).toBeGreaterThan(12);
    await lossy.close();
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
    const disturb = (): Promise<unknown> => server.cli('SCRIPT', 'FLUSH');
    expect(await play(connect, { disturb, pushes: 100, times: 20 })).toBeGreaterThanOrEqual(600);
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

  test('a full server refuses pushes, and nothing else that a fleet at work needs', async () => {
    fresh();
    const bus = await connect();
    await bus.push(0, push(1, ['a', 'b', 'c']));
    const consumer = await bus.consumer(0, 'w', 'x');
    expect(await consumer.claim(1, SOON)).toEqual(['a']);
    await server.cli('CONFIG', 'SET', 'maxmemory', '1');
    try {
      await expect(bus.push(0, push(2, ['d']))).rejects.toMatchObject({ code: 'DRUM_BUS_FULL', exit: 4 });
      await consumer.ack([done('a')]);
      expect(await consumer.claim(1, SOON)).toEqual(['b']);
      expect(await bus.reclaim(0, 'w', 'x')).toBe(1);
      expect(await consumer.claim(2, SOON)).toEqual(['b', 'c']);
      expect(await consumer.claim(2, millis(20))).toEqual([]);
      await consumer.giveBack(['c']);
      await consumer.bury('b', 'unreadable');
      await bus.heartbeat('w', 'alive', SOON);
      expect(await (await bus.consumer(1, 'new')).claim(1, NOW)).toEqual([]);
      const lock = await bus.acquireLock('me', SOON);
      if (lock.kind !== 'acquired') throw new Error('somebody holds the lock');
      expect(await bus.renewLock(lock.epoch, 'still me', SOON)).toBe(true);
      expect(await bus.writeRun('r', { state: 'paused' }, lock.epoch)).toBe(true);
      expect(await bus.fence(0, 'r', lock.epoch)).toMatchObject({ kind: 'ready', last: 1 });
      await bus.audit('{}');
    } finally {
      await server.cli('CONFIG', 'SET', 'maxmemory', '0');
    }
    expect((await bus.workers()).find(({ worker }) => worker === 'w')?.info).toBe('alive');
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
    const disturb = (): Promise<unknown> =>
      Promise.all(cluster.nodes.map((node) => node.cli('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')));
    const connect = (): Promise<Bus> => connectRedis({ url: cluster.url, prefix: 'c' });
    expect(await play(connect, { disturb, pushes: 15, times: 6 })).toBeGreaterThanOrEqual(90);
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
