import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Summary } from '@drumline/report';
import { HistogramLogReader } from 'hdr-histogram-js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { drumline, eventually, type RunningRedis, startRedis } from '../servers/index.ts';
import { Stage } from './stage.ts';

let redis: RunningRedis;
let target: readonly string[];
beforeAll(async () => {
  redis = await startRedis();
  target = ['--db', 'redis', '--endpoint', `redis://127.0.0.1:${redis.port}/1`];
});
afterAll(() => redis.stop());

const traffic = [
  { action: 'putItem', seed: 1, qps: 200, duration: '3s', data: { a: 3 } },
  { action: 'getItem', seed: 1, qps: 100, times: 50 },
];

interface SecondLine {
  readonly kind: 'second';
  readonly lengthUs: number;
  readonly at: string;
  readonly tasks: readonly {
    readonly task: number;
    readonly planned: number;
    readonly sent: number;
    readonly ok: number;
  }[];
}

const linesOf = (text: string): unknown[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);

const total = (lines: readonly SecondLine[], task: number, of: 'planned' | 'sent' | 'ok'): number =>
  lines.flatMap(({ tasks }) => tasks).reduce((sum, one) => sum + (one.task === task ? one[of] : 0), 0);

/** The values of one metric, by its labels as they are written. */
const seriesOf = (metrics: string, name: string): Record<string, number> =>
  Object.fromEntries(
    [...metrics.matchAll(new RegExp(`^${name}(?:\\{(.*)\\})? (\\S+)$`, 'gm'))].map(([, labels = '', value]) => [
      labels,
      Number(value),
    ]),
  );

