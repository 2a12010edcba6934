import { describe, expect, test } from 'vitest';
import type { Handles } from './handles.ts';

export function testAudit(at: Handles): void {
  describe('the audit log', () => {
    test('keeps what processes say of commands, in order, with the bus’s time', async () => {
      expect(await at.bus.readAudit(10)).toEqual([]);
      await at.bus.audit('{"cmd":"pause","by":"ü@host"}');
      await at.other.audit('second line\n with breaks');
      await at.bus.audit('second line\n with breaks');
      const entries = await at.other.readAudit(10);
      expect(entries.map(({ text }) => text)).toEqual([
        '{"cmd":"pause","by":"ü@host"}',
        'second line\n with breaks',
        'second line\n with breaks',
      ]);
      for (const { at: time } of entries) expect(Math.abs(Date.parse(time) - Date.now())).toBeLessThan(5_000);
      expect((await at.bus.readAudit(1)).map(({ text }) => text)).toEqual(['second line\n with breaks']);
      expect(await at.bus.readAudit(0)).toEqual([]);
    });

    test('holds the newest 10,000 entries', async () => {
      for (let from = 0; from < 10_003; from += 1_000) {
        const some = Array.from({ length: Math.min(1_000, 10_003 - from) }, (_, i) => at.bus.audit(`${from + i}`));
        await Promise.all(some);
      }
      const entries = await at.other.readAudit(20_000);
      expect([entries.length, entries[0]?.text, entries.at(-1)?.text]).toEqual([10_000, '3', '10002']);
    });
  });
}
