import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { drumline, type RunningRedis, startRedis } from '../servers/index.ts';
import { Stage } from './stage.ts';

let redis: RunningRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

const traffic = [{ action: 'putItem', seed: 1, qps: 200, duration: '2s', data: { a: 3 } }];

/** A summary in which 40 more ops have failed. */
function withErrors(json: string): string {
  const summary = JSON.parse(json) as { tasks: [{ ledger: { ok: number; failed: number } }] };
  const [{ ledger }] = summary.tasks;
  ledger.ok -= 40;
  ledger.failed += 40;
  return JSON.stringify(summary);
}

describe('a run that is kept', () => {
  test('is a page, and is compared by its summary', async () => {
    await Stage.play(redis, {}, async (stage) => {
      const file = await stage.file('traffic.json', traffic);
      const page = join(file, '..', 'run.html');
      const lines = join(file, '..', 'run.jsonl');
      const target = ['--db', 'redis', '--endpoint', `redis://127.0.0.1:${redis.port}/1`];
      const run = ['run', '--config', stage.config, '--traffic', file, ...target];
      const { code, out } = await drumline([...run, '--json', '--report', page, '--jsonl', lines]);
      expect(code).toBe(0);

      const html = await readFile(page, 'utf8');
      expect(html).toMatch(/^<!DOCTYPE html>[^]*Every planned op has exactly one outcome[^]*<\/html>\n$/);
      expect(html).toContain('Response time over time');
      expect(html).toContain('&quot;putItem&quot;');

      const before = await stage.file('before.json', JSON.parse(out));
      const same = await drumline(['compare', before, lines, '--json']);
      expect([same.code, JSON.parse(same.out)]).toMatchObject([0, { worse: 0, better: 0, tolerance: 0.05 }]);
      const after = await stage.file('after.json', JSON.parse(withErrors(out)));
      const worse = await drumline(['compare', before, after, '--tolerance', '10%']);
      expect(worse.code).toBe(3);
      expect(worse.out).toMatch(/^✗ 1 worse, 0 better/m);
      expect(worse.out).toMatch(/^errors +0 % +10 % +\+10 % .* worse$/m);

      const drawn = join(file, '..', 'drawn.html');
      expect(await drumline(['report', before, '-o', drawn])).toMatchObject({ code: 0, out: `wrote ${drawn}\n` });
      expect(await readFile(drawn, 'utf8')).toContain('Latency by percentile');
      expect(await drumline(['compare', before, file])).toMatchObject({
        code: 2,
        err: expect.stringContaining('DRUM_SUMMARY_INVALID'),
      });
    });
  });
});
