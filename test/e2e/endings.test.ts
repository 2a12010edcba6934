import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually, type RunningRedis, startRedis } from '../servers/index.ts';
import { type Played, played, Stage } from './stage.ts';

let redis: RunningRedis;
let target: readonly string[];
beforeAll(async () => {
  redis = await startRedis();
  target = ['--db', 'redis', '--endpoint', `redis://127.0.0.1:${redis.port}/1`];
});
afterAll(() => redis.stop());

const QPS = 400;
const put = (more: object): object => ({
  action: 'putItem',
  seed: 1,
  qps: QPS,
  data: { a_: { r: 5, len: 8 } },
  ...more,
});
const all = (count: number): object => ({
  planned: count,
  published: count,
  ok: count,
  failed: 0,
  dropped: 0,
  duplicate: 0,
});
const settled = async (stage: Stage, run: string, count: number): Promise<unknown> =>
  eventually(`${count} ops have ended`, async () => (await stage.settled(run)) >= count);

function expectBalanced({ summary: { ledger, balanced, notes } }: Played): void {
  expect([balanced, notes, ledger.published]).toEqual([true, expect.any(Array), ledger.planned]);
  expect(ledger.ok + ledger.failed + ledger.dropped).toBe(ledger.planned);
}

describe('a worker', () => {
  test('that joins late takes part, from the first config on', async () => {
    await Stage.play(redis, { worker: target, config: { batch_ops: 4 } }, async (stage) => {
      await redis.cli('DEL', `${stage.prefix}_cfg`);
      const first = stage.worker();
      await first.prints(/waiting for a config/);
      const publisher = await stage.publisher([put({ duration: '1h' })]);
      const run = await stage.running();
      await settled(stage, run, 50);
      await stage.workers(1);
      const joined = await stage.published(run);
      await settled(stage, run, joined + 400);
      await stage.tell('drain');
      const ended = await played(publisher);
      expectBalanced(ended);
      expect([ended.code, ended.summary.ledger.duplicate]).toEqual([0, 0]);
      expect(ended.summary.workers.map(({ worker, sent }) => [worker, sent > 20])).toEqual([
        ['w1', true],
        ['w2', true],
      ]);
    });
  });

  test('that joins while the run is paused stands still until it goes on', async () => {
    await Stage.play(redis, { worker: target }, async (stage) => {
      const publisher = await stage.publisher([put({ times: 400 })], ['--workers', '0']);
      const run = await stage.running();
      await stage.tell('pause');
      const waiting = await stage.published(run);
      const worker = stage.worker();
      await worker.prints(/worker is ready/);
      const status = JSON.parse(
        (await stage.start('status', ['--json', '--listen', '1500ms']).finishes()).out,
      ) as object;
      expect(status).toMatchObject({ workers: [{ worker: 'w1', paused: true, inFlight: 0 }] });
      expect([await stage.published(run), await stage.settled(run), waiting < 400]).toEqual([waiting, 0, true]);
      await stage.tell('resume');
      const { code, summary } = await played(publisher);
      expect([code, summary.ledger]).toEqual([0, all(400)]);
    });
  });

  test('drains on SIGTERM: it ends well, and the others do the rest, nothing twice', async () => {
    await Stage.play(redis, { worker: [...target, '--digest'] }, async (stage) => {
      const [leaving, staying] = await stage.workers(2);
      const publisher = await stage.publisher([put({ times: 1_200 })]);
      await settled(stage, await stage.running(), 200);
      leaving?.signal('SIGTERM');
      const { code } = (await leaving?.finishes()) ?? {};
      const ended = await played(publisher);
      expect([code, ended.code, ended.summary.ledger]).toEqual([0, 0, all(1_200)]);
      expect(staying?.isThere).toBe(true);
      const again = await stage.publish([put({ times: 1_200, qps: 1_200 })]);
      expect(ended.summary.tasks[0]?.digest).toBe(again.summary.tasks[0]?.digest);
      expect((await stage.bus.workers()).map(({ worker }) => worker)).toEqual(['w2']);
    });
  });

  test('gives back what it has not begun when it is told twice', async () => {
    await Stage.play(redis, { worker: target }, async (stage) => {
      const [leaving] = await stage.workers(1);
      const publisher = await stage.publisher([put({ times: 800 })], ['--lead', '20s']);
      await eventually('all is claimed', async () => {
        const queues = await stage.bus.queues(4);
        return (await stage.published(await stage.running())) === 800 && queues.every(({ length }) => length < 200);
      });
      leaving?.signal('SIGTERM');
      await leaving?.prints(/finishing what is claimed/);
      leaving?.signal('SIGTERM');
      expect((await leaving?.finishes())?.code).toBe(0);
      const waiting = (await stage.bus.queues(4)).reduce((sum, { length }) => sum + length, 0);
      expect(waiting).toBeGreaterThan(0);
      expect(await stage.settled(await stage.running())).toBeLessThan(800);
      publisher.signal('SIGINT');
      await publisher.prints(/draining/);
      publisher.signal('SIGINT');
      const ended = await played(publisher);
      expectBalanced(ended);
      expect([ended.code, ended.summary.ledger.dropped > 0]).toEqual([130, true]);
    });
  });

  test('that is killed loses nothing: the others do its work, and what ran twice is counted', async () => {
    await Stage.play(redis, { worker: target }, async (stage) => {
      const [killed] = await stage.workers(2);
      // Far ahead of its time: the worker holds much when it dies.
      const publisher = await stage.publisher([put({ times: 1_000 })], ['--lead', '1500ms']);
      await settled(stage, await stage.running(), 100);
      await killed?.kill();
      const ended = await played(publisher);
      expectBalanced(ended);
      expect([ended.code, ended.summary.ledger]).toEqual([
        0,
        { ...all(1_000), duplicate: ended.summary.ledger.duplicate },
      ]);
      expect((await stage.bus.workers()).map(({ worker }) => worker)).toEqual(['w2']);
    });
  });

  test('replaces an engine that dies, and the new one does what the old one had claimed', async () => {
    await Stage.play(redis, { worker: target }, async (stage) => {
      // Ends one OS thread from outside, as a fault in it would.
      const plugin = await stage.file(
        'fault.mjs',
        `import { Worker } from 'node:worker_threads';
         const threads = new Set();
         const post = Worker.prototype.postMessage;
         Worker.prototype.postMessage = function (...args) {
           threads.add(this);
           return post.apply(this, args);
         };
         const run = async () => {
           const [thread] = threads;
           threads.delete(thread);
           await thread.terminate();
           return 'ended one';
         };
         export default { commands: { fault: { description: 'ends an OS thread', run } } };`,
      );
      const worker = stage.worker(['--plugin', plugin, '--engines', '2']);
      await worker.prints(/worker is ready/);
      const publisher = await stage.publisher([put({ times: 1_000 })], ['--lead', '1s']);
      await settled(stage, await stage.running(), 100);
      expect(await stage.tell('fault')).toMatchObject([{ ok: true, message: 'ended one' }]);
      await worker.prints(/an engine crashed; starting another in its place/);
      const ended = await played(publisher);
      expectBalanced(ended);
      expect([ended.code, ended.summary.ledger]).toEqual([
        0,
        { ...all(1_000), duplicate: ended.summary.ledger.duplicate },
      ]);
      worker.signal('SIGTERM');
      expect((await worker.finishes()).code).toBe(0);
    });
  });
});

