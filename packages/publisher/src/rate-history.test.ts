import { describe, expect, test } from 'vitest';
import { RateHistory } from './rate-history.ts';

describe('RateHistory', () => {
  test('begins with the plan’s own rate', () => {
    const rates = new RateHistory();
    expect([rates.factor, rates.number, rates.initial, rates.steps]).toEqual(['1', 1, [], []]);
  });

  test('the last factor is in force, and what starts now begins with it', () => {
    const rates = new RateHistory();
    rates.add({ beat: 5, factor: '2' });
    rates.add({ beat: 9, factor: '500/200.000000' });
    expect(rates.number).toBe(2.5);
    expect(rates.initial).toEqual([{ at: 0, factor: '500/200.000000' }]);
    expect(rates.steps.map(({ beat }) => beat)).toEqual([5, 9]);
  });

  test.each([
    [{ kind: 'factor', factor: '0.5' }, [100], '0.5'],
    [{ kind: 'factor', factor: '0.5' }, [], '0.5'],
    [{ kind: 'qps', qps: '500' }, [100, 300], '500/400.000000'],
    [{ kind: 'qps', qps: '1' }, [3], '1/3.000000'],
  ] as const)('%o among rates %o is %s', (change, planned, expected) => {
    expect(new RateHistory().factorOf(change, planned)).toBe(expected);
  });

  test.each([[[]], [[0, 0]]])('ops a second cannot be dealt among rates %o', (planned) => {
    expect(() => new RateHistory().factorOf({ kind: 'qps', qps: '5' }, planned)).toThrow(
      expect.objectContaining({ code: 'DRUM_COMMAND_INVALID' }),
    );
  });
});
