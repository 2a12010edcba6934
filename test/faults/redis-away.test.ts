import { describe, expect, test } from 'vitest';
import { played } from '../e2e/stage.ts';
import { eventually, type MortalRedis, type RunningDrumline, startMortalRedis } from '../servers/index.ts';
import { WorkerStage } from './worker-stage.ts';

/** A run whose Redis goes away for good. Afterwards it is there again, for the stage to be cleared. */
async function leftAlone(
  args: readonly string[],
  go: (redis: MortalRedis, publisher: RunningDrumline, worker: RunningDrumline) => Promise<void>,
): Promise<void> {
  await using redis = await startMortalRedis();
  await WorkerStage.play(redis, async (fleet) => {
    const [worker] = await fleet.stage.workers(1, args);
    const publisher = await fleet.publish(undefined, args);
    await eventually('the run is under way', () => fleet.arrived.length > 100);
    if (worker !== undefined) await go(redis, publisher, worker);
    await redis.revive();
  });
}

describe('a Redis that stays away', () => {
  test('for longer than --outage: publisher and worker end with exit 4 and say why', async () => {
    await leftAlone(['--outage', '2s'], async (redis, publisher, worker) => {
      await redis.kill();
      const [run, left] = await Promise.all([played(publisher), worker.finishes()]);
      expect([run.code, run.summary.state]).toEqual([4, 'failed']);
      expect(run.summary.notes.join()).toMatch(/DRUM_BUS_UNREACHABLE: .* did not serve for 2 s/);
      expect(left.code).toBe(4);
      expect(left.err).toMatch(/DRUM_BUS_UNREACHABLE: .* did not serve for 2 s/);
    });
  });

  test('one Ctrl-C, or one SIGTERM, ends either without waiting for it', async () => {
    await leftAlone(['--outage', '10m'], async (redis, publisher, worker) => {
      await redis.kill();
      publisher.signal('SIGINT');
      worker.signal('SIGTERM');
      const [run, left] = await Promise.all([played(publisher), worker.finishes()]);
      expect(run.code).toBe(4);
      expect(run.summary.notes.join()).toContain('DRUM_BUS_UNREACHABLE');
      expect([left.code, left.err]).toEqual([4, expect.stringContaining('DRUM_BUS_UNREACHABLE')]);
    });
  });
});
