import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type DynaliteServer,
  drumline,
  freePort,
  type RunningRedis,
  startDynalite,
  startRedis,
} from '../servers/index.ts';
import { Stage } from './stage.ts';

let redis: RunningRedis;
let dynalite: DynaliteServer;
beforeAll(async () => {
  [redis, dynalite] = await Promise.all([startRedis(), startDynalite()]);
});
afterAll(async () => {
  await redis.stop();
  await dynalite.stop();
});

const TASK = { action: 'putItem', qps: 10, times: 10, data: { a: 1 } };
const CONFIG = { table_name: 'stress-test', threads: 2 };

/** Files with something wrong, and what is said of it. */
const BAD: readonly (readonly [what: string, traffic: unknown, config: unknown, said: RegExp])[] = [
  ['no JSON', '[{', CONFIG, /^DRUM_PLAN_INVALID: [^]*traffic\.json:1:2: .*never closed/],
  ['nothing', '', CONFIG, /^DRUM_PLAN_INVALID: /],
  ['an unknown action', [{ ...TASK, action: 'scan' }], CONFIG, /:1:\d+.*action.*"scan"/],
  ['an unknown field', [{ ...TASK, qsp: 3 }], CONFIG, /qsp.*\n?.*did you mean "qps"/],
  ['no bound', [{ action: 'getItem', qps: 1 }], CONFIG, /times.*duration|duration.*times/],
  ['a rate of 0', [{ ...TASK, qps: 0 }], CONFIG, /qps is 0/],
  ['23 hours', [{ ...TASK, qpss: Array(23).fill(1) }], CONFIG, /24/],
  ['too many items for DynamoDB', [{ ...TASK, action: 'batchPutItem', samples: 26 }], CONFIG, /samples is 26.*25/],
  ['no data and no sample_data', [{ action: 'putItem', qps: 1, times: 1 }], CONFIG, /sample_data/],
  [
    'a config without threads',
    [TASK],
    { table_name: 'stress-test' },
    /^DRUM_CONFIG_INVALID: [^]*config\.json:1:1: .*threads/,
  ],
  ['a config with too many threads', [TASK], { ...CONFIG, threads: 1_000_000 }, /threads is 1000000/],
];

describe('bad input', () => {
  test('ends a publisher with 2, says what and where, and leaves nothing in Redis', async () => {
    await Stage.play(redis, {}, async (stage) => {
      await redis.cli('DEL', `${stage.prefix}_cfg`);
      for (const [what, traffic, config, said] of BAD) {
        const { code, out, err } = await drumline(['publisher', ...(await filesOf(stage, traffic, config))]);
        expect([what, code, out, err]).toEqual([what, 2, '', expect.stringMatching(said)]);
      }
      expect(await stage.keys()).toEqual([]);
    });
  });

  test.each(['run', 'validate', 'plan'])('ends `%s` with 2 as well', async (command) => {
    await Stage.play(redis, {}, async (stage) => {
      await redis.cli('DEL', `${stage.prefix}_cfg`);
      const [, traffic, config, said] = BAD[2] ?? [];
      const files = await filesOf(stage, traffic, config);
      const { code, out, err } = await drumline([command, ...(command === 'run' ? files : files.slice(4))]);
      expect([code, out, err]).toEqual([2, '', expect.stringMatching(said ?? '')]);
      expect(await stage.keys()).toEqual([]);
    });
  });

  test('all problems of a file are said at once', async () => {
    await Stage.play(redis, {}, async (stage) => {
      const text =
        '[\n  // rates\n  { "action": "getItem", "qps": -1, "times": 1.5 },\n  [ { "action": "put", "qps": 1, "duration": "soon" } ],\n]';
      const traffic = await stage.file('traffic.json', text);
      const { code, err } = await drumline(['validate', '--config', stage.config, '--traffic', traffic]);
      expect(code).toBe(2);
      expect([...err.matchAll(/traffic\.json:(\d+):\d+/g)].map(([, line]) => line)).toEqual(['3', '3', '4', '4']);
    });
  });

  test.each([
    [['dance'], /unknown command 'dance'/],
    [['publisher', '--sclae', '2'], /unknown option '--sclae'[\s\S]*--scale/],
    [['publisher', '--scale', '0'], /must be a number > 0/],
    [['publisher', '--traffic', '/nowhere/traffic.json'], /^DRUM_FILE_UNREADABLE: .*\/nowhere\/traffic\.json/],
    [['publisher', '--redis', 'http://x'], /^DRUM_BUS_ADDRESS: /],
    [['publisher', '--prefix', 'a{b'], /^DRUM_BUS_PREFIX: /],
    [['worker', '--db', 'mysql'], /Allowed choices are dynamodb, redis/],
    [['run', '--workers', '0'], /^DRUM_USAGE: --workers is 0/],
    [['worker', '--allow', 'everything'], /^DRUM_USAGE: --allow names everything/],
    [['keys'], /--seed/],
  ])('of the command line ends with 2: %j', async (args, said) => {
    const { code, out, err } = await drumline(args, { env: { DRUMLINE_REDIS: redis.url } });
    expect([code, out, err]).toEqual([2, '', expect.stringMatching(said)]);
  });
});

