import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningRedis, startArrivalLog, startRedis } from '../servers/index.ts';
import { played, Stage, type StageOptions } from './stage.ts';

let redis: RunningRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

const TASK = { action: 'updateItem', seed: 1, samples: 1, data: { f: 'x' } };
const onRedis = (): StageOptions => ({ worker: ['--db', 'redis', '--endpoint', redis.url] });

/** Options of a publisher with thresholds. */
const slos = (...texts: readonly string[]): string[] => texts.flatMap((text) => ['--slo', text]);

describe('the certificate', () => {
  test('of a run that nothing disturbs says that the rate was held', async () => {
    await Stage.play(redis, onRedis(), async (stage) => {
      await stage.workers(1);
      // So little that a busy machine keeps it.
      const args = [
        '--require-rate',
        '50%',
        ...slos('errors < 1', 'dropped < 1', 'updateItem: response_time p99 < 30s'),
      ];
      const { code, summary } = await stage.publish([{ ...TASK, qps: 200, duration: '3s' }], args);
      expect(summary.certificate).toMatchObject({ verdict: 'rate held', required: 0.5, dropped: 0 });
      const [fine, middle, coarse] = summary.certificate?.windows ?? [];
      expect([fine?.widthUs, middle?.widthUs, coarse?.widthUs]).toEqual([10_000, 100_000, 1_000_000]);
      expect(fine?.count).toBeGreaterThan(100);
      expect(summary.slos.map(({ ok, value }) => [ok, value])).toEqual([
        [true, 0],
        [true, 0],
        [true, expect.any(Number)],
      ]);
      expect(code).toBe(0);
    });
  });

  test('of a slow target with a bound on ops in flight says target-limited', async () => {
    await using target = await startArrivalLog({ delay: 400 });
    const options = {
      worker: ['--db', 'redis', '--endpoint', `127.0.0.1:${target.port}`],
      config: { threads: 2, max_in_flight: 2 },
    };
    await Stage.play(redis, options, async (stage) => {
      await stage.workers(1);
      const traffic = [{ ...TASK, qps: 100, duration: '4s', late: { drop: '300ms' } }];
      const { code, summary, err } = await stage.publish(traffic, ['--require-rate', '99%']);
      expect(summary.certificate).toMatchObject({ verdict: 'target-limited' });
      expect(summary.certificate?.waited).toBeGreaterThan(100);
      expect(code).toBe(3);
      expect(err).toContain('DRUM_RATE_MISSED: target-limited');
    });
  });

  test('of a worker that stood still says generator-limited', async () => {
    await Stage.play(redis, onRedis(), async (stage) => {
      const [worker] = await stage.workers(1);
      const publisher = await stage.publisher([{ ...TASK, qps: 100, duration: '5s' }], ['--require-rate', '99%']);
      await stage.running();
      worker?.signal('SIGSTOP');
      // The time that passes is what is tested here.
      await sleep(2_200);
      worker?.signal('SIGCONT');
      const { code, summary, err } = await played(publisher);
      expect(summary.certificate).toMatchObject({ verdict: 'generator-limited' });
      expect(summary.certificate?.kept).toBeLessThan(0.85);
      expect(code).toBe(3);
      expect(err).toContain('DRUM_RATE_MISSED: generator-limited');
    });
  });
});

describe('thresholds', () => {
  test('that are missed end the command with 3, those of the config too, and the summary says which', async () => {
    const options = { ...onRedis(), config: { slo: ['response_time max < 1us'] } };
    await Stage.play(redis, options, async (stage) => {
      await stage.workers(1);
      const { code, summary, err } = await stage.publish([{ ...TASK, qps: 100, duration: '2s' }], slos('errors < 1%'));
      expect(summary.slos).toMatchObject([
        { text: 'response_time max < 1us', unit: 'us', bound: 1, ok: false, decided: true },
        { text: 'errors < 1%', scope: null, unit: 'share', value: 0, bound: 0.01, ok: true },
      ]);
      expect(summary).toMatchObject({ state: 'finished', balanced: true });
      expect(code).toBe(3);
      expect(err).toMatch(/DRUM_SLO_FAILED: 1 of 2 thresholds were not kept: 'response_time max < 1us' was /);
    });
  });

  test('that say abort end the run at once, and it balances', async () => {
    await Stage.play(redis, onRedis(), async (stage) => {
      await stage.workers(1);
      const args = slos('service_time p50 < 0us over 2s abort');
      const { code, summary } = await stage.publish([{ ...TASK, qps: 100, duration: '1h' }], args);
      expect(summary).toMatchObject({ state: 'aborted', balanced: true, slos: [{ ok: false, aborted: true }] });
      expect(summary.notes).toContain("ended by the threshold 'service_time p50 < 0s over 2s abort'");
      expect(code).toBe(3);
    });
  });

  test('with problems are refused, all of them, before anything is published', async () => {
    await Stage.play(redis, onRedis(), async (stage) => {
      const args = slos('respons_time p99 < 250ms', 'errors < 5 abrot');
      const publisher = await stage.publisher([{ ...TASK, qps: 1, duration: '1s' }], args);
      const { code, err, out } = await publisher.finishes();
      expect([code, out]).toEqual([2, '']);
      expect(err).toContain('DRUM_SLO_INVALID: thresholds have 2 problems:');
      expect(err).toContain('"respons_time p99 < 250ms", column 1: "respons_time" is an unknown metric; did you mean');
      expect(err).toContain('"errors < 5 abrot", column 12: "abrot" stands after the end; did you mean "abort"?');
    });
  });
});
