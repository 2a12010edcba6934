import { connectRedis, type RedisSentinel } from '@drumline/bus';
import type { Bus } from '@drumline/core/bus';
import { millis } from '@drumline/core/units';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { done, push, SOON, until } from '../bus/harness.ts';
import { played } from '../e2e/stage.ts';
import { eventually, type RunningSentinels, startSentinels } from '../servers/index.ts';
import { WorkerStage } from './worker-stage.ts';

describe('Redis behind Sentinels', () => {
  let fleet: RunningSentinels;
  beforeAll(async () => {
    fleet = await startSentinels({ password: 'hush' });
  });
  afterAll(() => fleet.stop());

  const connect = (change: Partial<RedisSentinel> = {}): Promise<Bus> =>
    connectRedis({
      url: 'nowhere.invalid',
      prefix: 's',
      sentinel: { nodes: fleet.sentinels, name: fleet.name, password: 'hush', ...change },
      connectWithin: millis(2_000),
    });

  test('pushes, claims, acks and messages follow the master', async () => {
    const bus = await connect();
    const consumer = await bus.consumer(0, 'w');
    const heard: string[] = [];
    await bus.onNotify((message) => heard.push(message));
    expect(await bus.push(0, push(1, ['a']))).toMatchObject({ kind: 'pushed' });
    expect(await consumer.claim(1, SOON)).toEqual(['a']);
    await fleet.failOver();
    expect(await bus.push(0, push(2, ['b']))).toMatchObject({ kind: 'pushed' });
    await consumer.ack([done('a')]);
    expect(await consumer.claim(1, SOON)).toEqual(['b']);
    await until(async () => (await bus.notify('hello')) > 0 && heard.length > 0);
    await bus.close();
  });

  test('a master that hangs is left for the one that the Sentinels put in its place', async () => {
    const bus = await connect();
    expect(await bus.push(1, push(1, ['a']))).toMatchObject({ kind: 'pushed' });
    const before = await fleet.master();
    const other = fleet.servers.find(({ port }) => port !== before.port);
    await until(async () => (await other?.cli('LLEN', 's_q1'))?.[0] === '1');
    process.kill(before.pid, 'SIGSTOP');
    try {
      expect(await bus.push(1, push(2, ['b']))).toMatchObject({ kind: 'pushed', length: 2 });
      expect((await fleet.master()).port).not.toBe(before.port);
    } finally {
      process.kill(before.pid, 'SIGCONT');
    }
    await bus.close();
  });

  test.each([
    ['a wrong password', { password: 'wrong' }, 'DRUM_BUS_REFUSED', 'WRONGPASS'],
    ['a name that no Sentinel knows', { name: 'other' }, 'DRUM_BUS_REFUSED', 'No such master'],
    [
      'Sentinels that are not there',
      { nodes: '127.0.0.1:1,127.0.0.1:2' },
      'DRUM_BUS_UNREACHABLE',
      'sentinel 127.0.0.1:',
    ],
  ])('%s: no connection, and why', async (_, change, code, words) => {
    await expect(connect(change)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(words),
    });
  });

  test('Sentinels and a cluster exclude each other', async () => {
    await expect(
      connectRedis({ url: 'a:1,b:1', prefix: 's', sentinel: { nodes: 'c:1', name: 'x' } }),
    ).rejects.toMatchObject({ code: 'DRUM_BUS_ADDRESS', exit: 2 });
  });
});

describe('a run on a Redis behind Sentinels', () => {
  test('whose master dies goes on with the next one, or says what the replica had not got', async () => {
    await using fleet = await startSentinels();
    const [first, second] = fleet.servers;
    const cli = async (...command: readonly string[]): Promise<string[]> => (await fleet.master()).cli(...command);
    const redis = { ...first, cli, sentinel: { nodes: fleet.sentinels, name: fleet.name } };
    await WorkerStage.play(
      redis,
      async (run) => {
        await run.stage.workers(1);
        const publisher = await run.publish(undefined);
        await eventually('the run is under way', () => run.arrived.length > 200);
        const dying = await fleet.master();
        process.kill(dying.pid, 'SIGKILL');
        await eventually('the replica is the master', async () => (await fleet.master()).port === second.port);
        const arrived = run.arrived.length;
        await eventually('the run goes on, or ends', () => run.arrived.length > arrived + 100 || !publisher.isThere);
        if (publisher.isThere) publisher.signal('SIGINT');
        const { code, summary } = await played(publisher);
        // Replication is asynchronous: which of the two it is depends on what the replica had when the master died.
        if (code === 5) expect(summary.notes.join()).toContain('DRUM_BUS_LOST');
        else expect([code, summary.balanced]).toEqual([130, true]);
      },
      { reach: ['--sentinel', fleet.sentinels, '--sentinel-name', fleet.name] },
    );
  });
});
