import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningRedis, startRedis } from '../servers/index.ts';
import { endsWell, PublisherStage, TRAFFIC, undisturbed } from './publisher-stage.ts';

describe('publishers that want the same run', () => {
  let redis: RunningRedis;
  let digests: readonly (string | undefined)[] = [];
  beforeAll(async () => {
    redis = await startRedis();
    digests = await undisturbed(redis);
  });
  afterAll(() => redis.stop());

  test('two stand by: one takes over, the other one sees the run end', async () => {
    await PublisherStage.play(redis, async (fleet) => {
      await fleet.stage.workers(1);
      const others = await Promise.all([fleet.standby(), fleet.standby()]);
      const first = await fleet.stage.publisher(TRAFFIC);
      await fleet.published(100);
      await Promise.all(others.map((one) => one.prints(/standing by for run/)));
      first.signal('SIGKILL');
      const winner = await Promise.any(others.map((one) => one.prints(/resumed at beat/).then(() => one)));
      await endsWell(winner, digests);
      for (const loser of others.filter((one) => one !== winner)) {
        const { code, out, err } = await loser.finishes();
        expect([code, out, err]).toEqual([
          0,
          '',
          expect.stringMatching(/run \w+ has ended \(done\): there is nothing to take over/),
        ]);
      }
    });
  });

  test('one that was stopped and wakes up later finds itself shut out, and touches nothing', async () => {
    await PublisherStage.play(redis, async (fleet) => {
      await fleet.stage.workers(1);
      const standby = await fleet.standby();
      const zombie = await fleet.stage.publisher(TRAFFIC);
      await fleet.published(300);
      await fleet.stage.tell('pause');
      zombie.signal('SIGSTOP');
      await standby.prints(/resumed at beat/);
      const heard: string[] = [];
      const unsubscribe = await fleet.stage.bus.onNotify((message) => void heard.push(message));
      const holder = await fleet.stage.bus.lockHolder();
      zombie.signal('SIGCONT');
      const { code, out, err } = await zombie.finishes();
      expect([code, out, err]).toEqual([
        4,
        expect.stringContaining('DRUM_PUBLISHER_FENCED'),
        expect.stringContaining('DRUM_PUBLISHER_FENCED'),
      ]);
      expect([heard, JSON.parse(holder ?? '{}')]).toEqual([[], expect.objectContaining({ pid: standby.pid })]);
      expect(JSON.parse((await fleet.stage.bus.lockHolder()) ?? '{}')).toMatchObject({ pid: standby.pid });
      await unsubscribe();
      await fleet.stage.tell('resume');
      await endsWell(standby, digests);
    });
  });
});
