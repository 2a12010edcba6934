import { describe, expect, test } from 'vitest';
import { batchText, claimAll, counts, done, push } from '../harness.ts';
import type { Handles } from './handles.ts';

export function testAck(at: Handles): void {
  describe('ack', () => {
    test('counts outcomes by task and takes the elements off the list', async () => {
      await at.bus.push(
        0,
        push(1, ['a', 'b', 'c'], {
          published: new Map([
            [0, 20],
            [1, 5],
          ]),
        }),
      );
      const consumer = await at.other.consumer(0, 'w');
      await claimAll(consumer, 3);
      await consumer.ack([done('a', { ok: 7, failed: 2, dropped: 1 }), done('b', { ok: 10 })]);
      await consumer.ack([done('c', { task: 1, ok: 0, failed: 5 })]);
      await consumer.ack([]);
      expect(await at.ledger()).toEqual({
        0: counts({ published: 20, ok: 17, failed: 2, dropped: 1 }),
        1: counts({ published: 5, failed: 5 }),
      });
      expect(await consumer.held()).toEqual([]);
    });

    test('of what was given to another counts nothing, says so, and leaves the other’s alone', async () => {
      const [first, second] = [batchText(0, 4), batchText(4, 3)];
      await at.bus.push(0, push(1, [first, second], { published: new Map([[0, 7]]) }));
      const zombie = await at.bus.consumer(0, 'zombie');
      await claimAll(zombie, 2);
      await at.other.reclaim(0, 'zombie');
      const quick = await at.other.consumer(0, 'quick');
      const [again = '', kept = ''] = await claimAll(quick, 2);
      expect(await zombie.ack([done(first, { ok: 4, digest: '00000000000000ff' })])).toBe(1);
      expect(await quick.held()).toEqual([again, kept]);
      expect(await quick.ack([done(again, { ok: 3, failed: 1, digest: '00000000000000ff' })])).toBe(0);
      // It claims what was taken from it, under its new text: the old one is still nobody's.
      await quick.giveBack([kept]);
      expect(await claimAll(zombie, 1)).toEqual([kept]);
      expect(await zombie.ack([done(second, { ok: 3 })])).toBe(1);
      expect(await zombie.ack([done(kept, { ok: 3, digest: '0000000000000001' })])).toBe(0);
      expect(await at.ledger()).toEqual({
        0: counts({ published: 7, ok: 6, failed: 1, duplicate: 7, digest: '0000000000000100' }),
      });
    });

    test('overlapping ones are each told of their own elements', async () => {
      await at.bus.push(0, push(1, ['a', 'b', 'c']));
      const consumer = await at.other.consumer(0, 'w');
      await claimAll(consumer, 3);
      const answers = await Promise.all([
        consumer.ack([done('a'), done('gone'), done('gone too')]),
        consumer.ack([done('b')]),
        consumer.ack([done('not held', { run: 's' }), done('c')]),
      ]);
      expect(answers).toEqual([2, 0, 1]);
      expect((await at.ledger())[0]).toEqual(counts({ published: 3, ok: 3 }));
    });

    test('digests add up modulo 2⁶⁴, by task and over queues', async () => {
      const published = new Map([
        [0, 2],
        [1, 1],
      ]);
      for (const queue of [0, 1]) await at.bus.push(queue, push(1, ['a', 'b', 'c'], { published }));
      for (const queue of [0, 1]) {
        const consumer = await at.other.consumer(queue, 'w');
        await claimAll(consumer, 3);
        await consumer.ack([
          done('a', { digest: 'ffffffffffffffff' }),
          done('b', { digest: '80000000fffffffe' }),
          done('c', { task: 1 }),
        ]);
      }
      expect(await at.ledger(2)).toEqual({
        0: counts({ published: 4, ok: 4, digest: '00000001fffffffa' }),
        1: counts({ published: 2, ok: 2 }),
      });
      const sum = 2n * (0xffffffffffffffffn + 0x80000000fffffffen);
      expect(BigInt.asUintN(64, sum)).toBe(0x00000001fffffffan);
    });

    test('the digest of many acks is exact', async () => {
      const names = Array.from({ length: 3_000 }, (_, i) => `e${i}`);
      await at.bus.push(0, push(1, names));
      const consumer = await at.other.consumer(0, 'w');
      await claimAll(consumer, names.length, 3_000);
      const digestOf = (i: number): bigint => BigInt.asUintN(64, BigInt(i + 1) * 0x9e3779b97f4a7c15n);
      const text = (sum: bigint): string => BigInt.asUintN(64, sum).toString(16).padStart(16, '0');
      await Promise.all([
        consumer.ack(names.slice(0, 1_200).map((name, i) => done(name, { digest: text(digestOf(i)) }))),
        consumer.ack(names.slice(1_200).map((name, i) => done(name, { digest: text(digestOf(i + 1_200)) }))),
      ]);
      const sum = names.reduce((total, _, i) => total + digestOf(i), 0n);
      expect((await at.ledger())[0]).toEqual(counts({ published: 3_000, ok: 3_000, digest: text(sum) }));
    });

    test('identical elements are acknowledged one by one', async () => {
      await at.bus.push(0, push(1, ['same', 'same', 'same']));
      const consumer = await at.other.consumer(0, 'w');
      await claimAll(consumer, 3);
      await Promise.all([consumer.ack([done('same')]), consumer.ack([done('same')])]);
      expect(await consumer.held()).toEqual(['same']);
      expect(await consumer.ack([done('same'), done('same')])).toBe(1);
      expect((await at.ledger())[0]).toMatchObject({ ok: 3, duplicate: 0 });
    });

    test('an element of no run is only taken off the list', async () => {
      await at.bus.push(0, push(1, ['plain']));
      const consumer = await at.other.consumer(0, 'w');
      await claimAll(consumer, 1);
      await consumer.ack([{ element: 'plain', task: 0, ok: 1, failed: 0, dropped: 0 }]);
      expect(await consumer.held()).toEqual([]);
      expect((await at.ledger())[0]).toMatchObject({ published: 1, ok: 0, duplicate: 0 });
    });

    test('acks that overlap, of several runs, are each counted once', async () => {
      const names = Array.from({ length: 60 }, (_, i) => `e${i}`);
      await at.bus.push(0, push(1, names.slice(0, 30)));
      await at.bus.push(0, push(1, names.slice(30), { run: 's' }));
      const consumer = await at.other.consumer(0, 'w');
      await claimAll(consumer, 60);
      await Promise.all(names.map((element, i) => consumer.ack([done(element, { run: i < 30 ? 'r' : 's' })])));
      expect((await at.ledger())[0]?.ok).toBe(30);
      expect((await at.ledger(1, 's'))[0]?.ok).toBe(30);
    });
  });
}
