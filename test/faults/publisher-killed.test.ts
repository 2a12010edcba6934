import { decodeRun } from '@drumline/core/run';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { played } from '../e2e/stage.ts';
import { eventually, type RunningRedis, startRedis } from '../servers/index.ts';
import { endsWell, PublisherStage, TOTAL, TRAFFIC, undisturbed } from './publisher-stage.ts';

describe('a publisher that is killed', () => {
  let redis: RunningRedis;
  let digests: readonly (string | undefined)[] = [];
  beforeAll(async () => {
    redis = await startRedis();
    digests = await undisturbed(redis);
  });
  afterAll(() => redis.stop());

  test('in the middle of its work: one that stands by goes on at the exact op', async () => {
    await PublisherStage.play(redis, async (fleet) => {
      await fleet.stage.workers(1);
      const standby = await fleet.standby();
      const first = await fleet.stage.publisher(TRAFFIC);
      await fleet.checkpoint(await fleet.published(500));
      first.signal('SIGKILL');
      const { summary } = await endsWell(standby, digests);
      expect(summary.notes).toContainEqual(
        expect.stringMatching(/^resumed at beat \d+, \d+ beats \(\d+\.\d s\) late$/),
      );
      // The schedule is the whole run's, not only the part that this publisher played.
      expect(Math.round(summary.tasks[0]?.rate.planned ?? 0)).toBe(200);
    });
  });

  test('while it is paused, with another rate: the run stays paused until somebody lets it go on', async () => {
    await PublisherStage.play(redis, async (fleet) => {
      await fleet.stage.workers(1);
      const first = await fleet.stage.publisher(TRAFFIC);
      const run = await fleet.published(100);
      await fleet.stage.tell('rate', { rate: '2x' });
      await fleet.stage.tell('rate', { rate: '75%' });
      await fleet.stage.tell('pause');
      const standby = await fleet.standby();
      first.signal('SIGKILL');
      await standby.prints(/resumed at beat \d+, no beat was missed/);
      const before = await fleet.stage.published(run);
      expect(decodeRun((await fleet.stage.bus.readRun(run)) ?? {})).toMatchObject({ state: 'paused' });
      expect((await fleet.stage.tell('resume')).every(({ ok }) => ok)).toBe(true);
      expect(before).toBeLessThan(TOTAL);
      await endsWell(standby, digests);
      const { rates, pauses } = decodeRun((await fleet.stage.bus.readRun(run)) ?? {});
      expect(rates.map(({ factor }) => factor)).toEqual(['2', '0.75']);
      expect(pauses).toEqual([{ from: expect.any(Number), to: expect.any(Number) }]);
    });
  });

  test('at a barrier, with nobody standing by: --resume goes on by hand', async () => {
    await PublisherStage.play(redis, async (fleet) => {
      // Nobody executes anything, so the second task cannot begin.
      const first = await fleet.stage.publisher(TRAFFIC, ['--workers', '0', '--backlog-bound', '1h']);
      const run = await fleet.published(1_200);
      first.signal('SIGKILL');
      const second = fleet.successor(['--resume']);
      await second.prints(/resumed at beat/);
      expect(await fleet.stage.published(run)).toBe(1_200);
      fleet.stage.worker();
      const { summary } = await endsWell(second, digests);
      expect(summary.run).toBe(run);

      const again = await fleet.successor(['--resume']).finishes();
      expect([again.code, again.err]).toEqual([2, expect.stringContaining('DRUM_RESUME_ENDED')]);
      const unknown = await fleet.successor(['--resume', 'nobody']).finishes();
      expect([unknown.code, unknown.err]).toEqual([2, expect.stringContaining('DRUM_RESUME_UNKNOWN')]);
      const scaled = await fleet.successor(['--resume', run, '--scale', '2', '--wait-workers', '1s']).finishes();
      expect([scaled.code, scaled.err]).toEqual([
        2,
        expect.stringContaining('--scale, --wait-workers cannot be given with --resume'),
      ]);
    });
  });

  test('--gap drop counts what nobody published meanwhile as dropped', async () => {
    await PublisherStage.play(redis, async (fleet) => {
      await fleet.stage.workers(1);
      const first = await fleet.stage.publisher([{ ...TRAFFIC[0], qps: 150 }]);
      await fleet.published(100);
      first.signal('SIGKILL');
      const second = fleet.successor(['--resume', '--gap', 'drop', '--stats']);
      await second.prints(/"balanced"/);
      const { code, summary, err } = await played(second);
      const { planned, published, ok, dropped } = summary.ledger;
      expect([code, planned, ok, published + dropped]).toEqual([0, 1_200, published, 1_200]);
      expect(dropped).toBeGreaterThan(300);
      expect(summary.notes).toContainEqual(expect.stringMatching(/beats \(\d+\.\d s\) dropped$/));
      expect(err).toMatch(/resumed at beat/);
    });
  });

  test('and whose queue has forgotten the run meanwhile cannot be followed', async () => {
    await PublisherStage.play(redis, async (fleet) => {
      await fleet.stage.workers(1);
      const first = await fleet.stage.publisher(TRAFFIC);
      const run = await fleet.published(200);
      await fleet.checkpoint(run);
      first.signal('SIGKILL');
      await eventually('all published ops to be settled', async () => {
        return (await fleet.stage.settled(run)) === (await fleet.stage.published(run));
      });
      await fleet.forget(run, 1);
      const { code, err } = await fleet.successor(['--resume', run]).finishes();
      expect([code, err]).toEqual([5, expect.stringContaining('DRUM_BUS_LOST')]);
      // Nobody ends this run any more.
      await fleet.stage.bus.expireRun(run, 4, 60_000 as never);
    });
  });
});
