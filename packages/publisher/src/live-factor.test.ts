import { describe, expect, test } from 'vitest';
import { LiveFactor } from './live-factor.ts';

describe('LiveFactor', () => {
  test('begins with the plan’s own rate', () => {
    const factor = new LiveFactor();
    expect([factor.text, factor.number, factor.initial]).toEqual(['1', 1, []]);
  });

  test('the last one is in force, and what starts now begins with it', () => {
    const factor = new LiveFactor('2');
    factor.set('500/200.000000');
    expect(factor.number).toBe(2.5);
    expect(factor.initial).toEqual([{ at: 0, factor: '500/200.000000' }]);
  });

  test.each([
    [{ kind: 'factor', factor: '0.5' }, [100], '0.5'],
    [{ kind: 'factor', factor: '0.5' }, [], '0.5'],
    [{ kind: 'qps', qps: '500' }, [100, 300], '500/400.000000'],
    [{ kind: 'qps', qps: '1' }, [3], '1/3.000000'],
  ] as const)('%o among rates %o is %s', (change, planned, expected) => {
    expect(new LiveFactor().factorOf(change, planned)).toBe(expected);
  });

  test.each([[[]], [[0, 0]]])('ops a second cannot be dealt among rates %o', (planned) => {
    expect(() => new LiveFactor().factorOf({ kind: 'qps', qps: '5' }, planned)).toThrow(
      expect.objectContaining({ code: 'DRUM_COMMAND_INVALID' }),
    );
  });
});
