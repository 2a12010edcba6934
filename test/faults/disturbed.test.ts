import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { played, Stage } from '../e2e/stage.ts';
import { type RunningRedis, startRedis } from '../servers/index.ts';

let redis: RunningRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

const TRAFFIC = [{ action: 'updateItem', qps: 200, duration: '6s', seed: 1, samples: 1, data: { f: 'x' } }];
/** How long somebody stands still, ms, and what nobody who is only busy is late, µs. */
const STOPPED = 2_000;
const LATE = 1_900_000;

test.each(['worker', 'publisher'] as const)(
  'seconds that a %s’s standing still has disturbed are marked, and clean latencies are without them',
  async (who) => {
    await Stage.play(redis, {}, async (stage) => {
      const [worker] = await stage.workers(1, ['--db', 'redis', '--endpoint', redis.url]);
      const publisher = await stage.publisher(TRAFFIC);
      await stage.running();
      const stopped = who === 'worker' ? worker : publisher;
      stopped?.signal('SIGSTOP');
      // The time that passes is what is tested here.
      await sleep(STOPPED);
      stopped?.signal('SIGCONT');
      const { summary } = await played(publisher);
      const [task] = summary.tasks;
      expect(summary).toMatchObject({ balanced: true, shown: 'all', ledger: { planned: 1_200, ok: 1_200 } });
      expect(summary.disturbed.stall).toBeGreaterThan(0);
      expect(summary.disturbed.seconds).toBeLessThanOrEqual(summary.disturbed.of);
      expect(task?.lateness.maxUs).toBeGreaterThan(LATE);
      expect(task?.clean.lateness.maxUs).toBeLessThan(LATE);
      expect(task?.clean.response.maxUs).toBeLessThan(LATE);
      expect(task?.clean.response.count).toBeLessThan(task?.response.count ?? 0);
    });
  },
);
