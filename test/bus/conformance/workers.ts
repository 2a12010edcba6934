import { millis } from '@drumline/core/units';
import { describe, expect, test } from 'vitest';
import { claimAll, push, SOON, until } from '../harness.ts';
import type { Handles } from './handles.ts';

export function testWorkers(at: Handles): void {
  describe('workers', () => {
    test('a worker is alive until its heartbeat expires, known until it leaves', async () => {
      await at.bus.heartbeat('w1', 'one', SOON);
      await at.other.heartbeat('w/2', 'two', millis(20));
      await until(async () =>
        (await at.bus.workers()).every(({ worker, info }) => worker === 'w1' || info === undefined),
      );
      expect(await at.bus.workers()).toEqual([
        { worker: 'w/2', info: undefined },
        { worker: 'w1', info: 'one' },
      ]);
      await at.bus.heartbeat('w1', 'one again', SOON);
      await at.bus.leave('w/2');
      expect(await at.bus.workers()).toEqual([{ worker: 'w1', info: 'one again' }]);
      await at.bus.leave('w1');
      expect(await at.bus.workers()).toEqual([]);
    });

    test('a worker that leaves with claimed elements stays known until it is reclaimed', async () => {
      await at.bus.push(0, push(1, ['a', 'b']));
      await at.other.heartbeat('w', 'here', SOON);
      const consumer = await at.other.consumer(0, 'w');
      await claimAll(consumer, 1);
      await consumer.close();
      await at.other.leave('w');
      expect(await at.bus.workers()).toEqual([{ worker: 'w', info: undefined }]);
      expect(await at.bus.reclaim(0, 'w')).toBe(1);
      expect(await at.bus.workers()).toEqual([]);
    });
  });
}
