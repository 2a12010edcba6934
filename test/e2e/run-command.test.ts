import type { Summary } from '@drumline/report';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type DynaliteServer,
  drumline,
  eventually,
  type RunningRedis,
  startDynalite,
  startRedis,
} from '../servers/index.ts';
import { played, Stage } from './stage.ts';

let redis: RunningRedis;
let dynalite: DynaliteServer;
beforeAll(async () => {
  [redis, dynalite] = await Promise.all([startRedis(), startDynalite()]);
});
afterAll(async () => {
  await redis.stop();
  await dynalite.stop();
});

const traffic = [
  { action: 'putItem', seed: 5, qps: 300, times: 150, data: { a: 10 } },
  [[{ action: 'getItem', seed: 5, qps: 300, times: 150 }], [{ action: 'query', seed: 5, qps: 300, times: 150 }]],
];
const ledger = { planned: 450, published: 450, ok: 450, failed: 0, dropped: 0, duplicate: 0 };

describe('drumline run', () => {
  test('without --redis plays in the memory of one process, and leaves only what the target was to hold', async () => {
    await Stage.play(redis, {}, async (stage) => {
      const files = ['--config', stage.config, '--traffic', await stage.file('traffic.json', traffic)];
      const target = ['--db', 'redis', '--endpoint', `redis://127.0.0.1:${redis.port}/1`];
      const ended = await drumline(['run', ...files, ...target, '--workers', '3', '--json']);
      const summary = JSON.parse(ended.out) as Summary;
      expect([ended.code, summary.balanced, summary.ledger]).toEqual([0, true, ledger]);
      expect(summary.workers.length).toBe(3);
      expect(summary.tasks.map(({ misses }) => misses)).toEqual([0, 0, 0]);
      expect(await redis.cli('-n', '1', 'DBSIZE')).toEqual(['150']);
      const stored = await redis.cli('-n', '1', 'KEYS', '*');
      expect(stored.filter((key) => !/^[0-9a-f]{32}$/.test(key))).toEqual([]);
      // The other keys are the stage's own config.
      expect(await redis.cli('KEYS', '*')).toEqual([`${stage.prefix}_cfg`]);
    });
  });

  test('writes and reads DynamoDB, and makes the table', async () => {
    await Stage.play(redis, { config: { table_name: 'multirow-run' } }, async (stage) => {
      const files = ['--config', stage.config, '--traffic', await stage.file('traffic.json', traffic)];
      const target = ['--db', 'dynamodb', '--endpoint', dynalite.endpoint];
      const missing = await drumline(['run', ...files, ...target]);
      expect([missing.code, missing.err]).toEqual([4, expect.stringMatching(/^DRUM_TABLE_MISSING: .*multirow-run/m)]);
      const ended = await drumline(['run', ...files, ...target, '--create-table', '--json']);
      const summary = JSON.parse(ended.out) as Summary;
      expect([ended.code, summary.balanced, summary.ledger]).toEqual([0, true, ledger]);
      expect(summary.tasks.map(({ misses, capacity }) => [misses, capacity > 0])).toEqual([
        [0, true],
        [0, true],
        [0, true],
      ]);
    });
  });

  test('with --redis its workers meet there, take commands, and end with it', async () => {
    await Stage.play(redis, {}, async (stage) => {
      const file = await stage.file('traffic.json', [
        { action: 'putItem', seed: 1, qps: 200, duration: '1h', data: { a: 1 } },
      ]);
      const target = ['--db', 'redis', '--endpoint', `redis://127.0.0.1:${redis.port}/2`];
      const process = stage.start('run', [
        '--config',
        stage.config,
        '--traffic',
        file,
        ...target,
        '--workers',
        '2',
        '--json',
      ]);
      await stage.running();
      const { code, rows } = await stage.notify(['ping']);
      expect([code, rows.length, rows.map(({ ok }) => ok)]).toEqual([0, 3, [true, true, true]]);
      expect(process.isThere).toBe(true);
      await stage.tell('drain');
      const ended = await played(process);
      expect([ended.code, ended.summary.balanced, ended.summary.workers.length]).toEqual([0, true, 2]);
      expect(await stage.bus.workers()).toEqual([]);
    });
  });

  test('is interrupted by Ctrl-C: once drains, twice stops', async () => {
    await Stage.play(redis, {}, async (stage) => {
      const file = await stage.file('traffic.json', [
        { action: 'putItem', seed: 1, qps: 200, duration: '1h', data: { a: 1 } },
      ]);
      const target = ['--db', 'redis', '--endpoint', `redis://127.0.0.1:${redis.port}/2`];
      const once = stage.start('run', ['--config', stage.config, '--traffic', file, ...target, '--json']);
      await stage.running();
      once.signal('SIGINT');
      const drained = await played(once);
      expect([drained.code, drained.summary.balanced, drained.summary.ledger.dropped]).toEqual([130, true, 0]);

      const twice = stage.start('run', [
        '--config',
        stage.config,
        '--traffic',
        file,
        ...target,
        '--json',
        '--lead',
        '3s',
      ]);
      const run = await stage.running();
      await eventually('ops wait for their time', async () => (await stage.published(run)) > 150);
      twice.signal('SIGINT');
      await twice.prints(/draining/);
      twice.signal('SIGINT');
      const stopped = await played(twice);
      expect([stopped.code, stopped.summary.balanced, stopped.summary.ledger.dropped > 100]).toEqual([130, true, true]);
    });
  });

  test('says that a target is not there, and ends', async () => {
    await Stage.play(redis, {}, async (stage) => {
      const files = ['--config', stage.config, '--traffic', await stage.file('traffic.json', traffic)];
      const { code, out, err } = await drumline([
        'run',
        ...files,
        '--db',
        'dynamodb',
        '--endpoint',
        'http://127.0.0.1:1',
        '--json',
      ]);
      expect([code, out, err]).toEqual([4, '', expect.stringMatching(/^DRUM_CONNECT: .*127\.0\.0\.1:1/m)]);
    });
  });
});
