import { describe, expect, test } from 'vitest';
import { statsLine, workerLine } from './stats-line.ts';

describe('lines in the shape of the original', () => {
  test('of the publisher', () => {
    const stats = {
      action: 'updateItem',
      published: 12_345,
      remaining: 87_655,
      qps: 4_999.6,
      queues: [45, 52, 48, 43, 46],
    };
    expect(statsLine({ ...stats, elapsedSeconds: 2.9 })).toBe(
      '[STATS] updateItem | Pub:12345 Rem:87655 QPS:5000 Q:234[45 52 48 43 46] T:2s',
    );
  });

  test('of a worker, with the actions it has executed', () => {
    const ended = new Map([
      ['updateItem', 500],
      ['getItem', 20],
      ['query', 0],
    ]);
    expect(workerLine({ worker: 'host-1', ended, failed: 1, queues: [5, 7] })).toBe(
      '[WORKER] host-1 | updateItem:500 getItem:20 Err:1 Total:520 Q:12[5 7]',
    );
    expect(workerLine({ worker: 'w', ended: new Map(), failed: 0, queues: [] })).toBe(
      '[WORKER] w | Err:0 Total:0 Q:0[]',
    );
  });

  test('are one line whatever the names hold', () => {
    const line = workerLine({ worker: 'w\n\u001b[2J', ended: new Map(), failed: 0, queues: [0] });
    expect(line).toBe('[WORKER] w??[2J | Err:0 Total:0 Q:0[0]');
  });
});
