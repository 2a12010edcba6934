import { millis } from '@drumline/core/units';
import { describe, expect, test } from 'vitest';
import { done, push, SOON, until } from '../harness.ts';
import type { Handles } from './handles.ts';

export function testRun(at: Handles): void {
  describe('a run’s record', () => {
    test('a run’s fields are written bit by bit and read whole', async () => {
      expect(await at.bus.readRun('r')).toBeUndefined();
      await at.bus.writeRun('r', { plan: '[]', state: 'running' }, 1);
      await at.bus.writeRun('r', { state: 'done' }, 1);
      await at.bus.writeRun('r', {}, 1);
      expect({ ...(await at.other.readRun('r')) }).toEqual({ plan: '[]', state: 'done' });
    });

    test('an ended run expires with its share in every queue, and a late ack does not bring it back', async () => {
      await at.bus.writeRun('r', { plan: '[]' }, 1);
      await at.bus.push(0, push(1, ['a']));
      await at.bus.push(1, push(1, ['b']));
      const consumer = await at.other.consumer(0, 'w');
      expect(await consumer.claim(1, SOON)).toEqual(['a']);
      await at.bus.expireRun('r', 2, millis(20));
      await until(
        async () => (await at.bus.readRun('r')) === undefined && (await at.bus.readLedger('r', 2)).size === 0,
      );
      await consumer.ack([done('a')]);
      expect(await at.bus.readLedger('r', 2)).toEqual(new Map());
      expect(await consumer.held()).toEqual([]);
    });

    test('a newer publisher shuts the older ones out of the record, with its first write', async () => {
      expect(await at.bus.writeRun('r', { state: 'running', rate: '1' }, 3)).toBe(true);
      expect(await at.other.writeRun('r', {}, 4)).toBe(true);
      expect(await at.bus.writeRun('r', { state: 'paused', late: 'x' }, 3)).toBe(false);
      expect({ ...(await at.bus.readRun('r')) }).toEqual({ state: 'running', rate: '1' });
      expect(await at.other.writeRun('r', { state: 'done' }, 4)).toBe(true);
      expect(await at.other.writeRun('other run', { state: 'running' }, 3)).toBe(true);
      expect({ ...(await at.bus.readRun('r')) }).toEqual({ state: 'done', rate: '1' });
    });

    test('whatever a field holds comes out the same', async () => {
      const fields = { '': 'empty name', 'ü\0\r\n': '🥁', constructor: '', n: '00012', long: 'x'.repeat(100_000) };
      await at.bus.writeRun('r', fields, 1);
      expect({ ...(await at.other.readRun('r')) }).toEqual(fields);
    });

    test('the last run is the newest publisher’s, however often older ones write', async () => {
      expect(await at.bus.lastRun()).toBeUndefined();
      await at.bus.writeRun('first', { state: 'running' }, 1);
      expect(await at.other.lastRun()).toBe('first');
      await at.other.writeRun('second ü {}', { state: 'running' }, 2);
      await at.bus.writeRun('first', { state: 'paused' }, 1);
      const late = await at.connect();
      expect(await late.writeRun('first', { state: 'done' }, 1)).toBe(true);
      expect(await at.bus.lastRun()).toBe('second ü {}');
      await at.bus.writeRun('first', { state: 'running' }, 3);
      expect(await at.other.lastRun()).toBe('first');
    });
  });
}
