import type { Summary } from '@drumline/report';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { drumline, type RunningRedis, startRedis } from '../servers/index.ts';
import { Stage } from './stage.ts';

const data = {
  a_: { r: 16, len: 8 },
  b_: { r: 5, len: 3 },
  fixed: 7,
  text: 'this is text',
  list: { value: [1, null, { x: true }] },
};
const seeds = [15.38, 48.58, 7.36];
const traffic = [
  [
    { action: 'updateItem', seed: 1, qps: 1_500, times: 600, samples: 16, data },
    { action: 'putItem', seed: 'x', seeds, qps: 1_500, times: 600, data, arrivals: 'poisson' },
    { action: 'batchPutItem', seed: 7, seeds, qps: 200, times: 80, samples: 4, data },
  ],
  [
    { action: 'query', seed: 3, seeds, qps: 700, duration: '300ms', repeat: 2 },
    { action: 'batchGetSubItem', seed: 1, qps: 200, times: 80, samples: 7, data },
    { action: 'getSubItem', seed: 1, qps: 600, times: 300, offset: 1_000_000, samples: 3 },
  ],
];
const sample_data = [{ one: 1 }, { two: 2, three: 3 }, { four_: 4 }];

describe('the operations of a plan', () => {
  let redis: RunningRedis;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());

  test('are the same ones for 1, 3 and 7 workers, and in one process', async () => {
    const target = ['--db', 'redis', '--endpoint', `redis://127.0.0.1:${redis.port}/1`];
    await Stage.play(
      redis,
      {
        config: { threads: 5, batch_ops: 6, sample_data },
        worker: [...target, '--digest'],
      },
      async (stage) => {
        const fleets: Summary[] = [];
        for (const more of [1, 2, 4]) {
          await stage.workers(more);
          fleets.push((await stage.publish(traffic)).summary);
        }
        const file = await stage.file('traffic.json', traffic);
        const files = ['--config', stage.config, '--traffic', file];
        const alone = await drumline(['run', ...files, ...target, '--digest', '--json']);
        fleets.push(JSON.parse(alone.out) as Summary);

        expect(fleets.map(({ workers }) => workers.length)).toEqual([1, 3, 7, 1]);
        expect(fleets[2]?.workers.filter(({ sent }) => sent > 0).length).toBeGreaterThan(3);
        for (const { ledger, balanced } of fleets) {
          expect([ledger.ok, ledger.duplicate, balanced]).toEqual([600 + 600 + 80 + 420 + 80 + 300, 0, true]);
        }
        const digests = fleets.map(({ tasks }) => tasks.map(({ digest }) => digest));
        expect(digests[0]).toEqual(Array.from({ length: 6 }, () => expect.stringMatching(/^(?!0{16})[0-9a-f]{16}$/)));
        expect(new Set(digests[0]).size).toBe(6);
        for (const digest of digests.slice(1)) expect(digest).toEqual(digests[0]);
      },
    );
  });

  test('are others for another seed', async () => {
    await Stage.play(redis, { config: { sample_data } }, async (stage) => {
      const digestOf = async (seed: number): Promise<string | undefined> => {
        const plan = [{ action: 'updateItem', seed, qps: 1_000, times: 100, data }];
        const file = await stage.file('traffic.json', plan);
        const target = ['--db', 'redis', '--endpoint', `redis://127.0.0.1:${redis.port}/1`];
        const files = ['--config', stage.config, '--traffic', file];
        const { out } = await drumline(['run', ...files, ...target, '--digest', '--json']);
        return (JSON.parse(out) as Summary).tasks[0]?.digest;
      };
      const [one, other] = [await digestOf(1), await digestOf(2)];
      expect([one?.length, other === one]).toEqual([16, false]);
    });
  });
});
