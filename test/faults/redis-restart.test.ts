import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { appendOnly, eventually, type MortalRedis, startMortalRedis } from '../servers/index.ts';
import { WorkerStage } from './worker-stage.ts';

/** How many ops may have run twice in a run that was disturbed once it was well under way. @throws when anything was lost. */
async function duplicatesAfter(
  args: readonly string[],
  disturb: (redis: MortalRedis, fleet: WorkerStage) => Promise<void>,
): Promise<number> {
  await using redis = await startMortalRedis({ args });
  let duplicates = Number.NaN;
  await WorkerStage.play(redis, async (fleet) => {
    await fleet.stage.workers(2);
    const publisher = await fleet.publish(undefined);
    await eventually('the run is under way', () => fleet.arrived.length > 300);
    await disturb(redis, fleet);
    await fleet.stage.tell('drain');
    duplicates = await fleet.expectAccounted(publisher);
  });
  return duplicates;
}

/** While the server is dead the workers go on with what they hold: the publisher is 1.5 s ahead. */
async function goesOnWithout(redis: MortalRedis, fleet: WorkerStage): Promise<void> {
  const arrived = fleet.arrived.length;
  await eventually('workers execute what they hold', () => fleet.arrived.length > arrived + 100);
  await redis.revive();
}

const underWay = (fleet: WorkerStage): Promise<unknown> => {
  const arrived = fleet.arrived.length;
  return eventually('the run goes on', () => fleet.arrived.length > arrived + 100);
};

describe('nothing is lost and nothing runs twice on a Redis that keeps its data', () => {
  test('killed and started again, with a file that is synced every second; then hung for 3 s', async () => {
    const duplicates = await duplicatesAfter(appendOnly('everysec'), async (redis, fleet) => {
      await redis.kill();
      await goesOnWithout(redis, fleet);
      await underWay(fleet);
      redis.hang();
      // The time is the fault itself.
      await sleep(3_000);
      redis.goOn();
    });
    expect(duplicates).toBe(0);
  });

  test('killed, shut down and paused for 3 s, with a file that is synced at each write', async () => {
    const duplicates = await duplicatesAfter(appendOnly('always'), async (redis, fleet) => {
      await redis.kill();
      await goesOnWithout(redis, fleet);
      await underWay(fleet);
      await redis.shutDown();
      await redis.revive();
      await underWay(fleet);
      await redis.cli('CLIENT', 'PAUSE', '3000', 'ALL');
    });
    expect(duplicates).toBe(0);
  });
});
