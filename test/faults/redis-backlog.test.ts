import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Played, played, Stage } from '../e2e/stage.ts';
import { type ArrivalLog, type RunningRedis, startArrivalLog, startRedis } from '../servers/index.ts';

const OPS = 700;
const TRAFFIC = [{ action: 'updateItem', seed: 1, qps: 500, times: OPS, data: { a_: { r: 3, len: 8 } } }];

describe('workers that cannot keep up', () => {
  let redis: RunningRedis;
  let target: ArrivalLog;
  beforeAll(async () => {
    redis = await startRedis();
    target = await startArrivalLog({ delay: 400 });
  });
  afterAll(() => Promise.all([target[Symbol.asyncDispose](), redis.stop()]));

  /** With four threads that have eight ops under way, 400 ms each, some 80 of 500 ops/s. */
  const stage = (act: (stage: Stage) => Promise<void>): Promise<void> => {
    const worker = ['--db', 'redis', '--endpoint', `127.0.0.1:${target.port}`];
    return Stage.play(redis, { worker, config: { max_in_flight: 8, batch_ops: 5 } }, act);
  };
  const guarded = (policy: string): string[] => ['--backlog', policy, '--backlog-bound', '300ms', '--stats'];

  const outcome = ({ code, summary: { ledger, balanced } }: Played): object => ({ code, balanced, ...ledger });
  const DONE = { code: 0, balanced: true, planned: OPS, published: OPS, ok: OPS };

  test('pause: publishing waits for them, says so, and nothing is dropped', async () => {
    await stage(async (it) => {
      await it.workers(1);
      const publisher = await it.publisher(TRAFFIC, guarded('pause'));
      await publisher.prints(/\[STATS\] updateItem .* \| PAUSED \(workers are \d+\.\d s behind\)/);
      expect(outcome(await played(publisher))).toMatchObject(DONE);
      expect(publisher.err).toMatch(/the queues are \d+\.\d s behind: waiting for workers/);
    });
  });

  test('warn: publishing goes on, and says how far behind they are', async () => {
    await stage(async (it) => {
      await it.workers(1);
      const publisher = await it.publisher(TRAFFIC, guarded('warn'));
      await publisher.prints(/\[STATS\] updateItem .* \| BEHIND by \d+\.\d s/);
      expect(outcome(await played(publisher))).toMatchObject(DONE);
    });
  });

  test('abort: the run ends with exit 5, and what is not sent is dropped and counted', async () => {
    await stage(async (it) => {
      await it.workers(1);
      const { code, summary } = await it.publish(TRAFFIC, guarded('abort'));
      const { planned, ok, failed, dropped } = summary.ledger;
      expect([code, summary.notes.join()]).toEqual([5, expect.stringContaining('DRUM_BACKLOG')]);
      expect([dropped > 0, ok + failed + dropped]).toEqual([true, planned]);
    });
  });

  test('and of whom the last one dies: the publisher waits, and a new one takes up the work', async () => {
    await stage(async (it) => {
      const [worker] = await it.workers(1);
      const publisher = await it.publisher(TRAFFIC, guarded('pause'));
      await it.running();
      await worker?.kill();
      await publisher.prints(/waiting for workers/);
      await it.workers(1);
      expect(outcome(await played(publisher))).toMatchObject(DONE);
    });
  });
});
