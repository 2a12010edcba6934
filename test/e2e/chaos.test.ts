import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { describe, expect, test } from 'vitest';
import { drumline, eventually, type RunningDrumline, startDrumline } from '../servers/index.ts';

const run = promisify(execFile);

/** What `--json` prints, as far as it is looked at here. */
interface Chaos {
  readonly holds: boolean;
  readonly problems: readonly string[];
  readonly missed: number;
  readonly tasks: readonly { readonly expected: number; readonly ok: number; readonly digest: string }[];
  readonly faults: readonly { readonly kind: string }[];
}

/** Every process that belongs to a chaos of this process: they all meet under the same prefix. */
async function children(chaos: RunningDrumline): Promise<number[]> {
  const { stdout } = await run('ps', ['-A', '-o', 'pid=,ppid=']);
  const parents = new Map(
    stdout
      .trim()
      .split('\n')
      .map((line) => line.trim().split(/\s+/).map(Number) as [number, number]),
  );
  const descends = (pid: number): boolean => {
    const parent = parents.get(pid);
    return parent !== undefined && (parent === chaos.pid || descends(parent));
  };
  return [...parents.keys()].filter(descends);
}

const isThere = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

const gone = (pids: readonly number[]): Promise<true> =>
  eventually('all children to be gone', () => !pids.some(isThere));

/** The Redis that the fleet meets on is named in the first event. */
async function meetingPoint(chaos: RunningDrumline): Promise<number> {
  await chaos.prints(/meeting point on 127\.0\.0\.1:\d+/);
  return Number(/meeting point on 127\.0\.0\.1:(\d+)/.exec(chaos.err + chaos.out)?.[1]);
}

describe('drumline chaos', () => {
  test('shows that ledger and digest hold, and leaves nothing behind', { timeout: 90_000 }, async () => {
    const args = ['--seed', '5', '--what', 'workers,publisher', '--kills', '2', '--duration', '8s', '--workers', '2'];
    const chaos = startDrumline(['chaos', ...args, '--qps', '500', '--json']);
    await chaos.prints(/the first op is published/);
    const pids = await children(chaos);
    expect(pids.length).toBeGreaterThan(5);
    const { code, out } = await eventually('its end', () => (chaos.isThere ? undefined : chaos.ended), 80_000);
    const result = JSON.parse(out) as Chaos;
    expect([result.problems, result.holds, code]).toEqual([[], true, 0]);
    expect(result.tasks.map(({ digest }) => digest)).toEqual(Array.from({ length: 5 }, () => 'same'));
    expect(result.faults.map(({ kind }) => kind).sort()).toEqual(['publisher', 'workers']);
    expect(result.missed).toBe(0);
    await gone(pids);
  });

  test('ends with 5 when an op is lost', { timeout: 90_000 }, async () => {
    const args = ['--seed', '5', '--kills', '0', '--duration', '4s', '--workers', '2', '--qps', '2000'];
    const chaos = startDrumline(['chaos', ...args, '--patience', '2s', '--json']);
    const redis = new Redis({ host: '127.0.0.1', port: await meetingPoint(chaos) });
    try {
      // A thief: what a worker has claimed, it does not find again.
      await eventually('a claimed batch', async () => {
        const [key] = await redis.keys('{chaos_q*}:w:*');
        return key !== undefined && (await redis.lpop(key)) !== null;
      });
    } finally {
      redis.disconnect();
    }
    const { code, out } = await eventually('its end', () => (chaos.isThere ? undefined : chaos.ended), 60_000);
    const result = JSON.parse(out) as Chaos;
    expect([code, result.holds]).toEqual([5, false]);
    expect(result.problems.join('\n')).toMatch(/: \d+ ops have an outcome, the plan has \d+/);
    expect(result.problems.join('\n')).toMatch(/the publisher ended with exit code 5/);
  });

  test.each(['SIGINT', 'SIGTERM', 'SIGKILL'] as const)('ends all that it has started on %s', async (signal) => {
    const chaos = startDrumline(['chaos', '--kills', '0', '--duration', '5m', '--workers', '2', '--qps', '50']);
    await chaos.prints(/w2 starts/);
    const pids = await children(chaos);
    expect(pids.length).toBeGreaterThan(4);
    chaos.signal(signal);
    const ended = await chaos.finishes();
    expect(ended).toMatchObject(signal === 'SIGKILL' ? { signal } : { code: 130 });
    await gone(pids);
    const folder = /folder (\S+)/.exec(ended.out)?.[1] ?? '';
    expect(folder).toContain('drumline-chaos-');
    await eventually('its folder to be gone', () => !existsSync(folder));
  });

  test.each([
    [['--what', 'workers,moon'], 'DRUM_USAGE: --what names moon; it takes workers, publisher, redis'],
    [['--db', 'dynamodb'], 'DRUM_USAGE: --db and --endpoint go together'],
    [
      ['--db', 'dynamodb', '--endpoint', 'https://dynamodb.eu-west-1.amazonaws.com'],
      'chaos sends ops to this host only',
    ],
    [['--db', 'redis', '--endpoint', '127.0.0.1.example.com:6379'], 'chaos sends ops to this host only'],
  ])('refuses %j', async (args, message) => {
    const { code, err } = await drumline(['chaos', ...args]);
    expect([code, err]).toEqual([2, expect.stringContaining(message)]);
  });

  test('refuses a plan of which nobody knows how many ops it has', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'drumline-hours-'));
    const file = join(folder, 'traffic.json');
    const qpss = Array.from({ length: 24 }, (_, i) => i + 1);
    await writeFile(file, JSON.stringify([{ action: 'getItem', qps: 5, seed: 1, duration: '1s', qpss }]));
    const { code, err } = await drumline(['chaos', '--traffic', file]);
    await rm(folder, { recursive: true });
    expect([code, err]).toEqual([2, expect.stringContaining('follows the hours of the day')]);
  });

  test('says how to install Redis where there is none', async () => {
    const { code, err } = await drumline(['chaos'], { env: { PATH: '/nonexistent' } });
    expect([code, err]).toEqual([
      2,
      expect.stringMatching(/DRUM_CHAOS_NO_REDIS: redis-server is not installed.*\n.*apt-get install redis-server/),
    ]);
  });
});
