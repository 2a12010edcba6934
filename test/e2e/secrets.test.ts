import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningDrumline, type RunningRedis, startRedis, startTlsRedis } from '../servers/index.ts';
import { Stage } from './stage.ts';

/** In every secret that a process is given. */
const CANARY = 'c4n4ry';
const PASSWORD = `${CANARY}-bus`;
const TRAFFIC = [{ action: 'putItem', seed: 1, qps: 100, times: 100, data: { a: 1 } }];

let redis: RunningRedis;
let target: RunningRedis;
beforeAll(async () => {
  [redis, target] = await Promise.all([
    startRedis({ users: [`ann on >${PASSWORD} ~* &* +@all`] }),
    startRedis({ users: [`bob on >${CANARY}-target ~* +@all`] }),
  ]);
});
afterAll(() => Promise.all([redis.stop(), target.stop()]));

const where = (): string => `127.0.0.1:${redis.port}`;

/** What every other user of the host can see of a process. */
const commandLine = (pid: number): Promise<string> => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');

function expectSilent(process: { readonly out: string; readonly err: string }): void {
  expect(`${process.out}\n${process.err}`).not.toContain(CANARY);
}

/** Everything that stands in a Redis. */
async function everything(server: RunningRedis): Promise<string> {
  const readers: Readonly<Record<string, (key: string) => readonly string[]>> = {
    string: (key) => ['GET', key],
    hash: (key) => ['HGETALL', key],
    list: (key) => ['LRANGE', key, '0', '-1'],
    set: (key) => ['SMEMBERS', key],
  };
  const texts: string[] = [];
  for (const key of await server.cli('KEYS', '*')) {
    const [type = ''] = await server.cli('TYPE', key);
    const read = readers[type];
    texts.push(key, ...(read === undefined ? [type] : await server.cli(...read(key))));
  }
  return texts.join('\n');
}

