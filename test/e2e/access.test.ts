import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectRedis } from '@drumline/bus';
import { askFleet, decodeAudit, newCommand } from '@drumline/core/notify';
import { millis } from '@drumline/core/units';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningRedis, startRedis } from '../servers/index.ts';
import { Stage } from './stage.ts';

const ROLES = ['publisher', 'worker', 'control'] as const;
type Role = (typeof ROLES)[number];

const SECRET = 'of the fleet';
const passwordOf = (role: Role): string => `change-me-${role}`;

/** The environment of a process in that role. */
const as = (role: Role): Record<string, string> => ({
  DRUMLINE_REDIS_USER: `drumline-${role}`,
  DRUMLINE_REDIS_PASSWORD: passwordOf(role),
});

let redis: RunningRedis;
let target: RunningRedis;

/** Makes the users of deploy/redis/users.acl for another prefix, as docs/guides/securing-a-fleet.md says. */
async function makeUsers(prefix: string): Promise<void> {
  const file = await readFile(new URL('../../deploy/redis/users.acl', import.meta.url), 'utf8');
  const lines = file.replaceAll('dst_', `${prefix}_`).split('\n');
  for (const line of lines.filter((one) => one.startsWith('user drumline-'))) {
    // Selectors stand in parentheses and are one argument each.
    const [, name = '', ...rules] = line.match(/\([^)]*\)|\S+/gu) ?? [];
    await redis.cli('ACL', 'SETUSER', name, 'reset', ...rules);
  }
}

