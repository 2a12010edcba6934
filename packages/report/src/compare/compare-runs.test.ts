import { describe, expect, test } from 'vitest';
import { readSummary } from '../read-summary.ts';
import { type RecordedTask, recordedRun } from '../recorded-run.fixture.ts';
import type { Summary } from '../summary.ts';
import { type Comparison, compareRuns, type FigureVerdict } from './compare-runs.ts';
import { renderComparison } from './render-comparison.ts';

const OPS = 6_000;
const run = (seed: number, changes: Partial<RecordedTask> = {}): Summary =>
  recordedRun({ run: `r${seed}`, tasks: [{ seed, ops: OPS, factor: 1, failed: 20, ...changes }] }).summary;
const compare = (a: Summary, b: Summary, tolerance = 0.05): Comparison => compareRuns(a, b, { tolerance });
const verdicts = ({ tasks }: Comparison): Record<string, FigureVerdict> =>
  Object.fromEntries(tasks.flatMap(({ figures }) => figures.map(({ figure, verdict }) => [figure, verdict])));

describe('two runs of the same thing', () => {
  test('are rarely different: of 8 pairs with no tolerance, figures differ about as often as 95 % allows', () => {
    let different = 0;
    let all = 0;
    for (let seed = 1; seed < 17; seed += 2) {
      const { worse, better, same } = compare(run(seed), run(seed + 1), 0);
      different += worse + better;
      all += worse + better + same;
    }
    expect(all).toBeGreaterThan(80);
    expect(different / all).toBeLessThan(0.1);
  });

  test('are the same with the usual tolerance', () => {
    expect(compare(run(1), run(2))).toMatchObject({ worse: 0, better: 0, confidence: 0.95, tolerance: 0.05 });
  });

  test('are the same when they are one', () => {
    expect(compare(run(1), run(1), 0)).toMatchObject({ worse: 0, better: 0 });
  });
});

describe('a run that is slower', () => {
  const slower = compare(run(1), run(2, { factor: 1.2 }));

  test('is worse in its latencies, and in nothing else', () => {
    expect(verdicts(slower)).toMatchObject({
      rate: 'same',
      errors: 'same',
      dropped: 'same',
      'response p50': 'worse',
      'service p50': 'worse',
      'service p90': 'worse',
    });
  });

  test('is the same when the tolerance is wider', () => {
    expect(compare(run(1), run(2, { factor: 1.2 }), 0.5)).toMatchObject({ worse: 0, better: 0 });
  });

  test('makes the other one better: verdicts are mirrored, intervals change sides', () => {
    const faster = compare(run(2, { factor: 1.2 }), run(1));
    const mirrored = { worse: 'better', better: 'worse', same: 'same', undecided: 'undecided' } as const;
    const [a, b] = [slower, faster].map(({ tasks }) => tasks[0]?.figures ?? []);
    expect(b?.map(({ figure, verdict }) => [figure, verdict])).toEqual(
      a?.map(({ figure, verdict }) => [figure, mirrored[verdict]]),
    );
    const intervalOf = (figures: typeof a): (number | null | undefined)[] | undefined =>
      figures?.flatMap(({ interval }) => [interval?.low, interval?.high]);
    const negative = (bound: number | null | undefined): number | null | undefined =>
      typeof bound === 'number' ? 0 - bound : bound;
    expect(intervalOf(b)).toEqual(a?.flatMap(({ interval }) => [negative(interval?.high), negative(interval?.low)]));
  });
});

test('few values give no verdict about high percentiles', () => {
  const few = (seed: number): Summary => run(seed, { ops: 200, failed: 0 });
  expect(verdicts(compare(few(1), few(2)))).toMatchObject({ 'response p50': 'same', 'response p99.9': 'undecided' });
});

test('more errors are worse, a single one is not', () => {
  expect(verdicts(compare(run(1, { failed: 0 }), run(1, { failed: 1 })))['errors']).toBe('same');
  expect(verdicts(compare(run(1, { failed: 0 }), run(1, { failed: 40 })))['errors']).toBe('worse');
  expect(verdicts(compare(run(1, { failed: 40 }), run(1, { failed: 0 })))['errors']).toBe('better');
});

describe('warnings', () => {
  const a = run(1, { ops: 1_000 });

  test('say what differs between the plans', () => {
    const [task] = a.tasks;
    const b = {
      ...a,
      scale: 0.5,
      tasks: [
        { ...task!, seed: '8', ledger: { ...task!.ledger, planned: 500 } },
        { ...task!, task: 1 },
      ],
    };
    expect(compare(a, b).warnings.slice(0, 4)).toEqual([
      'scale: 1 in a, 0.5 in b',
      'task 0 (putItem): 1,000 ops were planned in a, 500 in b',
      'task 0 (putItem): the seed is 7 in a and 8 in b, so keys and values differ',
      'task 1 is nothing in a and putItem in b: not compared',
    ]);
    expect(compare(a, { ...a, played: { ...a.played!, plan: '[]' } }).warnings[0]).toContain('traffic files differ');
  });

  test('say that a run was disturbed, cut short, paused or changed', () => {
    const at = '2026-11-22T10:00:00.000Z';
    const played = { ...a.played!, pauses: [{ from: at, to: null }], rates: [{ at, factor: '2' }] };
    expect(compare(a, { ...a, state: 'stopped', balanced: false, played }).warnings).toEqual([
      'a: 5.0 % of its seconds were disturbed by something besides the target; --clean leaves them out',
      'b: 5.0 % of its seconds were disturbed by something besides the target; --clean leaves them out',
      'b: the run did not finish, it is stopped',
      'b: its ledger does not balance',
      'b: it stood still once',
      'b: its rates were changed once while it ran',
    ]);
  });
});

describe('on a terminal', () => {
  const comparison = compare(run(1, { ops: 1_000 }), run(2, { ops: 1_000, factor: 2 }));

  test('leads with the verdict and shows both values, the change and its interval', () => {
    const lines = renderComparison(comparison, { columns: 120, color: false }).split('\n');
    expect(lines.slice(0, 2)).toEqual(['Run r2 against run r1', '95 % confidence for each figure · tolerance 5.0 %']);
    expect(lines[2]).toMatch(/^✗ \d+ worse, \d+ better, \d+ the same, \d+ undecided$/);
    expect(lines.find((line) => line.startsWith('service p50 (uncorrected)'))).toMatch(
      /1\.\d\d ms +\d\.\d\d ms +\+\d+ % +\+\d+ % … \+\d+ % +worse$/,
    );
  });

  test.each([100, 60, 30])('fits %d columns', (columns) => {
    const lines = renderComparison(comparison, { columns, color: false }).split('\n');
    expect(Math.max(...lines.map((line) => Array.from(line).length))).toBeLessThanOrEqual(columns);
  });
});

describe('the summary that is read', () => {
  const summary = run(1, { ops: 100 });

  test('is the one that was written', () => {
    expect(readSummary(JSON.stringify(summary), 'a.json')).toEqual(summary);
  });

  test.each([
    ['nothing', '', 'it is not JSON'],
    ['another document', '[]', 'the document: '],
    ['a summary without histograms', JSON.stringify(summary).replaceAll('"hdr"', '"old"'), 'tasks.0.response.hdr: '],
  ])('is refused when it is %s', (_, text, problem) => {
    expect(() => readSummary(text, 'a.json')).toThrow(
      expect.objectContaining({ code: 'DRUM_SUMMARY_INVALID', message: expect.stringContaining(problem) }),
    );
  });
});
