import { describe, expect, test } from 'vitest';
import { startRedis, startRedisCluster, startTlsRedis } from '../servers/index.ts';
import { type Meeting, Stage } from './stage.ts';

const traffic = [
  { action: 'putItem', seed: 1, qps: 400, times: 400, data: { a: 12 } },
  [[{ action: 'getItem', seed: 1, qps: 400, times: 400 }], [{ action: 'batchGetItem', seed: 1, qps: 40, times: 40 }]],
];

/** A run, its commands and its status, on the given Redis. */
async function expectPlays(
  meeting: Meeting,
  target: readonly string[],
  reach: readonly string[],
  env: Record<string, string> = {},
): Promise<void> {
  await Stage.play(
    meeting,
    { worker: ['--db', 'redis', '--wait-target', '20s', ...target], reach, env },
    async (stage) => {
      await stage.workers(2);
      const { code, summary } = await stage.publish(traffic, ['--workers', '2']);
      expect([code, summary.balanced, summary.tasks.map(({ errors }) => errors)]).toEqual([0, true, [{}, {}, {}]]);
      expect(summary.ledger).toEqual({ planned: 840, published: 840, ok: 840, failed: 0, dropped: 0, duplicate: 0 });
      expect(summary.tasks.map(({ items, misses }) => [items, misses])).toEqual([
        [400, 0],
        [400, 0],
        [400, 0],
      ]);
      expect(summary.workers.map(({ worker }) => worker)).toEqual(['w1', 'w2']);
      expect((await stage.notify(['ping'])).code).toBe(0);
      const status = await stage.start('status', ['--json', '--listen', '1200ms']).finishes();
      expect(JSON.parse(status.out)).toMatchObject({
        workers: [
          { alive: true, threads: 4 },
          { alive: true, threads: 4 },
        ],
        backlog: 0,
      });
    },
  );
}

describe('a fleet meets', () => {
  test('on a Redis that speaks TLS, wants a password, and a certificate of its clients', async () => {
    await using plain = await startRedis();
    await using redis = await startTlsRedis({ password: 'pass word' });
    const { ca = '', cert = '', key = '' } = redis.tls ?? {};
    await Stage.play(plain, {}, async (files) => {
      const reach = ['--tls-ca', await files.file('ca.pem', ca), '--tls-cert', await files.file('cert.pem', cert)];
      const withKey = [...reach, '--tls-key', await files.file('key.pem', key)];
      const passwordFile = await files.file('password', 'pass word\n');
      const target = ['--endpoint', plain.url];
      const bare = { ...redis, url: `rediss://127.0.0.1:${redis.port}` };
      const looking = { ...redis, cli: (...args: string[]) => redis.cli(...args) };

      const nobody = files.start('status', ['--redis', bare.url, '--listen', '10ms'], {
        env: { DRUMLINE_REDIS_PASSWORD: 'pass word' },
      });
      const refused = await nobody.finishes();
      expect([refused.code, refused.err]).toEqual([4, expect.stringMatching(/^DRUM_BUS_UNREACHABLE: .*certificate/i)]);

      await expectPlays(looking, target, ['--redis', bare.url, ...withKey, '--redis-password-file', passwordFile]);
    });
  });

  test('on a Redis Cluster of three nodes, which is the target as well', async () => {
    await using cluster = await startRedisCluster();
    const everywhere = async (...command: readonly string[]): Promise<string[]> => {
      const answers = await Promise.all(cluster.nodes.map((node) => node.cli('-c', ...command)));
      return command[0] === 'KEYS' ? answers.flat() : (answers[0] ?? []);
    };
    const [first] = cluster.nodes;
    const meeting = { url: `127.0.0.1:${first?.port}`, cluster: true, cli: everywhere };
    await expectPlays(meeting, ['--endpoint', meeting.url, '--target-cluster'], ['--cluster']);
    const holding = await Promise.all(cluster.nodes.map((node) => node.cli('DBSIZE')));
    expect(holding.map(([size]) => Number(size?.replace(/\D/g, '')) > 50)).toEqual([true, true, true]);
  });
});