describe('a Redis that is not there', () => {
  test('ends every command with 4 after a bounded time', async () => {
    const port = await freePort();
    const bus = ['--redis', `127.0.0.1:${port}`];
    const began = performance.now();
    const ended = await Promise.all(
      [['publisher'], ['worker', '--db', 'redis'], ['notify', 'ping'], ['status'], ['run', '--db', 'redis']].map(
        (args) => drumline([...args, ...bus, ...(args[0] === 'publisher' || args[0] === 'run' ? FILES : [])]),
      ),
    );
    for (const { code, out, err } of ended) {
      expect([code, out, err]).toEqual([
        4,
        '',
        expect.stringMatching(/^DRUM_BUS_UNREACHABLE: .*127\.0\.0\.1:\d+.*ECONNREFUSED.*\n.+/),
      ]);
      expect(err).not.toMatch(/at .*\.ts:/);
    }
    expect(performance.now() - began).toBeLessThan(20_000);
  });

  test('or is not the target Redis either: the worker ends with 4 and signs off', async () => {
    await Stage.play(redis, {}, async (stage) => {
      const port = await freePort();
      const { code, err } = await stage.worker(['--db', 'redis', '--endpoint', `127.0.0.1:${port}`]).finishes();
      expect([code, err]).toEqual([4, expect.stringMatching(/^DRUM_CONNECT: .*127\.0\.0\.1/m)]);
      expect(await stage.bus.workers()).toEqual([]);
    });
  });

  test('or wants a password: 4 at once, with the reason', async () => {
    await using guarded = await startRedis({ password: 'secret' });
    const { code, err } = await drumline(['status', '--redis', `127.0.0.1:${guarded.port}`]);
    expect([code, err]).toEqual([4, expect.stringMatching(/^DRUM_BUS_REFUSED: .*NOAUTH/)]);
    const right = await drumline(['status', '--redis', `127.0.0.1:${guarded.port}`, '--listen', '10ms'], {
      env: { DRUMLINE_REDIS_PASSWORD: 'secret' },
    });
    expect([right.code, right.out]).toEqual([0, expect.stringMatching(/^no publisher is at work\n/)]);
  });
});

describe('a DynamoDB table that is not there', () => {
  test('ends the worker with 4 and the option that makes it; with that option it is made', async () => {
    const config = { table_name: 'new-table' };
    await Stage.play(redis, { config, worker: ['--endpoint', dynalite.endpoint] }, async (stage) => {
      const { code, err } = await stage.worker().finishes();
      expect([code, err]).toEqual([4, expect.stringMatching(/^DRUM_TABLE_MISSING: .*new-table.*\n.*--create-table/m)]);
      expect(await stage.bus.workers()).toEqual([]);
      await stage.workers(1, ['--create-table']);
      await stage.workers(1);
      const { summary } = await stage.publish([{ action: 'putItem', seed: 1, qps: 200, times: 40, data: { a: 9 } }]);
      expect([summary.balanced, summary.ledger.ok]).toEqual([true, 40]);
    });
  });

  test('leaves a fleet that is told to change to it on its old one', async () => {
    const config = { table_name: 'old-table' };
    await Stage.play(redis, { config, worker: ['--endpoint', dynalite.endpoint, '--create-table'] }, async (stage) => {
      await stage.workers(1);
      await stage.configure({ table_name: 'no-table' });
      const { code, rows } = await stage.notify(['update_config']);
      expect([code, rows]).toEqual([
        5,
        [expect.objectContaining({ from: 'w1', ok: false, code: 'DRUM_TABLE_MISSING' })],
      ]);
      await stage.configure();
      expect((await stage.notify(['update_config'])).code).toBe(0);
      const { summary } = await stage.publish([{ action: 'putItem', seed: 2, qps: 200, times: 40, data: { a: 9 } }]);
      expect(summary.ledger.ok).toBe(40);
    });
  });
});

/** Where a stage's bus is, and the two files. */
async function filesOf(stage: Stage, traffic: unknown, config: unknown): Promise<string[]> {
  const files = [
    '--config',
    await stage.file('config.json', config),
    '--traffic',
    await stage.file('traffic.json', traffic),
  ];
  return ['--redis', redis.url, '--prefix', stage.prefix, ...files];
}

const FILES = ['config', 'traffic'].flatMap((name) => [
  `--${name}`,
  join(import.meta.dirname, '..', '..', name, `${name}.json`),
]);