describe('Ctrl-C', () => {
  test('once: the publisher finishes what is published', async () => {
    await Stage.play(redis, { worker: target }, async (stage) => {
      await stage.workers(1);
      const publisher = await stage.publisher([put({ duration: '1h' })], ['--lead', '1s']);
      await settled(stage, await stage.running(), 50);
      publisher.signal('SIGINT');
      const ended = await played(publisher);
      expectBalanced(ended);
      const { planned, dropped } = ended.summary.ledger;
      expect([ended.code, ended.summary.state, dropped, planned > 300]).toEqual([130, 'interrupted', 0, true]);
      expect(ended.err).toMatch(/draining/);
    });
  });

  test('twice: the publisher drops what is not sent, and counts it', async () => {
    await Stage.play(redis, { worker: target }, async (stage) => {
      const [worker] = await stage.workers(1);
      const publisher = await stage.publisher([put({ duration: '1h' })], ['--lead', '2s']);
      await settled(stage, await stage.running(), 50);
      publisher.signal('SIGINT');
      await publisher.prints(/draining/);
      publisher.signal('SIGINT');
      const ended = await played(publisher);
      expectBalanced(ended);
      expect([ended.code, ended.summary.ledger.dropped > 300, ended.summary.ledger.failed]).toEqual([130, true, 0]);
      expect(worker?.isThere).toBe(true);
      expect(await stage.bus.lockHolder()).toBeUndefined();
    });
  });

  test('ends a worker that waits for a config, and a publisher that waits for workers', async () => {
    await Stage.play(redis, { worker: target }, async (stage) => {
      await redis.cli('DEL', `${stage.prefix}_cfg`);
      const worker = stage.worker();
      await worker.prints(/waiting for a config/);
      worker.signal('SIGINT');
      const ended = await worker.finishes();
      expect([ended.signal, ended.code]).toEqual([null, 130]);

      const publisher = await stage.publisher([put({ times: 10 })]);
      await publisher.prints(/waiting for workers/);
      publisher.signal('SIGINT');
      const interrupted = await publisher.finishes();
      expect([interrupted.signal, interrupted.code]).toEqual([null, 130]);
      expect(await stage.bus.lockHolder()).toBeUndefined();
    });
  });
});
