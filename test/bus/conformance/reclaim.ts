import { millis } from '@drumline/core/units';
import { decodeElement } from '@drumline/core/wire';
import { describe, expect, test } from 'vitest';
import { batchText, claimAll, counts, done, NOW, push, SOON, until } from '../harness.ts';
import type { Handles } from './handles.ts';

export function testReclaim(at: Handles): void {
  describe('reclaim', () => {
    test('puts a dead worker’s batches at the head again, in their order, marked, and counts their ops as duplicates', async () => {
      const texts = [0, 1, 2, 3].map((i) => batchText(i * 10, 10, { task: i % 2 }));
      const published = new Map([
        [0, 20],
        [1, 20],
      ]);
      await at.bus.push(0, push(1, texts, { published }));
      const dead = await at.other.consumer(0, 'w');
      await claimAll(dead, 3);
      expect(await at.bus.reclaim(0, 'w')).toBe(3);
      expect(await dead.held()).toEqual([]);
      const next = await at.bus.consumer(0, 'v');
      const claimed = await claimAll(next, 4);
      expect(claimed).toEqual([
        batchText(0, 10, { redelivered: 1 }),
        batchText(10, 10, { task: 1, redelivered: 1 }),
        batchText(20, 10, { redelivered: 1 }),
        batchText(30, 10, { task: 1 }),
      ]);
      expect(await at.ledger()).toEqual({
        0: counts({ published: 20, duplicate: 20 }),
        1: counts({ published: 20, duplicate: 10 }),
      });
      expect(await at.bus.reclaim(0, 'v')).toBe(4);
      const last = await at.bus.consumer(0, 'u');
      const marks = (await claimAll(last, 4)).map((text) => {
        const read = decodeElement(text);
        return read.kind === 'batch' ? read.batch.redelivered : undefined;
      });
      expect(marks).toEqual([2, 2, 2, 1]);
      expect((await at.ledger())[0]?.duplicate).toBe(40);
      await last.giveBack(await last.held());
    });

    test('what was given back in order is no duplicate', async () => {
      await at.bus.push(0, push(1, [batchText(0, 5)]));
      const consumer = await at.other.consumer(0, 'w');
      await consumer.giveBack(await claimAll(consumer, 1));
      expect(await claimAll(consumer, 1)).toEqual([batchText(0, 5)]);
      expect((await at.ledger())[0]?.duplicate).toBe(0);
      await consumer.giveBack([batchText(0, 5)]);
    });

    test('done by several at once moves and counts each batch once, in order', async () => {
      const texts = Array.from({ length: 1_200 }, (_, i) => batchText(i, 1));
      await at.bus.push(0, push(1, texts));
      const dead = await at.other.consumer(0, 'w');
      await claimAll(dead, 1_200, 1_200);
      const third = await at.connect();
      const moved = await Promise.all([at.bus, at.other, third].map((handle) => handle.reclaim(0, 'w')));
      expect(moved.reduce((sum, count) => sum + count, 0)).toBe(1_200);
      expect((await at.ledger())[0]).toEqual(counts({ published: 1_200, duplicate: 1_200 }));
      const next = await at.bus.consumer(0, 'v');
      expect(await claimAll(next, 1_200, 1_200)).toEqual(texts.map((_, i) => batchText(i, 1, { redelivered: 1 })));
      await next.giveBack(await next.held());
    });

    test('counts in the runs that the batches belong to, and in none that has expired', async () => {
      await at.bus.push(0, push(1, [batchText(0, 3)], { published: new Map([[0, 3]]) }));
      await at.bus.push(0, push(1, [batchText(0, 4, { run: 's' })], { run: 's', published: new Map([[0, 4]]) }));
      await at.bus.push(0, push(1, [batchText(0, 5, { run: 'old' })], { run: 'old' }));
      const dead = await at.other.consumer(0, 'w');
      await claimAll(dead, 3);
      await at.bus.expireRun('old', 1, millis(1));
      await until(async () => (await at.bus.readLedger('old', 1)).size === 0);
      expect(await at.bus.reclaim(0, 'w')).toBe(3);
      expect(await at.ledger()).toEqual({ 0: counts({ published: 3, duplicate: 3 }) });
      expect(await at.ledger(1, 's')).toEqual({ 0: counts({ published: 4, duplicate: 4 }) });
      expect(await at.ledger(1, 'old')).toEqual({});
    });

    test('moves what is no batch as it is', async () => {
      const originals = ['{"action":"getItem","key":"k"}', '{"run":', ''];
      await at.bus.push(0, push(1, originals));
      const dead = await at.other.consumer(0, 'w');
      await claimAll(dead, 3);
      expect(await at.bus.reclaim(0, 'w')).toBe(3);
      const next = await at.bus.consumer(0, 'v');
      expect(await claimAll(next, 3)).toEqual(originals);
      expect((await at.ledger())[0]?.duplicate).toBe(0);
      await next.giveBack(originals);
    });

    test('of a worker that lives after all and waits for work ends, and nothing is lost', async () => {
      await at.other.heartbeat('w', 'alive', SOON);
      await at.bus.push(0, push(1, [batchText(0, 1), batchText(1, 1)]));
      const living = await at.other.consumer(0, 'w');
      await claimAll(living, 2);
      const waiting = living.claim(5, SOON);
      await at.bus.reclaim(0, 'w');
      // What it is served while it is being reclaimed may be taken from it again: then its ack is late.
      let elements = await waiting;
      await until(async () => {
        await living.ack(elements.map((text) => done(text)));
        elements = await living.claim(5, NOW);
        return elements.length === 0 && (await at.ledger())[0]?.ok === 2;
      });
      expect((await at.ledger())[0]).toMatchObject({ published: 2, ok: 2 });
      await at.other.leave('w');
    });

    test('a dead worker’s are at the head again, in their order, those of all its consumers, and a repeat finds none', async () => {
      await at.bus.push(0, push(1, ['a', 'b', 'c']));
      const one = await at.other.consumer(0, 'w');
      const two = await at.other.consumer(0, 'w');
      const elsewhere = await at.other.consumer(1, 'w');
      await claimAll(one, 2);
      await claimAll(two, 1);
      expect(await at.bus.reclaim(0, 'w')).toBe(3);
      expect(await at.bus.reclaim(0, 'w')).toBe(0);
      expect(await at.bus.reclaim(0, 'unknown')).toBe(0);
      const third = await at.bus.consumer(0, 'v');
      expect((await claimAll(third, 3)).sort()).toEqual(['a', 'b', 'c']);
      await third.giveBack(['a', 'b', 'c']);
      await elsewhere.close();
    });

    test('one dead thread’s can be reclaimed alone, or are taken over by its successor', async () => {
      await at.bus.push(0, push(1, ['a', 'b', 'c']));
      const one = await at.other.consumer(0, 'w', 'thread 1');
      const two = await at.other.consumer(0, 'w', 'thread/2');
      await claimAll(one, 1);
      await claimAll(two, 2);
      expect(await at.bus.reclaim(0, 'w', 'thread 1')).toBe(1);
      expect(await two.held()).toEqual(['b', 'c']);
      await two.close();
      const successor = await at.bus.consumer(0, 'w', 'thread/2');
      expect(await successor.claim(1, SOON)).toEqual(['b']);
      expect(await successor.claim(9, SOON)).toEqual(['c']);
      expect(await successor.claim(9, SOON)).toEqual(['a']);
      await successor.ack([done('a'), done('b'), done('c')]);
      expect((await at.ledger())[0]).toMatchObject({ ok: 3, duplicate: 0 });
    });

    test('a worker that was taken for dead goes on, and can be reclaimed again', async () => {
      await at.bus.push(0, push(1, ['a']));
      const consumer = await at.other.consumer(0, 'w');
      await claimAll(consumer, 1);
      expect(await at.bus.reclaim(0, 'w')).toBe(1);
      await until(async () => {
        await consumer.claim(1, NOW);
        return (await at.bus.workers()).length === 1;
      });
      expect(await consumer.held()).toEqual(['a']);
      expect(await at.bus.reclaim(0, 'w')).toBe(1);
    });
  });
}
