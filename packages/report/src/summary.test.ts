import { readFileSync } from 'node:fs';
import { NO_DIGEST } from '@drumline/core/data';
import { type LedgerEntry, ledgerOf } from '@drumline/core/ledger';
import type { RunRecord } from '@drumline/core/run';
import { parseSlo } from '@drumline/core/slo';
import { Histogram, HttpStats } from '@drumline/core/stats';
import { micros } from '@drumline/core/units';
import { encodeReport } from '@drumline/core/wire';
import { describe, expect, test } from 'vitest';
import { FanIn } from './fan-in.ts';
import { SloJudge } from './judge/index.ts';
import { recordedRun } from './recorded-run.fixture.ts';
import { renderSummary } from './render-summary.ts';
import { renderJson, type Summary, type SummaryInput, summarise } from './summary.ts';
import { at, PlayedTask, T0, workerReport } from './worker-report.fixture.ts';

const SECOND = 1_000_000;
/** 100 ops/s over a second, intended every 10 ms from 0. */
const BEATS = Array.from({ length: 100 }, (_, i) => i * 10_000);

/** The schedule of 100 ops/s from 0 to 1 s. */
function plannedInWindow(_task: number, from: number, to: number): number {
  return dueAt(to) - dueAt(from);
}
const dueAt = (us: number): number => Math.min(100, Math.max(0, Math.ceil((us - T0) / 10_000)));

function input(
  sends: readonly number[],
  changes: Partial<SummaryInput> = {},
  entry: Partial<LedgerEntry> = {},
): SummaryInput {
  const figures = new FanIn();
  figures.accept(workerReport({ tasks: [new PlayedTask().play(sends).report()] }));
  const counts = {
    published: 100,
    ok: sends.length,
    failed: 0,
    dropped: 100 - sends.length,
    duplicate: 0,
    digest: NO_DIGEST,
  };
  return {
    run: 'r1',
    prefix: 'dst',
    started: T0,
    ended: at(2 * SECOND),
    scale: 1,
    speed: 1,
    state: 'finished',
    ledger: ledgerOf([{ task: 0, action: 'putItem', planned: 100, skipped: 0, counts, ...entry }]),
    spans: new Map([[0, { from: T0, to: at(SECOND) }]]),
    plannedInWindow,
    figures,
    deadLetters: 0,
    ...changes,
  };
}