async function connected(role: Role): Promise<Redis> {
  const client = new Redis({
    port: redis.port,
    username: `drumline-${role}`,
    password: passwordOf(role),
    lazyConnect: true,
    enableReadyCheck: false,
    retryStrategy: () => null,
  });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

const REFUSAL = /NOPERM|ACL failure|No permissions|user executing the script can't/u;

const refusalOf = (client: Redis, name: string, args: readonly string[]): Promise<string> =>
  client.call(name, ...args).then(
    (reply) => `answered ${String(reply)}`,
    (error: unknown) => String(error),
  );

beforeAll(async () => {
  [redis, target] = await Promise.all([startRedis(), startRedis()]);
});
afterAll(() => Promise.all([redis.stop(), target.stop()]));

describe('the users of deploy/redis/users.acl', () => {
  test('are what a server can be started with', async () => {
    const path = new URL('../../deploy/redis/users.acl', import.meta.url).pathname;
    const folder = await mkdtemp(join(tmpdir(), 'drumline-acl-'));
    const copy = join(folder, 'users.acl');
    // The default user stays on, as the one who looks.
    await writeFile(
      copy,
      (await readFile(path, 'utf8')).replace('user default off', 'user default on nopass ~* &* +@all'),
    );
    await using own = await startRedis({ args: ['--aclfile', copy] });
    expect(await own.cli('ACL', 'USERS')).toEqual(['default', ...ROLES.toSorted().map((role) => `drumline-${role}`)]);
    await rm(folder, { recursive: true });
  });

  test('suffice for a whole run, its commands, its audit and its status', async () => {
    await Stage.play(redis, { worker: ['--db', 'redis', '--endpoint', target.url] }, async (stage) => {
      await makeUsers(stage.prefix);
      const secret = { DRUMLINE_SECRET: SECRET };
      const workers = [1, 2].map(() => stage.worker([], { env: { ...as('worker'), ...secret } }));
      await Promise.all(workers.map((worker) => worker.prints(/worker is ready/)));
      const traffic = await stage.file('traffic.json', [
        { action: 'putItem', seed: 1, qps: 200, duration: '2m', data: { a: 1 } },
      ]);
      const publisher = stage.start(
        'publisher',
        ['--config', stage.config, '--traffic', traffic, '--workers', '2', '--json'],
        { env: { ...as('publisher'), ...secret } },
      );
      const run = await stage.running();
      const { username, password } = { username: 'drumline-control', password: passwordOf('control') };
      const control = await connectRedis({ url: redis.url, prefix: stage.prefix, username, password });
      try {
        for (const [cmd, args] of [['pause'], ['resume'], ['rate', { rate: '2x' }], ['drain']] as const) {
          const command = await newCommand(control, { cmd, ...(args && { args }), by: 'ann@desk' }, SECRET);
          const answers = await askFleet(control, command, { within: millis(15_000), publisher: true });
          expect(answers.map(({ from, reply }) => [from, reply?.ok])).toEqual([
            ['publisher', true],
            ['w1', true],
            ['w2', true],
          ]);
        }
        const { code, out, err } = await publisher.finishes();
        expect([code, err]).toEqual([0, expect.not.stringMatching(/NOPERM/)]);
        expect(JSON.parse(out)).toMatchObject({ balanced: true, ledger: { failed: 0, dropped: 0 } });
        // What `drumline status` reads, with and without --audit.
        expect(await control.workers()).toMatchObject([{ worker: 'w1' }, { worker: 'w2' }]);
        expect(await control.queues(4)).toHaveLength(4);
        expect([await control.lockHolder(), await control.lastRun()]).toEqual([undefined, run]);
        expect(await control.readRun(run)).toMatchObject({ state: 'done' });
        expect((await control.readLedger(run, 4)).size).toBe(1);
        expect(await control.deadLetters(0, 5)).toEqual([]);
        const audit = (await control.readAudit(100)).map(({ text }) => decodeAudit(text));
        expect(audit.filter((entry) => entry?.by === 'ann@desk' && entry.proven && entry.ok)).toHaveLength(12);
      } finally {
        await control.close();
      }
      for (const worker of workers) expect(worker.err).not.toMatch(/NOPERM/);
    });
  });

  const refused: readonly (readonly [Role, string, readonly (readonly string[])[]])[] = [
    [
      'worker',
      'neither pushes, nor configures, nor commands, nor takes the lock, nor rewrites a run',
      [
        ['RPUSH', 'x_q0', '{}'],
        ['EVAL', "return redis.call('RPUSH', KEYS[1], '{}')", '1', 'x_q0'],
        ['SET', 'x_cfg', '{}'],
        ['EVAL', "return redis.call('SET', KEYS[1], '{}')", '1', 'x_cfg'],
        ['PUBLISH', 'x_notify', 'stop'],
        ['EVAL', "return redis.call('PUBLISH', 'x_notify', 'stop')", '1', 'x_stats'],
        ['SUBSCRIBE', 'x_stats'],
        ['SET', 'x_publisher', '9 a {}'],
        ['INCR', 'x_epoch'],
        ['HSET', 'x_run:r', 'state', 'done'],
        ['DEL', 'x_audit'],
        ['LRANGE', '{x_q0}:dead', '0', '-1'],
      ],
    ],
    [
      'control',
      'only looks and commands',
      [
        ['RPUSH', 'x_q0', '{}'],
        ['LPOP', 'x_q0'],
        ['SET', 'x_cfg', '{}'],
        ['EVAL', "return redis.call('SET', KEYS[1], '{}')", '1', 'x_clock'],
        ['PUBLISH', 'x_stats', '{}'],
        ['SADD', 'x_workers', 'w'],
        ['SET', 'x_worker:w', '{}'],
        ['DEL', 'x_publisher'],
        ['HSET', '{x_q0}:run:r', 'ok:0', '9'],
        ['RPUSH', 'x_audit', '{}'],
        ['DEL', 'x_audit'],
      ],
    ],
    [
      'publisher',
      'does not pretend to be a worker',
      [
        ['SET', 'x_worker:w', '{}'],
        ['DEL', 'x_audit'],
        ['LRANGE', '{x_q0}:dead', '0', '-1'],
      ],
    ],
  ];

  test.each(refused)('a %s %s', async (role, _, commands) => {
    await makeUsers('x');
    const client = await connected(role);
    try {
      for (const [name = '', ...args] of commands) {
        expect([name, ...args, await refusalOf(client, name, args)]).toEqual([
          name,
          ...args,
          expect.stringMatching(REFUSAL),
        ]);
      }
    } finally {
      client.disconnect();
    }
  });

  test.each(ROLES)('a %s touches no other prefix and no server command', async (role) => {
    await makeUsers('x');
    const client = await connected(role);
    try {
      for (const [name = '', ...args] of [
        ['GET', 'y_cfg'],
        ['EVAL', "return redis.call('GET', KEYS[1])", '1', 'y_cfg'],
        ['EVAL', "return redis.call('GET', 'y_cfg')", '1', 'x_clock'],
        ['SUBSCRIBE', 'y_notify'],
        ['KEYS', '*'],
        ['SCAN', '0'],
        ['FLUSHALL'],
        ['CONFIG', 'GET', '*'],
        ['SCRIPT', 'FLUSH'],
        ['ACL', 'LIST'],
        ['CLIENT', 'KILL', 'TYPE', 'normal'],
        ['MONITOR'],
        ['SHUTDOWN'],
      ]) {
        expect([name, ...args, await refusalOf(client, name, args)]).toEqual([
          name,
          ...args,
          expect.stringMatching(REFUSAL),
        ]);
      }
    } finally {
      client.disconnect();
    }
  });
});
