import { describe, expect, test } from 'vitest';
import { instant } from '../units/index.ts';
import { Seconds } from './seconds.ts';
import { type CountedOutcome, TaskStats } from './task-stats.ts';

const OK: CountedOutcome = {
  items: 2,
  misses: 1,
  throttles: 0,
  unprocessed: 0,
  capacity: 0.5,
  bytesSent: 100,
  bytesReceived: 40,
};
const FAILED: CountedOutcome = { ...OK, error: 'DRUM_OP_TIMEOUT', items: 0, throttles: 3, unprocessed: 4 };
const NOW = 1_700_000_000_000_000;
const at = (us: number) => instant(NOW + us);

/** One op that is late by 50 and takes 200, one that is early by 100 and fails after 1,000, three that are dropped. */
function played(): TaskStats {
  const stats = new TaskStats();
  stats.recordSend(at(0), at(50));
  stats.recordEnd(OK, at(0), at(50), at(250));
  stats.recordSend(at(1_000), at(900));
  stats.recordEnd(FAILED, at(1_000), at(900), at(1_900));
  stats.recordDropped(3);
  return stats;
}

describe('the statistics of a task', () => {
  test('every counter counts its own', () => {
    const { counters, errors } = played().figures(at(2_000));
    expect(counters).toEqual({
      sent: 2,
      early: 1,
      late: 0,
      waited: 0,
      ok: 1,
      failed: 1,
      dropped: 3,
      items: 2,
      misses: 2,
      throttles: 3,
      unprocessed: 4,
      capacity: 1,
      bytesSent: 200,
      bytesReceived: 80,
    });
    expect([...errors]).toEqual([['DRUM_OP_TIMEOUT', 1]]);
  });

  test('response runs from the intended start, service from the send, and failed ops count in both', () => {
    const { response, service, lateness } = played().figures(at(2_000));
    expect([...response.bars()].map((bar) => bar.from)).toEqual([250, 900]);
    expect([...service.bars()].map((bar) => bar.from)).toEqual([200, 1_000]);
    expect([...lateness.bars()].map((bar) => bar.from)).toEqual([0, 50]);
  });

  test('an op that ends before its intended start has response time 0, and none is clamped', () => {
    const stats = new TaskStats();
    stats.recordSend(at(500), at(0));
    stats.recordEnd(OK, at(500), at(0), at(300));
    const { response, lateness } = stats.figures(at(600));
    expect([response.max, response.clamped, lateness.max, lateness.clamped]).toEqual([0, 0, 0, 0]);
  });

  test('sends are counted in the windows in which they happened, not in those in which they were intended', () => {
    const stats = new TaskStats();
    stats.recordSend(at(99_000), at(101_000));
    expect(stats.figures(at(200_000)).windows).toEqual({ first: NOW / 100_000 + 1, counts: [1] });
  });

  test('ops that are sent more than 10 ms after their intended start, or dropped for their age, are late', () => {
    const stats = new TaskStats();
    stats.recordSend(at(0), at(10_000));
    stats.recordSend(at(0), at(10_001));
    stats.recordSend(at(0), at(10_001), true);
    stats.recordMissed(at(0), at(20_000), true);
    expect(stats.figures(at(20_000)).counters).toMatchObject({ sent: 3, late: 3, waited: 2, dropped: 0 });
    expect(stats.figures(at(20_000)).beats).toEqual({ first: NOW / 10_000, intended: [4, 0], sent: [0, 3] });
  });

  test('an op that came due while its thread stood still has not waited for the target', () => {
    const seconds = new Seconds();
    const stats = new TaskStats(seconds);
    seconds.tick(at(0), at(10_000));
    seconds.tick(at(200_000));
    stats.recordSend(at(100_000), at(201_000), true);
    stats.recordSend(at(200_000), at(215_000), true);
    expect(stats.figures(at(220_000)).counters).toMatchObject({ late: 2, waited: 1 });
  });

  test('snapshots of two threads, posted as plain data, merge into the sum', () => {
    const merged = new TaskStats();
    for (let thread = 0; thread < 2; thread += 1) merged.merge(structuredClone(played().snapshot(at(2_000))));
    const { counters, errors, response, windows } = merged.figures(at(2_000));
    expect(counters).toMatchObject({ sent: 4, early: 2, failed: 2, dropped: 6, capacity: 2, bytesReceived: 160 });
    expect(errors.get('DRUM_OP_TIMEOUT')).toBe(2);
    expect([...response.bars()].map((bar) => bar.count)).toEqual([2, 2]);
    expect(windows.counts).toEqual([4]);
  });

  test('a snapshot does not go on counting', () => {
    const stats = played();
    const before = stats.snapshot(at(2_000));
    stats.recordSend(at(3_000), at(3_000));
    stats.recordEnd(FAILED, at(3_000), at(3_000), at(3_001));
    expect([before.counters.sent, before.errors.get('DRUM_OP_TIMEOUT')]).toEqual([2, 1]);
    expect(before.response.counts.reduce((sum, count) => sum + count)).toBe(2);
  });
});
