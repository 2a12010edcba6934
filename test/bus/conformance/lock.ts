import { millis } from '@drumline/core/units';
import { describe, expect, test } from 'vitest';
import { SOON, until } from '../harness.ts';
import type { Handles } from './handles.ts';

export function testLock(at: Handles): void {
  describe('the publisher’s lock', () => {
    test('is one publisher’s, and shows who holds it', async () => {
      expect(await at.bus.acquireLock('first {"pid":1}\nline', SOON)).toEqual({ kind: 'acquired', epoch: 1 });
      expect(await at.other.acquireLock('second', SOON)).toEqual({ kind: 'held', holder: 'first {"pid":1}\nline' });
      expect(await at.other.lockHolder()).toBe('first {"pid":1}\nline');
      expect(await at.bus.renewLock(1, 'still first', SOON)).toBe(true);
      expect(await at.other.lockHolder()).toBe('still first');
      await at.bus.releaseLock(1);
      expect(await at.other.lockHolder()).toBeUndefined();
    });

    test('gets a greater epoch each time, also after it has expired, and an old epoch can neither renew nor release it', async () => {
      // Not always 1: where the lock expires before it is confirmed, another epoch is drawn.
      const first = await at.bus.acquireLock('first', millis(30));
      if (first.kind !== 'acquired') throw new Error('held');
      await until(async () => (await at.bus.lockHolder()) === undefined);
      expect(await at.bus.renewLock(first.epoch, 'late', SOON)).toBe(false);
      const second = await at.other.acquireLock('second', SOON);
      if (second.kind !== 'acquired') throw new Error('held');
      expect(second.epoch).toBeGreaterThan(first.epoch);
      expect(await at.bus.renewLock(first.epoch, 'late', SOON)).toBe(false);
      await at.bus.releaseLock(first.epoch);
      expect(await at.bus.lockHolder()).toBe('second');
      await at.other.releaseLock(second.epoch);
    });

    test('is won by exactly one of many that try at once, and epochs grow over many changes of hands', async () => {
      let last = 0;
      for (let round = 0; round < 5; round += 1) {
        const replies = await Promise.all(
          [at.bus, at.other, at.bus, at.other].map((handle, i) => handle.acquireLock(`p${i}`, SOON)),
        );
        const epochs = replies.flatMap((reply) => (reply.kind === 'acquired' ? [reply.epoch] : []));
        expect(epochs).toHaveLength(1);
        expect(epochs[0]).toBeGreaterThan(last);
        last = epochs[0] ?? 0;
        await at.bus.releaseLock(last);
      }
    });
  });
}
