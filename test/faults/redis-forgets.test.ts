import { connectRedis, type RedisBus } from '@drumline/bus';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { done, push, SOON } from '../bus/harness.ts';
import { type RunningRedis, startRedis } from '../servers/index.ts';

describe('a Redis that forgets', () => {
  let server: RunningRedis;
  let bus: RedisBus;
  beforeAll(async () => {
    server = await startRedis();
    bus = await connectRedis({ url: server.url, prefix: 'f' });
  });
  afterAll(async () => {
    await bus.close();
    await server.stop();
  });

  test('an ack that it had answered: the next one of that consumer shows it, and the ledger says so from then on', async () => {
    const consumer = await bus.consumer(0, 'w');
    await bus.push(0, push(1, ['a', 'b']));
    await consumer.claim(2, SOON);
    await consumer.ack([done('a')]);
    const fields = await server.cli('HKEYS', '{f_q0}:run:r');
    await server.cli('HDEL', '{f_q0}:run:r', ...fields.filter((field) => /^(ack|ok):/.test(field)));
    expect((await bus.readLedger('r', 1)).get(0)?.ok).toBe(0);
    await consumer.ack([done('b')]);
    await expect(bus.readLedger('r', 1)).rejects.toMatchObject({ code: 'DRUM_BUS_LOST', exit: 5 });
  });

  test('acks of several runs by turns are not taken for forgotten', async () => {
    const consumer = await bus.consumer(1, 'w');
    for (let i = 1; i <= 3; i += 1) {
      for (const run of ['x', 'y']) {
        await bus.push(1, push(i, [`${run}${i}`], { run }));
        expect(await consumer.claim(1, SOON)).toEqual([`${run}${i}`]);
        await consumer.ack([done(`${run}${i}`, { run })]);
      }
    }
    for (const run of ['x', 'y']) expect((await bus.readLedger(run, 2)).get(0)?.ok).toBe(3);
  });

  test('keys, when its memory is full: that is known beforehand', async () => {
    expect(await bus.evictionPolicy()).toBeUndefined();
    await server.cli('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
    expect(await bus.evictionPolicy()).toBeUndefined();
    await server.cli('CONFIG', 'SET', 'maxmemory', '1gb');
    expect(await bus.evictionPolicy()).toBe('allkeys-lru');
    await server.cli('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
    expect(await bus.evictionPolicy()).toBeUndefined();
  });

  test('a user who may not ask for it is told nothing', async () => {
    await server.cli('ACL', 'SETUSER', 'plain', 'on', '>pw', '~f*', '~{f*', '&f*', '+@all', '-info');
    const other = await connectRedis({ url: server.url, prefix: 'f', username: 'plain', password: 'pw' });
    expect(await other.evictionPolicy()).toBeUndefined();
    await other.close();
  });
});
