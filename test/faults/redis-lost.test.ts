import { describe, expect, test } from 'vitest';
import { played } from '../e2e/stage.ts';
import { eventually, type MortalRedis, startMortalRedis } from '../servers/index.ts';
import { WorkerStage } from './worker-stage.ts';

interface Seen {
  readonly code: number | null;
  readonly notes: string;
  /** How the worker's next run went. */
  readonly next: { readonly code: number | null; readonly ok: number };
}

/** How a run of an hour ends on a Redis that loses something meanwhile, and what the worker is good for afterwards. */
async function seen(lose: (redis: MortalRedis, fleet: WorkerStage) => Promise<unknown>): Promise<Seen | undefined> {
  await using redis = await startMortalRedis();
  let result: Seen | undefined;
  await WorkerStage.play(redis, async (fleet) => {
    await fleet.stage.workers(1);
    const publisher = await fleet.publish(undefined);
    await eventually('the run is under way', () => fleet.arrived.length > 100);
    await lose(redis, fleet);
    const { code, summary } = await played(publisher);
    const next = await played(await fleet.publish(100));
    result = { code, notes: summary.notes.join(), next: { code: next.code, ok: next.summary.ledger.ok } };
  });
  return result;
}

/** Exit 5 and a sentence with figures; the worker is none the worse for it. */
const NOTICED = {
  code: 5,
  notes: expect.stringMatching(/DRUM_BUS_LOST: Redis has lost data of .*: .*\d/),
  next: { code: 0, ok: 100 },
};

describe('a Redis that loses data in a run', () => {
  test('killed and started again with nothing', async () => {
    const found = await seen(async (redis) => {
      await redis.kill();
      await redis.revive();
    });
    expect(found).toEqual(NOTICED);
  });

  test('killed and started again with a snapshot of some time ago', async () => {
    const found = await seen(async (redis, fleet) => {
      await redis.cli('SAVE');
      const arrived = fleet.arrived.length;
      await eventually('the run goes on', () => fleet.arrived.length > arrived + 200);
      await redis.kill();
      await redis.revive();
    });
    expect(found).toEqual(NOTICED);
  });

  test('flushed', async () => {
    expect(await seen((redis) => redis.cli('FLUSHALL'))).toEqual(NOTICED);
  });
});
