import { decodeReport } from '@drumline/core/wire';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { played, Stage } from '../e2e/stage.ts';
import { eventually, type RunningRedis, startClockProxy, startRedis, startWallClock } from '../servers/index.ts';

const TRAFFIC = [{ action: 'updateItem', qps: 200, duration: '6s', seed: 1, samples: 1, data: { f: 'x' } }];
const HOUR = 3_600;
/** µs that a busy machine may be late itself. */
const LATE = 15_000_000;

const args = (redis: RunningRedis): string[] => ['--db', 'redis', '--endpoint', redis.url];

/**
 * How far the workers' clocks are behind the fleet's, in µs: from the instant that each report bears to its arrival here. No
 * clock is behind by less than its bar below 0, and the least delay of several reports is short.
 */
function delaysOf(stage: Stage): { readonly delays: number[]; readonly bars: number[] } {
  const heard = { delays: new Array<number>(), bars: new Array<number>() };
  void stage.bus.onReport((message) => {
    void stage.bus.time().then((now) => {
      const report = decodeReport(message);
      if (report === undefined) return;
      heard.delays.push(now - report.at);
      heard.bars.push(report.clockError);
    });
  });
  return heard;
}

describe('a worker whose host has a wrong wall clock', () => {
  let redis: RunningRedis;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());

  test.each([
    ['200 ms behind', -0.2, -0.2],
    ['1 h ahead', HOUR, HOUR],
    ['right, and stepped by 1 h back during the run', 0, -HOUR],
  ])('%s, has the fleet’s clock within its bar', async (_, before, after) => {
    await using clock = await startWallClock(before);
    await Stage.play(redis, {}, async (stage) => {
      const worker = stage.worker(args(redis), { env: clock.env });
      await worker.prints(/worker is ready/);
      const publisher = await stage.publisher(TRAFFIC);
      await stage.running();
      await clock.shift(after);
      const { delays, bars } = delaysOf(stage);
      const { summary } = await played(publisher);
      expect(summary).toMatchObject({ balanced: true, ledger: { planned: 1_200, ok: 1_200 } });
      expect(delays.length).toBeGreaterThan(3);
      expect(Math.min(...delays)).toBeGreaterThanOrEqual(-Math.max(...bars) - 1);
      expect(Math.min(...delays)).toBeLessThan(150_000);
      expect(summary.tasks[0]?.lateness.maxUs).toBeLessThan(LATE);
      expect(summary.tasks[0]?.early).toBe(0);
    });
  });
});

describe('Redis whose host steps its clock during a run', () => {
  let redis: RunningRedis;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());

  test.each([
    ['an hour forwards', HOUR, /stepped 60\.0 min forwards at \d\d:\d\d/],
    ['an hour backwards', -HOUR, /stepped 60\.0 min backwards at \d\d:\d\d/],
    ['a fifth of a second forwards', 0.2, /stepped (19|20)\d ms forwards/],
  ])('by %s: nothing is lost or late, and the summary says so', async (_, seconds, note) => {
    await using clock = await startClockProxy(redis.port);
    await Stage.play({ url: clock.url, cli: (...command) => redis.cli(...command) }, {}, async (stage) => {
      await stage.workers(1, args(redis));
      const publisher = await stage.publisher(TRAFFIC);
      await stage.running();
      clock.shift(seconds * 1_000_000);
      await eventually('the fleet has its own time', async () => (await stage.bus.readClock()).correction !== 0);
      // Who joins now learns of it.
      await stage.workers(1, args(redis));
      const { summary, code } = await played(publisher);
      const [task] = summary.tasks;
      expect(summary).toMatchObject({ balanced: true, ledger: { planned: 1_200, ok: 1_200, duplicate: 0 } });
      expect(code).toBe(0);
      expect(task?.lateness.maxUs).toBeLessThan(LATE);
      expect(task?.early).toBe(0);
      expect(summary.notes.filter((line) => note.test(line))).toHaveLength(1);
      expect((await stage.bus.readClock()).correction).toBe(0);
    });
  });
});
