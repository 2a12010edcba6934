import { connectRedis } from '@drumline/bus';
import { type Millis, millis } from '@drumline/core/units';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { done, push, SOON, until } from '../bus/harness.ts';
import { type RedisProxy, type RunningRedis, startRedis, startRedisProxy } from '../servers/index.ts';

const MENDING = [
  "-READONLY You can't write against a read only replica.",
  '-LOADING Redis is loading the dataset in memory',
  "-MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
  '-CLUSTERDOWN The cluster is down',
  '-TRYAGAIN Multiple keys request during rehashing of slot',
  '-BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.',
  '-NOREPLICAS Not enough good replicas to write.',
  '-MISCONF Redis is configured to save RDB snapshots, but it is currently unable to persist to disk.',
  // As servers before 7.0 say it of a script's command.
  "-ERR Error running script (call to f_1): @user_script:1: -READONLY You can't write against a read only replica.",
];

describe('answers of a Redis that cannot serve now', () => {
  let server: RunningRedis;
  let proxy: RedisProxy;
  let prefixes = 0;
  beforeAll(async () => {
    server = await startRedis();
    proxy = await startRedisProxy(server.port);
  });
  afterAll(async () => {
    await proxy[Symbol.asyncDispose]();
    await server.stop();
  });

  const connect = (outage: Millis = millis(30_000)) => {
    prefixes += 1;
    return connectRedis({ url: `127.0.0.1:${proxy.port}`, prefix: `a${prefixes}`, outage });
  };

  /** Has a push, a claim, an ack and a reading under way while a trouble lasts; says what came of them. */
  async function carriedOut(begin: () => void, end: () => void, faults: number): Promise<unknown> {
    const bus = await connect();
    const consumer = await bus.consumer(0, 'w');
    await bus.push(0, push(1, ['a', 'b']));
    const claimed = await consumer.claim(1, SOON);
    begin();
    const pushed = bus.push(0, push(2, ['c']));
    const acked = consumer.ack([done('a')]);
    const claiming = consumer.claim(1, SOON);
    const beaten = bus.heartbeat('w', 'alive', SOON);
    const read = bus.readConfig();
    await until(() => proxy.faults >= faults);
    end();
    await Promise.all([pushed, acked, beaten, read]);
    claimed.push(...(await claiming));
    await consumer.ack([done('b')]);
    claimed.push(...(await consumer.claim(1, SOON)));
    await consumer.ack([done('c')]);
    const { published, ok, duplicate } = (await bus.readLedger('r', 1)).get(0) ?? {};
    const [queue] = await bus.queues(1);
    await bus.close();
    return { claimed, published, ok, duplicate, left: queue?.length };
  }

  const ONCE = { claimed: ['a', 'b', 'c'], published: 3, ok: 3, duplicate: 0, left: 0 };

  test.each(MENDING)('%s is waited out', async (answer) => {
    const outcome = await carriedOut(
      () => proxy.answer(answer),
      () => proxy.answer(undefined),
      20,
    );
    expect(outcome).toEqual(ONCE);
  });

  test.each(['reply', 'command'] as const)('a connection that is cut in the middle of a %s', async (what) => {
    for (let times = 0; times < 5; times += 1) {
      const before = proxy.faults;
      const outcome = await carriedOut(
        () => proxy.cutNext(what),
        () => undefined,
        before + 1,
      );
      expect(outcome).toEqual(ONCE);
    }
  });

  test('what lasts for longer than an outage may is given up, with the last answer', async () => {
    const bus = await connect(millis(400));
    proxy.answer('-LOADING Redis is loading');
    await expect(bus.push(0, push(1, ['a']))).rejects.toMatchObject({
      code: 'DRUM_BUS_UNREACHABLE',
      exit: 4,
      message: expect.stringMatching(/0\.4 s.*LOADING/),
    });
    proxy.answer(undefined);
    expect(await bus.push(0, push(1, ['a']))).toEqual({ kind: 'pushed', length: 1 });
    await bus.close();
  });

  test('without any connection a call is given up after as long, and the next one finds the server back', async () => {
    const bus = await connect(millis(1_000));
    proxy.refuse(true);
    const consumer = bus.consumer(0, 'w').catch((error: unknown) => error);
    await expect(bus.readConfig()).rejects.toMatchObject({ code: 'DRUM_BUS_UNREACHABLE' });
    expect(await consumer).toMatchObject({ code: 'DRUM_BUS_UNREACHABLE' });
    proxy.refuse(false);
    expect(await bus.readConfig()).toBeUndefined();
    await bus.close();
  });

  test('a server that hangs is given up after as long too', async () => {
    const bus = await connect(millis(400));
    process.kill(server.pid, 'SIGSTOP');
    try {
      await expect(bus.readConfig()).rejects.toMatchObject({ code: 'DRUM_BUS_UNREACHABLE' });
    } finally {
      process.kill(server.pid, 'SIGCONT');
    }
    expect(await bus.readConfig()).toBeUndefined();
    await bus.close();
  });
});
