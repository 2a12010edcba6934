import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DynaliteServer, drumline, type RunningRedis, startDynalite, startRedis } from '../servers/index.ts';
import { Stage } from './stage.ts';

/** Keys that each writer writes: whole batches of ten. */
const KEYS = 60;
const QPS = 600;
const ITEMS = 10;

/** Only a drawn column: a reader that drew another suffix would find nothing. */
const DATA = { column_: { r: 16, len: 24 } };

const WRITERS = ['putItem', 'updateItem', 'batchPutItem'] as const;
const READERS = ['getItem', 'getSubItem', 'query', 'batchGetItem', 'batchGetSubItem'] as const;

const task = (action: string, seed: number): Record<string, unknown> =>
  action.startsWith('batch')
    ? { action, seed, qps: QPS / ITEMS, times: KEYS / ITEMS, samples: ITEMS, data: DATA }
    : { action, seed, qps: QPS, times: KEYS, data: DATA };

/** One sequence a writer, all at the same time: write, read in every way, delete, read again. */
const traffic = [
  WRITERS.map((writer, i) => {
    const reads = READERS.map((reader) => [task(reader, i + 1)]);
    return [task(writer, i + 1), reads, task('deleteItem', i + 1), reads];
  }),
];

describe('what a seed has written, the same seed reads', () => {
  let redis: RunningRedis;
  let dynalite: DynaliteServer;
  beforeAll(async () => {
    [redis, dynalite] = await Promise.all([startRedis(), startDynalite()]);
  });
  afterAll(async () => {
    await redis.stop();
    await dynalite.stop();
  });

  const targets = {
    redis: (database: number) => ['--db', 'redis', '--endpoint', `redis://127.0.0.1:${redis.port}/${database}`],
    dynamodb: () => ['--db', 'dynamodb', '--endpoint', dynalite.endpoint, '--create-table'],
  } as const;

  test.each([
    ['redis', 'multi-column', 'stress-test', 1],
    ['redis', 'multi-row', 'multirow-test', 2],
    ['dynamodb', 'multi-column', 'stress-test', 0],
    ['dynamodb', 'multi-row', 'multirow-test', 0],
  ] as const)(
    'every reader hits every key of every writer, and none after deleteItem: %s, %s',
    async (db, _, table, database) => {
      await Stage.play(
        redis,
        {
          config: { table_name: table, consistent_read: true },
          worker: targets[db](database),
        },
        async (stage) => {
          await stage.workers(1);
          const { code, summary } = await stage.publish(traffic);
          const found = summary.tasks.map(({ action, ledger: { ok, failed, duplicate }, items, misses }) => ({
            action,
            counts: { ok, failed, duplicate, items, misses },
          }));
          const expected = WRITERS.flatMap((writer) => [
            row(writer, 'hit'),
            ...READERS.map((reader) => row(reader, 'hit')),
            row('deleteItem', 'hit'),
            ...READERS.map((reader) => row(reader, 'miss')),
          ]);
          expect(found).toEqual(expected);
          expect([code, summary.balanced, summary.deadLetters]).toEqual([0, true, 0]);
        },
      );
    },
  );

  test('the keys that `drumline keys` prints are the ones in the target', async () => {
    await Stage.play(redis, { worker: targets.redis(3) }, async (stage) => {
      await stage.workers(1);
      await stage.publish([{ action: 'putItem', seed: 'spring', qps: 400, times: 40, offset: 5, data: { a: 3 } }]);
      const { out } = await drumline(['keys', '--seed', 'spring', '--from', '5', '--count', '40']);
      const stored = await redis.cli('-n', '3', 'KEYS', '*');
      expect(stored.toSorted()).toEqual(out.trim().split('\n').toSorted());
    });
  });
});

function row(
  action: string,
  what: 'hit' | 'miss',
): { readonly action: string; readonly counts: Record<string, number> } {
  const ok = action.startsWith('batch') ? KEYS / ITEMS : KEYS;
  const [items, misses] = what === 'hit' ? [KEYS, 0] : [0, KEYS];
  return { action, counts: { ok, failed: 0, duplicate: 0, items, misses } };
}