describe('what a run writes for programs', () => {
  test('adds up to its summary, in every format', async () => {
    await Stage.play(redis, {}, async (stage) => {
      const path = (name: string): string => join(stage.folder, name);
      const file = await stage.file('traffic.json', traffic);
      const outputs = ['--jsonl', path('run.jsonl'), '--csv', path('run.csv'), '--junit', path('junit.xml')];
      const more = ['--hdr', path('hdr'), '--metrics', '0', '--json'];
      const running = stage.startAlone('run', [
        '--config',
        stage.config,
        '--traffic',
        file,
        ...target,
        ...outputs,
        ...more,
      ]);
      await running.prints(/metrics are at http/);
      const [, url = ''] = /metrics are at (http:[^"\s]+)/.exec(running.err) ?? [];
      const scraped = await eventually('a sent op in the metrics', async () => {
        const text = await (await fetch(url)).text();
        return Object.values(seriesOf(text, 'drumline_ops_sent_total')).some((sent) => sent > 0) && text;
      });
      const { code, out } = await running.finishes();
      expect(code).toBe(0);
      const summary = JSON.parse(out) as Summary;

      const lines = linesOf(await readFile(path('run.jsonl'), 'utf8'));
      const seconds = lines.slice(0, -1) as SecondLine[];
      expect(lines.at(-1)).toEqual({ kind: 'summary', ...summary });
      expect(seconds.every(({ kind }) => kind === 'second')).toBe(true);
      for (const { task, ledger } of summary.tasks) {
        const { planned, ok } = ledger;
        expect(['planned', 'sent', 'ok'].map((of) => total(seconds, task, of as 'ok'))).toEqual([planned, planned, ok]);
      }
      for (const [i, line] of seconds.slice(1).entries()) {
        const before = seconds[i]!;
        expect(Date.parse(line.at)).toBe(Date.parse(before.at) + before.lengthUs / 1_000);
      }

      const [head = '', ...rows] = (await readFile(path('run.csv'), 'utf8')).trimEnd().split('\n');
      const sent = head.split(',').indexOf('sent');
      expect(rows.reduce((sum, row) => sum + Number(row.split(',')[sent]), 0)).toBe(summary.ledger.planned);

      expect(await readFile(path('junit.xml'), 'utf8')).toContain(
        '<testcase classname="drumline.tasks" name="task 1: getItem"',
      );

      expect((await readdir(path('hdr'))).toSorted()).toEqual(
        ['task0-putItem', 'task1-getItem'].flatMap((task) =>
          ['lateness', 'response', 'service'].map((kind) => `${task}-${kind}.hlog`),
        ),
      );
      const reader = new HistogramLogReader(await readFile(path('hdr/task0-putItem-response.hlog'), 'utf8'));
      let counted = 0;
      let max = 0;
      for (let read = reader.nextIntervalHistogram(); read !== null; read = reader.nextIntervalHistogram()) {
        counted += read.totalCount;
        max = Math.max(max, read.maxValue);
      }
      expect([counted, max]).toEqual([summary.tasks[0]?.response.count, summary.tasks[0]?.response.maxUs]);

      expect(seriesOf(scraped, 'drumline_workers')).toEqual({ '': 1 });
      expect(seriesOf(scraped, 'drumline_rate_planned')).toEqual({ 'task="0",action="putItem"': 200 });
      expect(seriesOf(scraped, 'drumline_run_info')).toEqual({ [`run="${summary.run}",prefix="${stage.prefix}"`]: 1 });
      await expect(fetch(url)).rejects.toThrow('fetch failed');
    });
  });

  test('has standard output to itself with -, and the summary is on standard error', async () => {
    await Stage.play(redis, {}, async (stage) => {
      const file = await stage.file('traffic.json', {
        action: 'putItem',
        seed: 2,
        qps: 100,
        times: 40,
        data: { a: 3 },
      });
      const files = ['--config', stage.config, '--traffic', file];
      const { code, out, err } = await drumline(['run', ...files, ...target, '--jsonl', '-']);
      const lines = linesOf(out) as { readonly kind: string }[];
      expect([code, lines.at(-1)?.kind, lines.length > 1]).toEqual([0, 'summary', true]);
      expect(err).toMatch(/^Run \w{8} finished$/m);
    });
  });

  test('survives a full disk: the run ends in order, and says what is missing', async () => {
    await Stage.play(redis, {}, async (stage) => {
      const file = await stage.file('traffic.json', {
        action: 'putItem',
        seed: 3,
        qps: 100,
        duration: '2s',
        data: { a: 3 },
      });
      const files = ['--config', stage.config, '--traffic', file];
      const ended = await drumline(['run', ...files, ...target, '--json', '--csv', '/dev/full']);
      const { balanced, notes } = JSON.parse(ended.out) as Summary;
      expect([ended.code, balanced]).toEqual([0, true]);
      expect(notes).toContainEqual(expect.stringMatching(/^--csv \/dev\/full is incomplete: ENOSPC/));
      expect(ended.err).toMatch(/"level":40.*--csv \/dev\/full is incomplete: ENOSPC.*The run goes on without it/);
    });
  });

  test('is refused before the run when it cannot be written, or goes to one place twice', async () => {
    await Stage.play(redis, {}, async (stage) => {
      const file = await stage.file('traffic.json', traffic);
      const refused = async (...args: readonly string[]): Promise<unknown[]> => {
        const { code, err } = await drumline(['run', '--config', stage.config, '--traffic', file, ...target, ...args]);
        return [code, err.split('\n').find((line) => line.startsWith('DRUM_')) ?? err];
      };
      const nowhere = join(stage.folder, 'none', 'x');
      expect(await refused('--junit', nowhere)).toEqual([
        2,
        expect.stringMatching(/^DRUM_OUTPUT_UNUSABLE: --junit .*none does not exist/),
      ]);
      expect(await refused('--jsonl', '-', '--json')).toEqual([
        2,
        'DRUM_USAGE: --jsonl - and --json both want standard output',
      ]);
      const taken = String(redis.port);
      expect(await refused('--metrics', taken)).toEqual([
        2,
        `DRUM_METRICS_ADDRESS: --metrics 127.0.0.1:${taken} cannot be listened on: somebody else listens there`,
      ]);
      expect(await refused('--metrics', 'nine')).toEqual([
        2,
        expect.stringContaining('It must be a port, or host:port'),
      ]);
    });
  });
});
