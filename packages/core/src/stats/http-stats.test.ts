import { describe, expect, test } from 'vitest';
import { instant, micros } from '../units/index.ts';
import { HttpStats } from './http-stats.ts';
import { TaskStats } from './task-stats.ts';

const NONE = { items: 0, misses: 0, throttles: 0, unprocessed: 0, capacity: 0, bytesSent: 0, bytesReceived: 0 };
const NOW = instant(1_700_000_000_000_000);

/** Two answers and one request that got none. */
function counted(): HttpStats {
  const stats = new HttpStats();
  stats.record({ status: 200, connect: micros(500), firstByte: micros(1_000) });
  stats.record({ status: 503, firstByte: micros(70) });
  stats.record({ status: 0 });
  return stats;
}

const seen = ({ statuses, connect, firstByte }: HttpStats) => [[...statuses], connect.total, firstByte.max];

describe('the statistics of HTTP requests', () => {
  test('count answers by status, and phases where there were any', () => {
    const stats = counted();
    expect([...stats.statuses]).toEqual([
      [200, 1],
      [503, 1],
    ]);
    expect([stats.connect.total, stats.connect.max, stats.firstByte.total, stats.firstByte.max]).toEqual([
      1, 500, 2, 1_000,
    ]);
  });

  test('of two OS threads add up', () => {
    const stats = counted();
    stats.merge(counted().data());
    expect(seen(stats)).toEqual([
      [
        [200, 2],
        [503, 2],
      ],
      2,
      1_000,
    ]);
  });

  test('take the place of what the same worker said before', () => {
    const [sum, before, after] = [new HttpStats(), counted(), counted()];
    after.record({ status: 200, firstByte: micros(9) });
    sum.replace(undefined, before);
    sum.replace(before, after);
    expect(seen(sum)).toEqual(seen(after));
    sum.replace(after, new HttpStats());
    expect(seen(sum)).toEqual([[], 0, 0]);
  });

  test('are there only for tasks that send such requests', () => {
    const stats = new TaskStats();
    stats.recordEnd(NONE, NOW, NOW, NOW);
    expect(stats.snapshot(NOW).http).toBeUndefined();
    stats.recordEnd({ ...NONE, http: { status: 204, firstByte: micros(1) } }, NOW, NOW, NOW);
    const other = new TaskStats();
    other.merge(stats.snapshot(NOW));
    expect([...(other.figures(NOW).http?.statuses ?? [])]).toEqual([[204, 1]]);
  });
});
