import { decodeRun } from '@drumline/core/run';
import type { Batch } from '@drumline/core/wire';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually, type RunningRedis, startRedis } from '../servers/index.ts';
import { played, Stage } from './stage.ts';
import { waitingBatches } from './waiting-batches.ts';

/**
 * Multipliers with one gap in the day and one round midnight: hours 22 and 3 hold 3 and 1, and from 23:00 to 03:00 the rate
 * falls in a straight line between the two.
 */
const DAY = [0, 0, 0, 1, 1, 1, 2, 2, 2, 2, 0, 0, 4, 4, 4, 4, 3, 3, 3, 3, 3, 3, 3, 0];

/** ∫ of the multiplier over the first `hours` of the day, in hours. Written out, so that it owes nothing to the code. */
function areaOfDay(hours: number): number {
  const nodes = [
    [0, 2.5, 0],
    [3, 1, 5.25],
    [6, 1, 8.25],
    [6, 2, 8.25],
    [10, 2, 16.25],
    [12, 4, 22.25],
    [16, 4, 38.25],
    [16, 3, 38.25],
    [23, 3, 59.25],
    [24, 2.5, 62],
  ] as const;
  for (const [i, [to, after]] of nodes.entries()) {
    const [from, before, areaFrom] = nodes[i - 1] ?? nodes[0];
    if (hours >= to) continue;
    const x = hours - from;
    return areaFrom + before * x + ((after - before) * x * x) / (2 * (to - from));
  }
  return nodes.at(-1)?.[2] ?? 0;
}

describe('what a publisher puts on the queues', () => {
  let redis: RunningRedis;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());

  test('is exact in count and in time, op by op, with scale, speed and a curve that has gaps round midnight', async () => {
    await Stage.play(
      redis,
      { config: { batch_ops: 7 }, worker: ['--db', 'redis', '--endpoint', redis.url] },
      async (stage) => {
        const data = { a: 4 };
        const publisher = await stage.publisher(
          [
            [
              { action: 'putItem', seed: 1, qps: 666.5, times: 800, data },
              { action: 'putItem', seed: 2, qps: 300, duration: '16h', data },
              { action: 'putItem', seed: 3, qps: 160, qpss: DAY, clock: 'run', duration: '24h', data },
            ],
          ],
          ['--workers', '0', '--scale', '0.5', '--speed', '28800'],
        );
        // 16 h are over after 2 s, and a day after 3 s.
        const expected = [400, 300, Math.floor((80 * areaOfDay(24) * 3_600) / 28_800)];
        expect(expected[2]).toBe(620);
        const run = await stage.running();
        await eventually('everything is published', async () => (await stage.published(run)) === 1_320);
        const [byTimes = [], byDuration = [], byCurve = []] = await waitingBatches(redis, stage, 3);
        const { origin } = decodeRun((await stage.bus.readRun(run)) ?? {});

        expectSeamless(byTimes, 400);
        for (const { first, at } of byTimes) expectWithin(at - origin, Math.ceil(((first + 1) * 1e6) / 333.25));
        expectSeamless(byDuration, 300);
        for (const { first, at } of byDuration) expectWithin(at - origin, Math.ceil(((first + 1) * 1e6) / 150));
        expectSeamless(byCurve, 620);
        const due = (us: number): number => 80 * areaOfDay((us / 3_600e6) * 28_800) * (3_600 / 28_800);
        for (const { first, at } of byCurve) {
          // Due at this instant, and not yet 2 µs before.
          expect(due(at - origin + 1)).toBeGreaterThan(first + 1 - 1e-6);
          expect(due(at - origin - 2)).toBeLessThan(first + 1 + 1e-6);
        }

        await stage.workers(1);
        const { code, summary } = await played(publisher);
        expect(summary.tasks.map(({ ledger }) => [ledger.planned, ledger.published, ledger.ok])).toEqual(
          expected.map((count) => [count, count, count]),
        );
        expect([code, summary.scale, summary.speed, summary.balanced]).toEqual([0, 0.5, 28_800, true]);
      },
    );
  });

  test('ends with the duration, however many ops are left', async () => {
    await Stage.play(redis, { worker: ['--db', 'redis', '--endpoint', redis.url] }, async (stage) => {
      await stage.workers(1);
      const both = { action: 'getItem', seed: 1, qps: 250, times: 10_000, duration: '2s' };
      const { summary } = await stage.publish([both, { ...both, times: 40, duration: '1h' }], ['--speed', '2']);
      expect(summary.tasks.map(({ ledger }) => ledger.ok)).toEqual([250, 40]);
      expect(summary.tasks[0]?.rate.planned).toBeCloseTo(250, 0);
    });
  });
});

describe('lists', () => {
  let redis: RunningRedis;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());

  test('run in order, lists in them at the same time, and so on down, with a barrier at each end', async () => {
    await Stage.play(redis, { worker: ['--db', 'redis', '--endpoint', redis.url] }, async (stage) => {
      await stage.workers(2);
      const task = (times: number, more: object = {}): object => ({
        action: 'putItem',
        seed: 1,
        qps: 200,
        times,
        data: { a: 1 },
        ...more,
      });
      // 0 ; (1 ‖ (2 ; (3 ‖ 4) ; 5) ‖ 6 twice) ; 7
      const publisher = await stage.publisher([
        task(40),
        [task(240), [task(40), [task(60), task(80)], task(40)], task(60, { repeat: 2 })],
        task(40),
      ]);
      const sizes = [40, 240, 40, 60, 80, 40, 120, 40];
      const run = await stage.running();
      const film: { published: number[]; over: boolean[] }[] = [];
      while (publisher.isThere) {
        const counts = await stage.bus.readLedger(run, 4);
        const of = (i: number): { published: number; ok: number } => counts.get(i) ?? { published: 0, ok: 0 };
        film.push({ published: sizes.map((_, i) => of(i).published), over: sizes.map((size, i) => of(i).ok === size) });
      }
      const { summary } = await played(publisher);
      expect(summary.tasks.map(({ ledger }) => ledger.ok)).toEqual(sizes);

      const after = [[], [0], [0], [2], [2], [3, 4], [0], [1, 5, 6]];
      for (const { published, over } of film) {
        for (const [task, before] of after.entries()) {
          if ((published[task] ?? 0) > 0)
            expect([task, before.map((other) => over[other])]).toEqual([task, before.map(() => true)]);
        }
      }
      const together = (tasks: readonly number[]): boolean =>
        film.some(({ published, over }) => tasks.every((task) => (published[task] ?? 0) > 0 && over[task] === false));
      expect([together([1, 2, 6]), together([1, 3, 4])]).toEqual([true, true]);
    });
  });
});

/** Every op from 0 is in exactly one batch. */
function expectSeamless(batches: readonly Batch[], total: number): void {
  let next = 0;
  for (const { first, count } of batches) {
    expect(first).toBe(next);
    next = first + count;
  }
  expect(next).toBe(total);
}

/** Ends of batches in the middle of a beat may be 1 µs off. */
const expectWithin = (at: number, expected: number): void => expect(Math.abs(at - expected)).toBeLessThanOrEqual(1);
