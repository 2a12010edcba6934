import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningRedis, startRedis } from '../servers/index.ts';
import { WorkerStage } from './worker-stage.ts';

let redis: RunningRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

/** Ends an OS thread from outside, or the whole process by filling its memory, as a fault in it would. */
const FAULTS = `
import { Worker } from 'node:worker_threads';
const threads = new Set();
const post = Worker.prototype.postMessage;
Worker.prototype.postMessage = function (...args) {
  threads.add(this);
  return post.apply(this, args);
};
const crash = async () => {
  const [thread] = threads;
  threads.delete(thread);
  await thread.terminate();
  return 'ended one';
};
const hoard = () => {
  const hoarded = [];
  setImmediate(() => {
    for (;;) hoarded.push(new Array(4_000_000).fill(hoarded));
  });
  return 'filling the memory';
};
export default { commands: {
  crash: { description: 'ends an OS thread', run: crash },
  hoard: { description: 'fills the memory', run: hoard },
} };`;

describe('what a worker holds that is killed is executed by others, and counted,', () => {
  test('by SIGKILL', async () => {
    await WorkerStage.play(redis, async (fleet) => {
      const [killed] = await fleet.stage.workers(2);
      const publisher = await fleet.publish(1_500);
      await fleet.held('w1', 5);
      await killed?.kill();
      expect(await fleet.expectAccounted(publisher)).toBeGreaterThan(0);
      expect((await fleet.stage.bus.workers()).map(({ worker }) => worker)).toEqual(['w2']);
    });
  });

  test('by running out of memory', async () => {
    await WorkerStage.play(redis, async (fleet) => {
      const plugin = await fleet.stage.file('faults.mjs', FAULTS);
      const hoarding = fleet.stage.worker(['--plugin', plugin], { env: { NODE_OPTIONS: '--max-old-space-size=80' } });
      await hoarding.prints(/worker is ready/);
      await fleet.stage.workers(1);
      const publisher = await fleet.publish(undefined);
      const run = await fleet.stage.running();
      await fleet.held('w1', 5);
      void fleet.stage.notify(['hoard', '--target', 'w1']).catch(() => undefined);
      const ended = await hoarding.finishes();
      expect([ended.signal ?? ended.code, ended.err]).toEqual([
        expect.stringMatching(/SIGABRT|SIGTRAP/),
        expect.stringMatching(/heap out of memory/),
      ]);
      await fleet.reclaimed(run);
      await fleet.stage.tell('drain');
      expect(await fleet.expectAccounted(publisher)).toBeGreaterThan(0);
    });
  });

  test('by the crash of one of its OS threads: the worker itself gives it back at once', async () => {
    await WorkerStage.play(redis, async (fleet) => {
      const plugin = await fleet.stage.file('faults.mjs', FAULTS);
      const worker = fleet.stage.worker(['--plugin', plugin, '--engines', '2']);
      await worker.prints(/worker is ready/);
      const publisher = await fleet.publish(1_500);
      await fleet.held('w1', 20);
      expect(await fleet.stage.tell('crash')).toMatchObject([{ ok: true, message: 'ended one' }]);
      await worker.prints(/gave back what the engine that crashed had claimed/);
      await worker.prints(/an engine crashed; starting another in its place/);
      expect(await fleet.expectAccounted(publisher)).toBeGreaterThan(0);
    });
  });
});

describe('the last worker that is killed', () => {
  test('leaves its work to the first that comes; the publisher goes on meanwhile', async () => {
    await WorkerStage.play(redis, async (fleet) => {
      const workers = await fleet.stage.workers(2);
      const publisher = await fleet.publish(2_500);
      const run = await fleet.stage.running();
      await Promise.all([fleet.held('w1', 3), fleet.held('w2', 3)]);
      await Promise.all(workers.map((worker) => worker.kill()));
      const published = await fleet.stage.published(run);
      // Nobody but the publisher is there to look.
      await fleet.reclaimed(run);
      expect(await fleet.stage.published(run)).toBeGreaterThan(published);
      await fleet.stage.workers(1);
      expect(await fleet.expectAccounted(publisher)).toBeGreaterThan(0);
    });
  });

  test('under the id of a new one: that one gives back what it held', async () => {
    await WorkerStage.play(redis, async (fleet) => {
      const [killed] = await fleet.stage.workers(1);
      const publisher = await fleet.publish(1_000);
      await fleet.held('w1', 5);
      await killed?.kill();
      const successor = fleet.stage.worker(['--id', 'w1']);
      await successor.prints(/worker is ready/);
      expect(await fleet.expectAccounted(publisher)).toBeGreaterThan(0);
    });
  });
});
