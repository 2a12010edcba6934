import { millis } from '@drumline/core/units';
import { describe, expect, test } from 'vitest';
import { counts, done, NOW, push, SOON } from '../harness.ts';
import type { Handles } from './handles.ts';

export function testClaim(at: Handles): void {
  describe('claim', () => {
    test('takes from the head, oldest first, up to max', async () => {
      await at.bus.push(0, push(1, ['a', 'b', 'c', 'd', 'e']));
      const consumer = await at.other.consumer(0, 'w');
      expect(await consumer.claim(2, NOW)).toEqual(['a', 'b']);
      expect(await consumer.claim(1, SOON)).toEqual(['c']);
      expect(await consumer.claim(9, SOON)).toEqual(['d', 'e']);
      expect(await consumer.claim(9, NOW)).toEqual([]);
      expect(await consumer.held()).toEqual(['a', 'b', 'c', 'd', 'e']);
      await consumer.ack(['a', 'b', 'c', 'd', 'e'].map((element) => done(element)));
    });

    test('waits no longer than it was told, and wakes up when something comes', async () => {
      const consumer = await at.other.consumer(0, 'w');
      const before = performance.now();
      expect(await consumer.claim(1, millis(60))).toEqual([]);
      expect(performance.now() - before).toBeGreaterThanOrEqual(55);
      const waiting = consumer.claim(5, SOON);
      await at.bus.push(0, push(1, ['a']));
      expect(await waiting).toContain('a');
      await consumer.ack([done('a')]);
    });

    test('several claims of one consumer are served one after the other', async () => {
      await at.bus.push(0, push(1, ['a', 'b', 'c']));
      const consumer = await at.other.consumer(0, 'w');
      expect(await Promise.all([consumer.claim(1, SOON), consumer.claim(2, SOON)])).toEqual([['a'], ['b', 'c']]);
      await consumer.giveBack(['a', 'b', 'c']);
    });

    test('two consumers of a queue, of one worker or of two, never get the same element', async () => {
      const all = Array.from({ length: 300 }, (_, i) => `e${i}`);
      const consumers = [await at.bus.consumer(0, 'w'), await at.bus.consumer(0, 'w'), await at.other.consumer(0, 'v')];
      const claimed = consumers.map(async (consumer) => {
        const mine: string[] = [];
        for (;;) {
          const more = await consumer.claim(7, millis(300));
          if (more.length === 0) return mine;
          mine.push(...more);
          await consumer.ack(more.map((element) => done(element)));
        }
      });
      for (let i = 0; i < 30; i += 1) await at.bus.push(0, push(i + 1, all.slice(i * 10, i * 10 + 10)));
      const shares = await Promise.all(claimed);
      expect(shares.flat().sort()).toEqual(all.sort());
      expect((await at.ledger())[0]).toEqual(counts({ published: 300, ok: 300 }));
    });

    test('a waiting claim ends when its consumer or the bus is closed, soon, and takes nothing with it', async () => {
      const handle = await at.connect();
      const consumer = await handle.consumer(0, 'w');
      const second = await handle.consumer(0, 'w');
      const waiting = consumer.claim(1, millis(60_000)).catch((error: unknown) => error);
      const alsoWaiting = second.claim(1, millis(60_000)).catch((error: unknown) => error);
      const before = performance.now();
      await consumer.close();
      await handle.close();
      expect(await waiting).toMatchObject({ code: 'DRUM_BUS_CLOSED' });
      expect(await alsoWaiting).toMatchObject({ code: 'DRUM_BUS_CLOSED' });
      expect(performance.now() - before).toBeLessThan(5_000);
      await at.bus.push(0, push(1, ['a']));
      expect((await at.bus.queues(1))[0]?.length).toBe(1);
      await expect(consumer.claim(1, NOW)).rejects.toMatchObject({ code: 'DRUM_BUS_CLOSED' });
      await expect(handle.readConfig()).rejects.toMatchObject({ code: 'DRUM_BUS_CLOSED' });
      await handle.close();
    });
  });
}
