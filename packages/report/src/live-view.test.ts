import { micros } from '@drumline/core/units';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type LiveState, type LiveTask, liveView } from './live-view.ts';

const TASK: LiveTask = {
  task: 0,
  action: 'putItem',
  planned: 100_000,
  published: 58_123,
  rate: { planned: 5_000, achieved: 4_998.7 },
  response: { p50: micros(1_200), p99: micros(4_510) },
  errors: 1,
};
const STATE: LiveState = {
  run: 'r1',
  elapsed: micros(12_400_000),
  factor: 1,
  paused: false,
  workers: 2,
  tasks: [TASK, { ...TASK, task: 1, action: 'getItem', published: 0, response: undefined, errors: 0 }],
  queues: [45, 52, 48, 43, 46],
};
const plain = (state: LiveState, columns: number, rows: number): string[] =>
  liveView(state, { columns, rows, color: false });
const lengths = (lines: readonly string[]): number[] => lines.map((line) => Array.from(line).length);

describe('the live view', () => {
  test('shows lead, tasks and queues in aligned columns', () => {
    expect(plain(STATE, 150, 24)).toEqual([
      '00:12  run r1  2 workers',
      '0 putItem  ███████████░░░░░░░░░  58.1 %  58,123 published   41,877 left  4,999 of 5,000/s  p50 1.20 ms  p99 4.51 ms   1 error',
      '1 getItem  ░░░░░░░░░░░░░░░░░░░░     0 %       0 published  100,000 left  4,999 of 5,000/s        p50 –        p99 –  0 errors',
      'queues 234 [45 52 48 43 46]',
    ]);
  });

  test('says pause, factor and a state', () => {
    expect(plain({ ...STATE, paused: true, factor: 0.5 }, 80, 24)[0]).toBe(
      '00:12  PAUSED  run r1  2 workers  rate ×0.5',
    );
    expect(plain({ ...STATE, state: 'draining', workers: 1 }, 80, 24)[0]).toBe('00:12  draining  run r1  1 worker');
  });

  test('gives up bars first and the name last when columns are few', () => {
    expect(plain(STATE, 110, 24)[1]).toBe(
      '0 putItem  58.1 %  58,123 published   41,877 left  4,999 of 5,000/s  p50 1.20 ms  p99 4.51 ms   1 error',
    );
    expect(plain(STATE, 60, 24)[1]).toBe('0 putItem  58.1 %  4,999 of 5,000/s  p99 4.51 ms   1 error');
    expect(plain(STATE, 20, 24)[1]).toBe('0 putItem  58.1 %');
    expect(plain(STATE, 5, 24)[1]).toBe('0 pu…');
  });

  test('gives up lines when rows are few, and says so', () => {
    const many = { ...STATE, tasks: Array.from({ length: 9 }, (_, task) => ({ ...TASK, task })) };
    expect(plain(many, 60, 6).map((line) => line.slice(0, 14).trimEnd())).toEqual([
      '00:12  run r1',
      '0 putItem  58.',
      '1 putItem  58.',
      '2 putItem  58.',
      '… and 6 more t',
      'queues 234 [45',
    ]);
    expect(plain(many, 60, 1)).toHaveLength(1);
    expect(plain(many, 60, 0)).toEqual([]);
  });

  test('a hundred queues become their sum and the longest', () => {
    const queues = Array.from({ length: 100 }, (_, i) => i);
    expect(plain({ ...STATE, queues }, 60, 24).at(-1)).toBe('queues 4,950 in 100, longest 99');
  });

  test('always fits', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200 }),
        fc.integer({ min: 0, max: 20 }),
        fc.nat(12),
        (columns, rows, count) => {
          const tasks = Array.from({ length: count }, (_, task) => ({ ...TASK, task, published: task * 1_000_000 }));
          const lines = plain({ ...STATE, tasks }, columns, rows);
          expect(lines.length).toBeLessThanOrEqual(rows);
          expect(Math.max(0, ...lengths(lines))).toBeLessThanOrEqual(columns);
        },
      ),
    );
  });

  test('colours add escapes and nothing else', () => {
    const colored = liveView(STATE, { columns: 100, rows: 24, color: true }).join('\n');
    expect(colored).toContain('\u001b[31m');
    // oxlint-disable-next-line no-control-regex
    expect(colored.replaceAll(/\u001b\[\d+m/g, '')).toBe(plain(STATE, 100, 24).join('\n'));
  });
});