describe('the summary of a run', () => {
  test('that kept time holds every window', () => {
    const summary = summarise(input(BEATS));
    expect(summary).toMatchObject({
      started: '2023-11-14T22:13:20.000Z',
      elapsedUs: 2 * SECOND,
      ledger: { planned: 100, published: 100, ok: 100, failed: 0, dropped: 0, duplicate: 0 },
      balanced: true,
      notes: [],
    });
    expect(summary.tasks[0]).toMatchObject({
      ledger: summary.ledger,
      rate: { planned: 100, achieved: 100, held: 1 },
      worstWindow: { planned: 10, sent: 10, deviation: 0 },
      response: { count: 100, minUs: 1_000, p50Us: 1_000, p999Us: 1_000, maxUs: 1_000, meanUs: 1_000, stddevUs: 0 },
      service: { p99Us: 900, uncorrected: true },
      lateness: { p50Us: 100 },
      items: 100,
      capacity: 50,
      bytesSent: 10_000,
    });
    expect(summary.workers).toMatchObject([
      { worker: 'w1', sent: 100, restarts: 0, missedReports: 0, clockErrorUs: 80 },
    ]);
  });

  test('that stalled for 300 ms and caught up names the window and the deviation', () => {
    const stalled = BEATS.map((us) => (us >= 300_000 && us < 600_000 ? 600_000 : us));
    const [task] = summarise(input(stalled)).tasks;
    expect(task?.worstWindow).toEqual({ at: '2023-11-14T22:13:20.600Z', planned: 10, sent: 40, deviation: 30 });
    expect(task?.rate).toEqual({ planned: 100, achieved: 100, held: 0.6 });
  });

  test('whose sends went on after the plan had ended achieved less than planned', () => {
    const [task] = summarise(input(BEATS.map((us) => 2 * us))).tasks;
    expect(task?.rate).toMatchObject({ planned: 100, achieved: 50 });
    expect(task?.worstWindow?.deviation).toBe(-5);
  });

  test('a task that never began has no window', () => {
    const [task] = summarise(input([], { spans: new Map(), figures: new FanIn() })).tasks;
    expect(task).toMatchObject({
      worstWindow: null,
      rate: { planned: 0, achieved: 0, held: 0 },
      response: { count: 0, p99Us: 0 },
    });
  });

  test('notes say what does not balance and where statistics are missing', () => {
    const counts = { published: 100, ok: 98, failed: 1, dropped: 0, duplicate: 0, digest: NO_DIGEST };
    const { balanced, notes } = summarise(input(BEATS.slice(0, 90), { notes: ['pushed late'] }, { counts }));
    expect(balanced).toBe(false);
    expect(notes).toEqual([
      'task 0 (putItem): 1 of 100 ops published have no outcome',
      'pushed late',
      'task 0 (putItem): 9 ops are in the ledger but not in the latencies: a worker ended without its last report',
    ]);
  });

  test('notes say that a clock was not known well, that latencies were clamped and messages unreadable', () => {
    const figures = new FanIn();
    figures.receive('?');
    const endless = new PlayedTask().play([0]).report();
    endless.response.record(micros(1e12));
    figures.accept(workerReport({ clockError: micros(2_500), tasks: [endless] }));
    const { notes } = summarise(input([0], { figures }));
    expect(notes).toEqual([
      'task 0 (putItem): 1 latencies were outside 0 … 1 h and count as the nearest bound',
      '1 messages on the stats channel could not be read',
      'a worker knew the time only to ±2.50 ms: lateness and response carry that error',
    ]);
  });

  test('says what was played: the plan, seeds, pauses, and when rates changed', () => {
    const { summary } = recordedRun({
      run: 'r1',
      plan: '[]',
      tasks: [{ seed: 1, ops: 10, factor: 1, failed: 0 }],
      pauses: [{ from: at(1 * SECOND), to: at(3 * SECOND) }, { from: at(9 * SECOND) }],
      // After 0.5 s, and after 2 s of the plan, which the first pause made 4.
      rates: [
        { beat: 50, factor: '2' },
        { beat: 200, factor: '1/3' },
      ],
    });
    expect(summary.played).toEqual({
      plan: '[]',
      pauses: [
        { from: '2023-11-14T22:13:21.000Z', to: '2023-11-14T22:13:23.000Z' },
        { from: '2023-11-14T22:13:29.000Z', to: null },
      ],
      rates: [
        { at: '2023-11-14T22:13:20.500Z', factor: '2' },
        { at: '2023-11-14T22:13:24.000Z', factor: '1/3' },
      ],
    });
    expect(summary.tasks[0]?.seed).toBe('7');
  });

  test('as JSON is one document with the same content', () => {
    const summary = summarise(input(BEATS));
    expect(JSON.parse(renderJson(summary))).toEqual(summary);
  });
});

