import { connectRedis, type RedisBus } from '@drumline/bus';
import { DrumlineError } from '@drumline/core/errors';
import { instant, millis } from '@drumline/core/units';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type RunningRedis, startRedis } from '../servers/index.ts';

/** What nobody of Drumline's would write. */
const NONSENSE = [
  '',
  'null',
  '[]',
  '7',
  '{"__proto__":{"a":1}}',
  '%zz',
  'w/%E0%A4%A/0',
  '9 9',
  '1 2 null',
  '1 2 {',
  '\u001b[2J',
  'x'.repeat(100_000),
];

let redis: RunningRedis;
let bus: RedisBus;
beforeAll(async () => {
  redis = await startRedis();
  bus = await connectRedis({ url: redis.url, prefix: 'h', outage: millis(300) });
});
afterEach(() => redis.cli('FLUSHALL'));
afterAll(async () => {
  await bus.close();
  await redis.stop();
});

/** Everything that reads what others may have written. */
const reads: readonly (readonly [string, () => Promise<unknown>])[] = [
  ['the config', () => bus.readConfig()],
  ['the lock', () => bus.lockHolder()],
  ['the last run', () => bus.lastRun()],
  ['a run', () => bus.readRun('r')],
  ['the workers', () => bus.workers()],
  ['the queues of a worker', () => bus.queuesOf('w')],
  ['what a dead worker held', () => bus.reclaim(0, 'w')],
  ['the queues', () => bus.queues(2)],
  ['dead letters', () => bus.deadLetters(0, 100)],
  ['the ledger', () => bus.readLedger('r', 2)],
  ['the audit log', () => bus.readAudit(100)],
  ['the time', () => bus.time()],
  ['a fence', () => bus.fence(0, 'r', 1)],
];

describe('content of Redis that nobody of Drumline’s has written', () => {
  test.each(NONSENSE)('is read all the same: %.20j', async (nonsense) => {
    const cli = (...command: readonly string[]): Promise<string[]> => redis.cli(...command);
    await cli('SET', 'h_cfg', nonsense);
    await cli('SET', 'h_publisher', nonsense);
    await cli('SET', 'h_run', nonsense);
    await cli('HSET', 'h_run:r', 'plan', nonsense, nonsense, nonsense);
    await cli('SADD', 'h_workers', nonsense, 'w', `w/t/${nonsense}`, 'w/t/0');
    await cli('SET', 'h_worker:w', nonsense);
    await cli('RPUSH', 'h_q0', nonsense);
    await cli('RPUSH', '{h_q0}:w:w/t', nonsense, nonsense);
    await cli('RPUSH', '{h_q0}:dead', nonsense, `1 2 ${nonsense}`, '99999999999999999999 1 {}');
    await cli('RPUSH', 'h_audit', nonsense, `1 2 ab ${nonsense}`, '99999999999999999999 1 ab {}');
    await cli(
      'HSET',
      '{h_q0}:run:r',
      `ok:${nonsense}`,
      '1',
      'ok:0',
      nonsense,
      'digest:0',
      nonsense,
      'digestHigh:0',
      nonsense,
    );
    for (const [what, read] of reads.filter(([name]) => name !== 'a fence')) {
      await expect(read().then(() => what)).resolves.toBe(what);
    }
    const letters = await bus.deadLetters(0, 100);
    expect(letters).toHaveLength(3);
    for (const { at, element, reason, worker } of letters) {
      expect([at, element, reason, worker].every((part) => typeof part === 'string')).toBe(true);
    }
    for (const counts of (await bus.readLedger('r', 2)).values()) {
      expect(Object.values(counts).every((count) => typeof count === 'string' || Number.isSafeInteger(count))).toBe(
        true,
      );
    }
  });

  test('of another type is refused with a coded error', async () => {
    const cli = (...command: readonly string[]): Promise<string[]> => redis.cli(...command);
    for (const key of [
      'h_cfg',
      'h_publisher',
      'h_run',
      'h_run:r',
      'h_worker:w',
      'h_q0',
      '{h_q0}:dead',
      'h_audit',
      '{h_q0}:run:r',
      'h_clock',
    ])
      await cli('ZADD', key, '1', 'member');
    await cli('SADD', 'h_workers', 'w', 'w/t/0');
    const outcomes = await Promise.allSettled(reads.map(([, read]) => read()));
    const failed = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []));
    expect(failed.length).toBeGreaterThan(7);
    for (const error of failed) {
      expect(error).toBeInstanceOf(DrumlineError);
      expect(error).toMatchObject({ code: 'DRUM_BUS_REFUSED', message: expect.stringMatching(/WRONGTYPE/) });
    }
  });

  test('that is an instant beyond all dates does not stop the clock', async () => {
    await redis.cli('SET', 'h_clock', '9'.repeat(400));
    const time = await bus.time().catch((error: unknown) => error);
    expect(time instanceof DrumlineError || Number.isSafeInteger(time) || time === instant(0)).toBe(true);
  });
});
