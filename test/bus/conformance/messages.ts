import { micros } from '@drumline/core/units';
import { describe, expect, test } from 'vitest';
import { SOON, until } from '../harness.ts';
import type { Handles } from './handles.ts';

export function testMessages(at: Handles): void {
  describe('config, clock and messages', () => {
    test('the clock is within a second of this machine’s', async () => {
      const now = await at.bus.time();
      expect(Number.isInteger(now) || now > 0).toBe(true);
      expect(Math.abs(now / 1_000 - Date.now())).toBeLessThan(1_000);
    });

    test('a correction moves the clock for all, and only whoever knows the one in force may replace it', async () => {
      const hour = micros(3_600_000_000);
      const behind = micros(0 - hour);
      expect((await at.bus.readClock()).correction).toBe(0);
      expect(await at.bus.correctClock(micros(0), behind, SOON)).toBe(true);
      // Its answer was lost.
      expect(await at.bus.correctClock(micros(0), behind, SOON)).toBe(true);
      expect(await at.other.correctClock(micros(0), hour, SOON)).toBe(false);
      const { time, correction } = await at.other.readClock();
      expect(correction).toBe(behind);
      for (const now of [time, await at.other.time()]) {
        expect(Math.abs((now + hour) / 1_000 - Date.now())).toBeLessThan(10_000);
      }
      expect(await at.other.correctClock(behind, behind, SOON)).toBe(true);
      expect(await at.other.correctClock(behind, micros(0), SOON)).toBe(true);
      expect((await at.bus.readClock()).correction).toBe(0);
    });

    test('the config is absent until somebody writes it, and then the same for all', async () => {
      expect(await at.bus.readConfig()).toBeUndefined();
      await at.bus.writeConfig('{"threads":4} ü');
      expect(await at.other.readConfig()).toBe('{"threads":4} ü');
    });

    test('a command reaches every listener once and says how many there were', async () => {
      const heard: string[] = [];
      expect(await at.bus.notify('nobody')).toBe(0);
      const stop = await at.bus.onNotify((message) => heard.push(`a ${message}`));
      await at.other.onNotify((message) => heard.push(`b ${message}`));
      expect(await at.bus.notify('ping')).toBe(2);
      await until(() => heard.length === 2);
      expect(heard.sort()).toEqual(['a ping', 'b ping']);
      await stop();
      await until(async () => (await at.bus.notify('again')) === 1);
      await until(() => heard.includes('b again'));
      expect(heard).not.toContain('a again');
    });

    test('reports and commands do not mix, and keep their order', async () => {
      const reports: string[] = [];
      const commands: string[] = [];
      await at.bus.onReport((message) => reports.push(message));
      await at.bus.onNotify((message) => commands.push(message));
      for (let i = 0; i < 20; i += 1) await at.other.report(String(i));
      await at.other.notify('end');
      await until(() => reports.length === 20 && commands.length === 1);
      expect(reports).toEqual(Array.from({ length: 20 }, (_, i) => String(i)));
    });

    test('a listener that is given twice hears twice', async () => {
      let heard = 0;
      const listener = (): void => {
        heard += 1;
      };
      const stop = await at.bus.onReport(listener);
      await at.bus.onReport(listener);
      await at.other.report('x');
      await until(() => heard === 2);
      await stop();
      await at.other.report('y');
      await until(() => heard > 2);
      expect(heard).toBe(3);
    });
  });
}