describe('the summary on a terminal', () => {
  const long: Summary = summarise(
    input(BEATS.slice(0, 99), {
      scale: 0.001,
      deadLetters: 1,
      notes: [
        'a note that is longer than a narrow terminal is wide, and a wordthatislongerthananarrowterminaliswideitself',
      ],
    }),
  );

  test('shows ledger, rates and both latencies with units', () => {
    const text = renderSummary(summarise(input(BEATS)), { columns: 120, color: false });
    expect(text.split('\n')).toEqual([
      'Run r1 finished',
      'prefix dst · 2023-11-14T22:13:20.000Z + 2.00 s',
      '✓ balanced: every planned op has exactly one outcome',
      '',
      'ops        planned  published   ok  failed  dropped  duplicate',
      '0 putItem      100        100  100       0        0          0',
      '',
      'rate       planned  achieved  windows held                  worst 100 ms',
      '0 putItem  100.0/s   100.0/s         100 %  10 of 10 (0 %) at 22:13:20.0',
      '',
      '✓ rate held: 100 % of the planned ops went out in their second (at least 99 % are needed)',
      'windows   of   held                               worst',
      '10 ms    100  100 %      1 of 1 at 22:13:20.000, task 0',
      '100 ms    10  100 %    10 of 10 at 22:13:20.000, task 0',
      '1 s        1  100 %  100 of 100 at 22:13:20.000, task 0',
      'jitter of the sends: p50 0 µs · p90 0 µs · p99 0 µs · p99.9 0 µs · max 0 µs',
      'late 0 (waited for a place 0) · dropped 0 · clock ±80 µs',
      "generator: CPU 0.50 cores (a worker's peak 0.50) · event loop busy 30.0 %, delay p99 1.00 ms, max 2.00 ms",
      '',
      'latency                               p50      p90      p95      p99    p99.9      max     mean',
      '0 putItem  response               1.00 ms  1.00 ms  1.00 ms  1.00 ms  1.00 ms  1.00 ms  1.00 ms',
      '           service (uncorrected)   900 µs   900 µs   900 µs   900 µs   900 µs   900 µs   900 µs',
      '           lateness                100 µs   100 µs   100 µs   100 µs   100 µs   100 µs   100 µs',
      '',
      'volume     items  capacity     sent  received',
      '0 putItem    100        50  10.0 kB   5.00 kB',
      '',
      'worker  sent  failed  dropped  restarts   clock   memory',
      'w1       100       0        0         0  ±80 µs  90.0 MB',
      '',
    ]);
  });

  test.each([200, 120, 80, 60, 40, 25])('fits %d columns and loses no figure of the ledger', (columns) => {
    const text = renderSummary(long, { columns, color: false });
    for (const line of text.split('\n')) expect(Array.from(line).length).toBeLessThanOrEqual(columns);
    for (const word of ['planned', 'duplicate', '99', 'response', 'p99.9']) expect(text).toContain(word);
  });

  test.each([1, 5, 12])('survives %d columns', (columns) => {
    const lines = renderSummary(long, { columns, color: false }).split('\n');
    expect(Math.max(...lines.map((line) => Array.from(line).length))).toBeLessThanOrEqual(columns);
  });

  describe('with disturbed seconds', () => {
    const figures = new FanIn();
    const task = new PlayedTask().play([0]).play([], [SECOND]).disturb();
    const seconds = { run: 'r1', of: 1_300, disturbed: 12, stall: 10, redelivery: 3, clock: 0 };
    figures.accept(workerReport({ tasks: [task.report()], seconds: [seconds] }));

    test('says how many, why, and what the figures are', () => {
      const all = summarise(input([], { figures }));
      expect(renderSummary(all, { columns: 120, color: false })).toContain(
        '\n! 12 of 1,300 worker-seconds were disturbed (stall 10, redelivery 3): latencies with them; --clean leaves them out\n',
      );
      expect(all.tasks[0]).toMatchObject({
        response: { count: 2, maxUs: 5_003 },
        clean: { response: { count: 1, maxUs: 1_000 } },
      });
    });

    test('shows latencies without them on request', () => {
      const clean = summarise(input([], { figures, clean: true }));
      const lines = renderSummary(clean, { columns: 120, color: false }).split('\n');
      expect(lines.find((line) => line.includes(' response '))).not.toContain('5.00 ms');
      expect(lines).toContain(
        '! 12 of 1,300 worker-seconds were disturbed (stall 10, redelivery 3): latencies without them',
      );
      expect({ ...clean, shown: 'all' }).toEqual(summarise(input([], { figures })));
    });

    test('says nothing when there are none', () => {
      expect(renderSummary(summarise(input(BEATS)), { columns: 120, color: false })).not.toContain('disturbed');
    });
  });

  test('colours add escapes and nothing else', () => {
    const colored = renderSummary(long, { columns: 100, color: true });
    expect(colored).toContain('\u001b[32m✓ balanced');
    // oxlint-disable-next-line no-control-regex
    expect(colored.replaceAll(/\u001b\[\d+m/g, '')).toBe(renderSummary(long, { columns: 100, color: false }));
  });

  test('names cannot steer the terminal', () => {
    const hostile = { ...long, run: '\u001b[2J', prefix: 'a\nb', notes: ['\u001b]0;x\u0007'] };
    const lines = renderSummary(hostile, { columns: 80, color: false });
    expect(lines).toContain('Run ?[2J');
    // oxlint-disable-next-line no-control-regex
    expect(lines).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
  });
});

describe('docs/statistics.md', () => {
  const page = readFileSync(new URL('../../../docs/statistics.md', import.meta.url), 'utf8');
  const described = page
    .split('\n')
    .flatMap((line) => [...(/^\|([^|]*)\|/.exec(line)?.[1] ?? '').matchAll(/`(\w+)`/g)].map(([, name]) => name));

  test('describes every figure of reports and summaries, and no other', () => {
    const task = new PlayedTask().play([0]).disturb().report();
    const seconds = [{ run: 'r1', of: 1, disturbed: 1, stall: 1, redelivery: 0, clock: 0 }];
    const counts = { published: 100, ok: 100, failed: 0, dropped: 0, duplicate: 0, digest: '1'.repeat(16) };
    const { summary: played } = recordedRun({
      run: 'r1',
      tasks: [{ seed: 1, ops: 100, factor: 1, failed: 0 }],
      rates: [{ beat: 1, factor: '2' }],
      pauses: [{ from: T0 }],
    });
    const report: unknown = JSON.parse(encodeReport(workerReport({ tasks: [task], seconds })));
    const figures = [
      ...namesIn(report),
      ...namesIn(summarise(input(BEATS, { judge: judgeOf('rate > 1% over 1s') }, { counts }))),
    ];
    expect(new Set(described)).toEqual(new Set([...figures, ...namesIn(played), ...namesIn(httpTask())]));
  });
});

/** Report and summary of an http task. */
function httpTask(): unknown[] {
  const http = new HttpStats();
  http.record({ status: 0, connect: micros(5), firstByte: micros(9) });
  const report = workerReport({ tasks: [{ ...new PlayedTask().play([0]).report(), http }] });
  const figures = new FanIn();
  figures.accept(report);
  const record = { plan: '', origin: T0, pauses: [], rates: [], tasks: [{ http: { name: 'read' } }] };
  const summary = summarise(input([], { figures, record: record as unknown as RunRecord }));
  return [JSON.parse(encodeReport(report)), summary];
}

/** A judge of one threshold that has seen a second. */
function judgeOf(text: string): SloJudge {
  const parsed = parseSlo(text);
  const judge = new SloJudge('slo' in parsed ? [parsed.slo] : []);
  const nothing = { response: new Histogram(), service: new Histogram(), lateness: new Histogram() };
  const counts = { planned: 9, sent: 9, ok: 9, failed: 0, dropped: 0, errors: new Map<string, number>() };
  const point = {
    at: T0,
    length: micros(SECOND),
    state: 'running',
    factor: 1,
    backlog: micros(0),
    queued: 0,
    inFlight: 0,
    disturbed: false,
    tasks: [{ task: 0, action: 'putItem', ...counts, ...nothing }],
    workers: [],
  };
  judge.add(point);
  judge.add({ ...point, at: at(SECOND) });
  return judge;
}

/** Names of all fields within `value`. */
function namesIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return value.flatMap(namesIn);
  return Object.entries(value).flatMap(([name, inner]) => [name, ...namesIn(inner)]);
}