describe('a secret', () => {
  test('that came by environment or file is nowhere to be seen while all goes well', async () => {
    await Stage.play(redis, {}, async (stage) => {
      const file = async (name: string): Promise<string> => stage.file(name, `${CANARY}-${name}\n`);
      const [bus, secret, aim] = [await file('bus'), await file('secret'), await file('target')];
      const byFile = ['--redis-user', 'ann', '--redis-password-file', bus, '--secret-file', secret];
      const targetByFile = [
        '--endpoint',
        `127.0.0.1:${target.port}`,
        '--target-user',
        'bob',
        '--target-password-file',
        aim,
      ];
      const byEnv = {
        DRUMLINE_REDIS: `redis://ann:${PASSWORD}@${where()}`,
        DRUMLINE_SECRET: `${CANARY}-secret`,
        DRUMLINE_ENDPOINT: `redis://bob:${CANARY}-target@127.0.0.1:${target.port}`,
        AWS_SECRET_ACCESS_KEY: `${CANARY}-aws`,
        AWS_SESSION_TOKEN: `${CANARY}-session`,
      };
      const own = ['--db', 'redis', '--log-level', 'debug', '--stats'];
      const one = stage.worker([...own, ...byFile, ...targetByFile]);
      // Without --redis, so that the environment is asked.
      const two = stage.startAlone('worker', ['--id', 'w2', '--engines', '1', ...own], { env: byEnv });
      await Promise.all([one.prints(/worker is ready/), two.prints(/worker is ready/)]);
      const traffic = await stage.file('traffic.json', TRAFFIC);
      const files = ['--config', stage.config, '--traffic', traffic, '--workers', '2', '--json'];
      const publisher = stage.start('publisher', [...files, '--log-level', 'debug', ...byFile]);
      await stage.running();
      const seen = await Promise.all([one, two, publisher].map(({ pid }) => commandLine(pid)));
      expect(seen.every((line) => line.includes('drumline'))).toBe(true);
      expect(seen.join('\n')).not.toContain(CANARY);
      const ended = await publisher.finishes();
      expect(ended.code).toBe(0);
      const ping = stage.start('notify', ['ping', '--json', ...byFile]);
      const status = stage.startAlone('status', ['--json', '--listen', '10ms'], { env: byEnv });
      const audit = stage.startAlone('status', ['--audit', '--json'], { env: byEnv });
      for (const process of [await ping.finishes(), await status.finishes(), await audit.finishes(), ended, one, two])
        expectSilent(process);
      expect(await everything(redis)).not.toContain(CANARY);
    });
  });

  test('is in no message when everything fails', async () => {
    await using tls = await startTlsRedis({ password: PASSWORD });
    await Stage.play(redis, {}, async (stage) => {
      const wrong = { DRUMLINE_SECRET: CANARY, DRUMLINE_REDIS_PASSWORD: CANARY };
      const badFile = await stage.file(
        'bad.json',
        `{"table_name":"x","threads":1,"redis_addr":"redis://:${CANARY}@h"}`,
      );
      const traffic = await stage.file('traffic.json', TRAFFIC);
      const short = ['--wait-config', '1s'];
      const failing: readonly (readonly [what: string, RunningDrumline])[] = [
        [
          'wrong password',
          stage.startAlone('worker', ['--redis', where(), '--redis-user', 'ann', ...short], { env: wrong }),
        ],
        [
          'wrong password in the address',
          stage.startAlone('status', [], { env: { DRUMLINE_REDIS: `redis://ann:${CANARY}@${where()}` } }),
        ],
        [
          'an address that is none',
          stage.startAlone('status', [], { env: { DRUMLINE_REDIS: `redis://ann:${CANARY}@${where()}/x/y` } }),
        ],
        [
          'percent signs',
          stage.startAlone('status', [], { env: { DRUMLINE_REDIS: `redis://ann:${CANARY}%zz@${where()}` } }),
        ],
        [
          'nobody there',
          stage.startAlone('status', [], { env: { DRUMLINE_REDIS: `redis://ann:${CANARY}@127.0.0.1:1` } }),
        ],
        [
          'a certificate of nobody',
          stage.startAlone('status', [], { env: { DRUMLINE_REDIS: `rediss://:${PASSWORD}@127.0.0.1:${tls.port}` } }),
        ],
        [
          'no TLS there',
          stage.startAlone('status', [], { env: { DRUMLINE_REDIS: `rediss://ann:${PASSWORD}@${where()}` } }),
        ],
        ['a password in the config', stage.start('publisher', ['--config', badFile, '--traffic', traffic])],
        [
          'a target that refuses',
          stage.worker(['--db', 'redis', ...short], {
            env: { DRUMLINE_ENDPOINT: `redis://bob:${CANARY}@127.0.0.1:${target.port}` },
          }),
        ],
        [
          'a target address that is none',
          stage.worker(['--db', 'redis', ...short], {
            env: { DRUMLINE_ENDPOINT: `redis://bob:${CANARY}@127.0.0.1:${target.port}/x` },
          }),
        ],
        [
          'percent signs to the target',
          stage.worker(['--db', 'redis', ...short], {
            env: { DRUMLINE_ENDPOINT: `redis://bob:${CANARY}%zz@127.0.0.1:${target.port}` },
          }),
        ],
        [
          'a DynamoDB with a password',
          stage.worker(['--db', 'dynamodb', ...short], {
            env: { DRUMLINE_ENDPOINT: `http://bob:${CANARY}@127.0.0.1:1` },
          }),
        ],
      ];
      for (const [what, process] of failing) {
        const ended = await process.finishes();
        expect([what, ended.code === 2 || ended.code === 4, ended.code === 1 ? ended.err : '']).toEqual([
          what,
          true,
          '',
        ]);
        expectSilent(ended);
      }
      expect(await everything(redis)).not.toContain(CANARY);
    });
  });

  test.each([
    ['--redis', `redis://ann:${CANARY}@127.0.0.1:1`],
    ['--redis', `:${CANARY}@127.0.0.1:1`],
    ['--endpoint', `redis://:${CANARY}@127.0.0.1:1`],
    ['--sentinel', `redis://:${CANARY}@127.0.0.1:1`],
  ])('is not taken from %s, where everybody on the host could read it', async (option, value) => {
    await Stage.play(redis, {}, async (stage) => {
      const { code, err, out } = await stage.startAlone('worker', [option, value]).finishes();
      expect([code, err]).toEqual([
        2,
        expect.stringMatching(new RegExp(`^DRUM_USAGE: ${option} holds a password`, 'u')),
      ]);
      expectSilent({ out, err });
    });
  });
});
