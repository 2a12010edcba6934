import { connectRedis } from '@drumline/bus';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { done, push, SOON, until } from '../bus/harness.ts';
import { isReplicated, type RunningCluster, startRedisCluster } from '../servers/index.ts';

describe('a Redis Cluster that loses a master', () => {
  let cluster: RunningCluster;
  beforeAll(async () => {
    cluster = await startRedisCluster({ replicas: true });
  });
  afterAll(() => cluster.stop());

  test('waits until a replica is in its place, and goes on where it was', async () => {
    const bus = await connectRedis({ url: cluster.url, prefix: 'c' });
    const slots = await Promise.all(
      [0, 1, 2].map(async (queue) => Number((await cluster.nodes[0]?.cli('CLUSTER', 'KEYSLOT', `c_q${queue}`))?.[0])),
    );
    const master = cluster.nodes[Math.floor(((slots[0] ?? 0) * 3) / 16_384)];
    if (master === undefined) throw new Error('nobody has the slot');
    const consumers = await Promise.all(slots.map((_, queue) => bus.consumer(queue, 'w')));
    for (const queue of slots.keys()) await bus.push(queue, push(1, ['a', 'b']));
    for (const consumer of consumers) expect(await consumer.claim(1, SOON)).toEqual(['a']);
    // More than what a replica has is not promised: replication is asynchronous.
    await until(() => isReplicated(master));
    process.kill(master.pid, 'SIGKILL');
    const pushed = [...slots.keys()].map((queue) => bus.push(queue, push(2, ['c'])));
    expect(await Promise.all(pushed)).toMatchObject(slots.map(() => ({ kind: 'pushed', length: 2 })));
    await Promise.all(consumers.map((consumer) => consumer.ack([done('a')])));
    for (const consumer of consumers) {
      const rest: string[] = [];
      while (rest.length < 2) rest.push(...(await consumer.claim(2, SOON)));
      expect(rest).toEqual(['b', 'c']);
      await consumer.ack(rest.map((element) => done(element)));
    }
    expect((await bus.readLedger('r', 3)).get(0)).toMatchObject({ published: 9, ok: 9, duplicate: 0 });
    await bus.close();
  });
});
