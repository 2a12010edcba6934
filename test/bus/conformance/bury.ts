import { describe, expect, test } from 'vitest';
import { claimAll, push } from '../harness.ts';
import type { Handles } from './handles.ts';

export function testBury(at: Handles): void {
  describe('bury', () => {
    test('an unreadable one goes to the dead letters with reason, worker and time', async () => {
      const garbage = '\0{not json "ü"';
      await at.bus.push(0, push(1, ['a', garbage]));
      const consumer = await at.other.consumer(0, 'w');
      await claimAll(consumer, 2);
      await consumer.bury(garbage, 'it is not JSON');
      await consumer.bury('not held', 'never mind');
      expect(await consumer.held()).toEqual(['a']);
      expect(await at.bus.queues(2)).toEqual([
        { queue: 0, length: 0, dead: 1 },
        { queue: 1, length: 0, dead: 0 },
      ]);
      const [letter, ...others] = await at.bus.deadLetters(0, 10);
      expect(others).toEqual([]);
      expect(letter).toMatchObject({ element: garbage, reason: 'it is not JSON', worker: 'w' });
      expect(Math.abs(Date.parse(letter?.at ?? '') - Date.now())).toBeLessThan(5_000);
      await consumer.giveBack(['a']);
    });

    test('dead letters are capped at 1,000, the oldest go first', async () => {
      const names = Array.from({ length: 1_003 }, (_, i) => `e${i}`);
      await at.bus.push(0, push(1, names));
      const consumer = await at.other.consumer(0, 'w');
      await claimAll(consumer, names.length, 2_000);
      for (const name of names.slice(0, 500)) void consumer.bury(name, 'x');
      await Promise.all(names.slice(500).map((name) => consumer.bury(name, 'x')));
      expect((await at.bus.queues(1))[0]?.dead).toBe(1_000);
      expect((await at.bus.deadLetters(0, 2)).map(({ element }) => element)).toEqual(['e1001', 'e1002']);
      expect(await at.bus.deadLetters(0, 0)).toEqual([]);
      expect((await at.bus.deadLetters(0, 5_000))[0]?.element).toBe('e3');
    });
  });
}
