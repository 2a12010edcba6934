import { describe, expect, test } from 'vitest';
import { claimAll, counts, done, push } from '../harness.ts';
import type { Handles } from './handles.ts';

export function testPush(at: Handles): void {
  describe('push', () => {
    test('answers the queue’s length and counts what was published, by task and over queues', async () => {
      const published = new Map([
        [0, 3],
        [7, 2],
      ]);
      expect(await at.bus.push(0, push(1, ['a', 'b'], { published }))).toEqual({ kind: 'pushed', length: 2 });
      expect(await at.bus.push(0, push(2, ['c']))).toEqual({ kind: 'pushed', length: 3 });
      expect(await at.bus.push(1, push(1, ['d']))).toEqual({ kind: 'pushed', length: 1 });
      expect(await at.ledger(2)).toEqual({
        0: counts({ published: 5 }),
        7: counts({ published: 2 }),
      });
      expect((await at.bus.queues(3)).map(({ length }) => length)).toEqual([3, 1, 0]);
      expect(await at.ledger(2, 'another run')).toEqual({});
    });

    test('a repeat of a number changes nothing', async () => {
      await at.bus.push(0, push(1, ['a']));
      await at.bus.push(0, push(2, ['b']));
      expect(await at.bus.push(0, push(2, ['b']))).toEqual({ kind: 'pushed', length: 2 });
      expect(await at.bus.push(0, push(1, ['a']))).toEqual({ kind: 'pushed', length: 2 });
      expect((await at.ledger())[0]?.published).toBe(2);
    });

    test('a number that is too high is refused with the last one', async () => {
      expect(await at.bus.push(0, push(2, ['b']))).toEqual({ kind: 'gap', last: 0 });
      await at.bus.push(0, push(1, ['a']));
      expect(await at.bus.push(0, push(3, ['c']))).toEqual({ kind: 'gap', last: 1 });
      expect((await at.bus.queues(1))[0]?.length).toBe(1);
    });

    test('an older epoch is shut out by a newer one’s push or fence, which says where the queue stands', async () => {
      await at.bus.push(0, push(1, ['a'], { beat: 17 }));
      expect(await at.other.fence(0, 'r', 5)).toEqual({ kind: 'ready', last: 1, beat: 17 });
      expect(await at.bus.push(0, push(2, ['old']))).toEqual({ kind: 'fenced', epoch: 5 });
      expect(await at.bus.fence(0, 'r', 4)).toEqual({ kind: 'fenced', epoch: 5 });
      expect(await at.other.push(0, push(2, ['new'], { epoch: 5 }))).toEqual({ kind: 'pushed', length: 2 });
      expect(await at.other.push(0, push(3, ['newer'], { epoch: 6 }))).toEqual({ kind: 'pushed', length: 3 });
      expect(await at.other.push(0, push(4, ['x'], { epoch: 5 }))).toEqual({ kind: 'fenced', epoch: 6 });
    });

    test('a fence answers the beat of the last push that was taken, not of one that was refused or repeated', async () => {
      expect(await at.bus.fence(0, 'r', 1)).toEqual({ kind: 'ready', last: 0, beat: -1 });
      await at.bus.push(0, push(1, ['a'], { beat: 0 }));
      expect(await at.bus.fence(0, 'r', 1)).toEqual({ kind: 'ready', last: 1, beat: 0 });
      await at.bus.push(0, push(2, ['b'], { beat: 1e12 }));
      await at.bus.push(0, push(1, ['a'], { beat: 0 }));
      await at.bus.push(0, push(4, ['d'], { beat: 2e12 }));
      expect(await at.bus.fence(0, 'r', 1)).toEqual({ kind: 'ready', last: 2, beat: 1e12 });
      await at.bus.fence(0, 'r', 2);
      await at.bus.push(0, push(3, ['late'], { beat: 3e12 }));
      expect(await at.other.fence(0, 'r', 3)).toEqual({ kind: 'ready', last: 2, beat: 1e12 });
    });

    test('a new epoch that repeats its predecessor’s number is told where the queue stands, and nothing is lost', async () => {
      await at.bus.push(0, push(1, ['a']));
      expect(await at.other.push(0, push(1, ['b'], { epoch: 2 }))).toEqual({ kind: 'gap', last: 1 });
      expect(await at.other.push(0, push(2, ['b'], { epoch: 2 }))).toEqual({ kind: 'pushed', length: 2 });
    });

    test('runs share a queue without knowing of each other', async () => {
      await at.bus.push(0, push(1, ['a']));
      await at.bus.push(0, push(1, ['b'], { run: 's', epoch: 9 }));
      expect(await at.bus.push(0, push(2, ['c']))).toEqual({ kind: 'pushed', length: 3 });
    });

    test('a large push arrives whole and in order', async () => {
      const elements = Array.from({ length: 12_000 }, (_, i) => `e${i}`);
      expect(await at.bus.push(0, push(1, elements))).toEqual({ kind: 'pushed', length: elements.length });
      const consumer = await at.other.consumer(0, 'w');
      expect(await claimAll(consumer, elements.length, 7_000)).toEqual(elements);
      await consumer.ack(elements.map((element) => done(element)));
      expect((await at.ledger())[0]?.ok).toBe(elements.length);
    });

    test('whatever an element holds comes out the same', async () => {
      const hostile = [
        '',
        ' ',
        '"\'`\\',
        '\0\u0001\r\n$3\r\n',
        '00012',
        '-1',
        'ünïcødé 🥁',
        '{"a":[1]}',
        '%d%s',
        'x'.repeat(1_000_000),
      ];
      await at.bus.push(0, push(1, hostile));
      const consumer = await at.other.consumer(0, 'w');
      expect(await claimAll(consumer, hostile.length, 100)).toEqual(hostile);
      expect(await consumer.held()).toEqual(hostile);
      await consumer.ack(hostile.map((element) => done(element)));
      expect(await consumer.held()).toEqual([]);
      expect((await at.ledger())[0]).toMatchObject({ ok: hostile.length, duplicate: 0 });
    });
  });
}
