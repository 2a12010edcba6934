import { describe, expect, test } from 'vitest';
import { played } from '../e2e/stage.ts';
import { eventually, type RunningRedis, startRedis } from '../servers/index.ts';
import { WorkerStage } from './worker-stage.ts';

const fill = (redis: RunningRedis): Promise<unknown> => redis.cli('CONFIG', 'SET', 'maxmemory', '1');

describe('a Redis that is out of memory', () => {
  test('is waited for: workers empty the queues, publishing pauses and goes on when there is room', async () => {
    await using redis = await startRedis();
    await WorkerStage.play(redis, async (fleet) => {
      await fleet.stage.workers(1);
      const publisher = await fleet.publish(undefined, ['--stats']);
      await eventually('the run is under way', () => fleet.arrived.length > 200);
      await fill(redis);
      await publisher.prints(/Redis is out of memory \(maxmemory\): publishing waits/);
      const run = await fleet.stage.running();
      await publisher.prints(/\[STATS\] .* PAUSED \(Redis is out of memory\)/);
      await eventually('all that is out has its outcome', async () => {
        const [published, settled] = [await fleet.stage.published(run), await fleet.stage.settled(run)];
        return published === settled;
      });
      // A worker that joins now gets in: it may be the one that makes room.
      await fleet.stage.workers(1);
      await redis.cli('CONFIG', 'SET', 'maxmemory', '0');
      const before = fleet.arrived.length;
      await eventually('publishing goes on', () => fleet.arrived.length > before + 100);
      await fleet.stage.tell('drain');
      expect(await fleet.expectAccounted(publisher)).toBe(0);
    });
  });

  test('ends the run when it stays so for longer than --outage', async () => {
    await using redis = await startRedis();
    await WorkerStage.play(redis, async (fleet) => {
      await fleet.stage.workers(1);
      const publisher = await fleet.publish(undefined, ['--outage', '2s']);
      await eventually('the run is under way', () => fleet.arrived.length > 100);
      await fill(redis);
      const ended = await played(publisher);
      expect([ended.code, ended.summary.state]).toEqual([4, 'failed']);
      expect(ended.summary.notes.join()).toContain('DRUM_BUS_FULL: Redis is out of memory');
    });
  });
});
