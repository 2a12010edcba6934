import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Summary } from '@drumline/report';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { drumline, type Ended, startRedis, startTimedHttp, type TimedHttp } from '../servers/index.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drumline-http-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function file(name: string, value: object): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, JSON.stringify(value));
  return path;
}

function summaryOf({ code, out, err }: Ended): Summary {
  expect(`${code} ${err.replaceAll(/^\{.*$\n?/gm, '')}`).toBe('0 ');
  return JSON.parse(out) as Summary;
}

/** `drumline run` in one process. @returns how it ended. */
async function run(traffic: object, config: object = {}, more: readonly string[] = []): Promise<Ended> {
  const files = [
    '--config',
    await file('config.json', { table_name: 'none', threads: 2, ...config }),
    '--traffic',
    await file('traffic.json', traffic),
  ];
  return drumline(['run', ...files, '--json', ...more]);
}

const sorted = (server: TimedHttp): string[] => server.log.map(({ url }) => url).toSorted();

describe('drumline http', () => {
  test('needs no file, and says how many answers had which status', async () => {
    await using server = await startTimedHttp({ status: (url) => (url.endsWith('0') ? 503 : 200) });
    const options = ['--qps', '200', '--times', '50', '--expect-status', '200,404', '--json'];
    const [task] = summaryOf(await drumline(['http', `${server.url}/items/{{n}}`, ...options])).tasks;
    expect(task).toMatchObject({
      action: 'http',
      name: 'GET /items/{{n}}',
      ledger: { planned: 50, ok: 45, failed: 5 },
      statuses: { 200: 45, 503: 5 },
      errors: { DRUM_CHECK_STATUS: 5 },
      phases: { firstByte: { count: 50 } },
    });
    expect(sorted(server)).toEqual(Array.from({ length: 50 }, (_, n) => `/items/${n}`).toSorted());
  });

  test.each([
    [['http://127.0.0.1:1/{{nn}}'], 'did you mean {{n}}?'],
    [['http://127.0.0.1:1/', '--expect-status', '999'], 'checks.status[0] is 999, which no answer has'],
    [['http://127.0.0.1:1/', '--auth', 'bearer'], 'DRUM_HTTP_CREDENTIALS'],
  ])('%j is refused before anything is sent', async (args, sentence) => {
    const { code, err } = await drumline(['http', ...args]);
    expect(code).toBe(2);
    expect(err).toContain(sentence);
  });
});

describe('http tasks', () => {
  const request = { url: '/{{key}}/{{hex 8}}', query: { page: '{{random 1 100}}' } };
  const traffic = { action: 'http', qps: 300, times: 120, seed: 7, request };

  test('send the same requests whatever the fleet, another seed others', async () => {
    const seen: string[][] = [];
    for (const [seed, workers] of [
      [7, '1'],
      [7, '3'],
      [8, '1'],
    ] as const) {
      await using server = await startTimedHttp();
      const config = { http: { base_url: server.url } };
      const summary = summaryOf(await run({ ...traffic, seed }, config, ['--workers', workers]));
      expect(summary.ledger).toMatchObject({ planned: 120, ok: 120 });
      seen.push(sorted(server));
    }
    expect(new Set(seen[0]).size).toBe(120);
    expect(seen[1]).toEqual(seen[0]);
    expect(seen[2]).not.toEqual(seen[0]);
  });

  test('run beside data tasks on the same workers, on OS threads over Redis', async () => {
    const redis = await startRedis();
    try {
      await using server = await startTimedHttp();
      const plan = [[[traffic], [{ action: 'putItem', qps: 300, times: 120, data: { a: 1 } }]]];
      const target = ['--db', 'redis', '--endpoint', `127.0.0.1:${redis.port}`, '--redis', `127.0.0.1:${redis.port}/1`];
      const config = { http: { base_url: server.url } };
      const summary = summaryOf(await run(plan, config, [...target, '--engines', '2']));
      expect(summary.tasks.map(({ action, ledger }) => [action, ledger.ok])).toEqual([
        ['http', 120],
        ['putItem', 120],
      ]);
      expect(summary.tasks.map(({ statuses }) => statuses)).toEqual([{ 200: 120 }, undefined]);
    } finally {
      await redis.stop();
    }
  });

  test('are refused when their url is a path and nobody says of what', async () => {
    const { code, err } = await run(traffic);
    expect([code, err]).toEqual([2, expect.stringMatching(/^DRUM_HTTP_NO_BASE: the url \/\{\{key\}\}/m)]);
  });

  test('count an answer that does not come, by the config’s time-out', async () => {
    await using server = await startTimedHttp({ delayOf: (url) => (url.includes('slow') ? 60_000 : 0) });
    const slow = { action: 'http', qps: 100, times: 5, request: { url: `${server.url}/slow` } };
    const [task] = summaryOf(await run(slow, { timeout: '200ms' })).tasks;
    expect(task).toMatchObject({ ledger: { ok: 0, failed: 5 }, errors: { DRUM_OP_TIMEOUT: 5 } });
  });
});

/** µs that a busy machine may keep a process off its core. */
const OFF_CORE = 100_000;

describe('what is measured of an HTTP server', () => {
  /**
   * The server writes down when each answer left. From that and the plan follows what every response took; the engine's own
   * figures may differ by what it takes to read an answer, which is bounded by how late its event loop was.
   */
  test('is what the server did: delays, and a stall that delays everybody behind it', async () => {
    const qps = 100;
    await using server = await startTimedHttp({
      delayOf: (url) => (url.endsWith('9') ? 200 : 20),
      stall: { after: 1_000, length: 1_000 },
    });
    const args = ['http', `${server.url}/{{n}}`, '--qps', String(qps), '--duration', '3s', '--json'];
    const summary = summaryOf(await drumline(args));
    const [task] = summary.tasks;
    const began = Date.parse(summary.started) * 1_000;
    // Op n is due when the area under the rate has come to n + 1.
    const took = server.log
      .map(({ url, answered }) => answered - began - ((Number(url.slice(1)) + 1) * 1e6) / qps)
      .toSorted((a, b) => a - b);
    const at = (share: number): number => took[Math.ceil(share * took.length) - 1] ?? 0;
    expect([took.length, task?.ledger.ok, task?.response.count]).toEqual([300, 300, 300]);
    // `started` is in whole ms, histograms are exact to 0.1 %, and either process may have been off its core between the two
    // readings of one answer: half of all ops are spared that, the slowest are not.
    const bar = 5_000 + 2 * (summary.certificate?.clockErrorUs ?? 0);
    const late = (summary.certificate?.generator.loopDelayMaxUs ?? 0) + OFF_CORE;
    for (const [measured, real, spared] of [
      [task?.response.p50Us, at(0.5), true],
      [task?.response.p90Us, at(0.9), false],
      [task?.response.p99Us, at(0.99), false],
      [task?.response.maxUs, at(1), false],
    ] as const) {
      expect(measured).toBeGreaterThan(0.998 * real - (spared ? bar : bar + OFF_CORE));
      expect(measured).toBeLessThan(1.002 * real + bar + late);
    }
    // Whoever was due at the beginning of the stall waited for its end.
    expect(at(0.99)).toBeGreaterThan(900_000);
  });
});
