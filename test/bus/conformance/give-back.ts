import { describe, expect, test } from 'vitest';
import { claimAll, done, NOW, push, SOON } from '../harness.ts';
import type { Handles } from './handles.ts';

export function testGiveBack(at: Handles): void {
  describe('give back', () => {
    test('given back ones are at the head again, in their order', async () => {
      await at.bus.push(0, push(1, ['a', 'b', 'c', 'd']));
      const consumer = await at.other.consumer(0, 'w');
      await claimAll(consumer, 3);
      await consumer.giveBack(['b', 'c']);
      await consumer.giveBack([]);
      await consumer.giveBack(['not held']);
      expect(await consumer.held()).toEqual(['a']);
      expect(await consumer.claim(9, NOW)).toEqual(['b', 'c', 'd']);
      await consumer.giveBack(['a', 'b', 'c', 'd']);
    });

    test('a waiting consumer gets what another gives back', async () => {
      await at.bus.push(0, push(1, ['a']));
      const first = await at.bus.consumer(0, 'v');
      const second = await at.other.consumer(0, 'w');
      await claimAll(first, 1);
      const waiting = second.claim(1, SOON);
      await first.giveBack(['a']);
      expect(await waiting).toEqual(['a']);
      await second.ack([done('a')]);
    });
  });
}
