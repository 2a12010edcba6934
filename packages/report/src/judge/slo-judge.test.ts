import { parseSlo, type Slo } from '@drumline/core/slo';
import { Histogram } from '@drumline/core/stats';
import { micros, millis } from '@drumline/core/units';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PLAIN } from '../table.ts';
import type { TaskInterval, TimelinePoint } from '../timeline.ts';
import { at } from '../worker-report.fixture.ts';
import { renderSlos } from './render-slos.ts';
import { figuresOf, SlidingWindow } from './sliding-window.ts';
import { isDecided, noFigures, opsNeeded, valueOf } from './slo-figures.ts';
import { SloJudge } from './slo-judge.ts';

const SECOND = 1_000_000;

function sloOf(text: string): Slo {
  const result = parseSlo(text);
  if ('problems' in result) throw new Error(JSON.stringify(result.problems));
  return result.slo;
}

const histogramOf = (values: readonly number[]): Histogram => {
  const histogram = new Histogram();
  for (const value of values) histogram.record(micros(value));
  return histogram;
};

interface Second {
  readonly planned?: number;
  readonly sent?: number;
  readonly ok?: number;
  readonly failed?: number;
  readonly dropped?: number;
  /** Response times in µs; of them `ok` is made when it is not said. */
  readonly responses?: readonly number[];
}

function interval(task: number, action: string, second: Second): TaskInterval {
  const { responses = [], ok = responses.length, failed = 0, dropped = 0, sent = ok + failed } = second;
  return {
    task,
    action,
    planned: second.planned ?? sent,
    sent,
    ok,
    failed,
    dropped,
    errors: new Map(),
    response: histogramOf(responses),
    service: new Histogram(),
    lateness: new Histogram(),
  };
}

const pointOf = (second: number, tasks: readonly TaskInterval[]): TimelinePoint => ({
  at: at(second * SECOND),
  length: micros(SECOND),
  state: 'running',
  factor: 1,
  backlog: micros(0),
  queued: 0,
  inFlight: 0,
  disturbed: false,
  tasks,
  workers: [{ worker: 'w', rate: 0, inFlight: 0, cpu: 0, loopDelayP99: millis(0) }],
});

/** A judge of one threshold after some seconds of one task, and what it said to abort for in each; it begins before them. */
function judged(text: string, seconds: readonly Second[]) {
  const judge = new SloJudge([sloOf(text)]);
  if (text.includes('over')) judge.add(pointOf(-1, [interval(0, 'getItem', { planned: 1, sent: 0 })]));
  const aborts = seconds.map((second, i) => judge.add(pointOf(i, [interval(0, 'getItem', second)])).length);
  const [verdict] = judge.verdicts(() => noFigures());
  return { verdict, aborts };
}

describe('a threshold over windows', () => {
  test('is missed when one window is, and names the worst', () => {
    const quiet = { ok: 100 };
    const { verdict } = judged('errors < 5% over 2s', [quiet, quiet, { ok: 80, failed: 20 }, quiet, quiet]);
    expect(verdict).toEqual({
      text: 'errors < 5% over 2s',
      scope: null,
      unit: 'share',
      value: 0.1,
      bound: 0.05,
      ok: false,
      decided: true,
      aborted: false,
      windows: { count: 4, missed: 2, undecided: 0 },
      worstWindow: { at: '2023-11-14T22:13:21.000Z', value: 0.1 },
    });
  });

  test('is kept when each window is, although a second is not', () => {
    const { verdict } = judged('errors < 50% over 2s', [{ ok: 9 }, { failed: 3 }, { ok: 9 }]);
    expect(verdict).toMatchObject({ ok: true, windows: { count: 2, missed: 0 } });
  });

  test('windows with too few ops for the percentile are undecided, and when all are, so is the threshold', () => {
    const slow = { responses: Array.from({ length: 60 }, () => 900_000) };
    const { verdict } = judged('response_time p99 < 1ms over 2s', [
      { responses: [900_000] },
      { responses: [900_000] },
      slow,
      slow,
    ]);
    expect(verdict).toMatchObject({ ok: false, decided: true, windows: { count: 3, missed: 1, undecided: 2 } });
    const few = judged('response_time p99 < 1ms over 2s', [{ responses: [1] }, { responses: [1] }]);
    expect(few.verdict).toMatchObject({ ok: false, decided: false, value: null, worstWindow: null });
  });

  test('is undecided in a run that is shorter than its window', () => {
    expect(judged('errors < 1% over 10s', [{ ok: 1_000 }]).verdict).toMatchObject({ ok: false, decided: false });
  });

  test('of a rate is held against what was planned in the window, less one op that crosses its end', () => {
    const seconds = [
      { planned: 100, sent: 99 },
      { planned: 100, sent: 80 },
      { planned: 100, sent: 121 },
    ];
    expect(judged('rate >= 100% over 1s', seconds).verdict).toMatchObject({ value: 0.81, windows: { missed: 1 } });
    expect(judged('rate > 95% over 3s', seconds).verdict).toMatchObject({ ok: true, value: 1 });
  });
});

test('windows begin with the first whole second of the threshold’s tasks', () => {
  const judge = new SloJudge([sloOf('1: rate > 90% over 1s')]);
  const begins = interval(1, 'putItem', { planned: 50, sent: 0 });
  const goesOn = interval(1, 'putItem', { planned: 50, sent: 50 });
  const other = interval(0, 'getItem', { planned: 9, sent: 0 });
  for (const [i, tasks] of [[other], [other, begins], [goesOn], [goesOn]].entries()) judge.add(pointOf(i, tasks));
  expect(judge.verdicts(() => noFigures())).toMatchObject([
    { ok: true, windows: { count: 2, missed: 0, undecided: 0 } },
  ]);
});

describe('abort', () => {
  test('is said once, in the second in which a window misses', () => {
    const bad = { ok: 0, failed: 100 };
    const { aborts, verdict } = judged('errors < 5% over 2s abort', [bad, bad, bad]);
    expect(aborts).toEqual([0, 1, 0]);
    expect(verdict).toMatchObject({ aborted: true, ok: false });
  });

  test('without windows it looks at all ops so far, when there are enough of them', () => {
    const { aborts, verdict } = judged('errors < 1% abort', [{ ok: 49, failed: 1 }, { ok: 49 }, { ok: 9, failed: 1 }]);
    expect(aborts).toEqual([0, 0, 1]);
    expect(verdict).toMatchObject({ aborted: true, ok: false });
  });

  test('is not said of the last point, after the run', () => {
    const judge = new SloJudge([sloOf('errors < 1 abort')]);
    expect(judge.add(pointOf(0, [interval(0, 'getItem', { failed: 5 })]), true)).toEqual([]);
    expect(judge.verdicts(() => ({ ...noFigures(), failed: 5 }))).toMatchObject([{ ok: false, aborted: false }]);
  });

  test('is not said by a threshold that does not ask for it', () => {
    expect(judged('errors < 1% over 1s', [{ failed: 500 }]).aborts).toEqual([0]);
  });
});

describe('a threshold over the run', () => {
  const ofRun = (text: string, figures: Partial<ReturnType<typeof noFigures>>) =>
    new SloJudge([sloOf(text)]).verdicts(() => ({ ...noFigures(), ...figures }))[0];
  const hundred = histogramOf(Array.from({ length: 100 }, (_, i) => (i + 1) * 1_000));

  test.each([
    ['response_time p99 < 100ms', { histogram: hundred }, true],
    ['response_time p98 < 98ms', { histogram: hundred }, false],
    ['service_time max < 101ms', { histogram: hundred }, true],
    ['lateness mean > 50ms', { histogram: hundred }, true],
    ['errors < 0.1%', { ended: 10, failed: 0 }, true],
    ['errors < 0.1%', { ended: 10, failed: 1 }, false],
    ['errors < 1', { ended: 10, failed: 1 }, false],
    ['dropped <= 10%', { planned: 100, dropped: 10 }, true],
    ['dropped < 10', { dropped: 10 }, false],
    ['rate > 99%', { planned: 100, sent: 100, kept: 0.98 }, false],
    ['rate >= 50/s', { planned: 100, ended: 100, length: 2 * SECOND }, true],
  ] as const)('%s of %o is kept: %s', (text, figures, ok) => {
    expect(ofRun(text, figures)).toMatchObject({ ok, decided: true, aborted: false });
  });

  test.each([
    ['response_time p99.9 < 1s', { histogram: hundred }],
    ['response_time max < 1s', {}],
    ['errors < 1%', {}],
    ['rate > 99%', {}],
    ['rate > 10/s', {}],
  ])('%s of %o is undecided, which is not kept', (text, figures) => {
    expect(ofRun(text, figures)).toMatchObject({ ok: false, decided: false });
  });

  test.each([
    ['response_time p50 < 1s', false, 2],
    ['response_time p99 < 1s', false, 100],
    ['response_time p99.99 < 1s', true, 10_000],
    ['response_time p1 < 1s', true, 100],
    ['errors < 0.1%', true, 1_000],
    ['errors < 0.1%', false, 1],
    ['rate > 99%', true, 1],
  ] as const)('%s (of a part: %s) needs %i ops', (text, isPart, ops) => {
    expect(opsNeeded(sloOf(text), isPart)).toBe(ops);
  });
});

describe('the scope', () => {
  const point = pointOf(0, [
    interval(0, 'getItem', { ok: 1 }),
    interval(1, 'putItem', { ok: 2 }),
    interval(2, 'getItem', { ok: 4 }),
  ]);

  test.each([
    ['errors < 1', 7],
    ['getItem: errors < 1', 5],
    ['1: errors < 1', 2],
    ['query: errors < 1', 0],
  ])('of %s has %i ops', (text, ended) => {
    expect(figuresOf(sloOf(text), point).ended).toBe(ended);
  });
});

test('sliding windows equal their naive recomputation', () => {
  const second = fc.record({
    planned: fc.nat(50),
    ok: fc.nat(50),
    failed: fc.nat(5),
    dropped: fc.nat(5),
    responses: fc.array(fc.nat(2_000_000), { maxLength: 40 }),
  });
  const texts = [
    'response_time p50 < 1s',
    'response_time max < 1s',
    'errors < 50%',
    'dropped < 9',
    'rate > 50%',
    'rate > 9/s',
  ];
  const property = fc.property(
    fc.array(second, { minLength: 1, maxLength: 30 }),
    fc.integer({ min: 1, max: 12 }),
    fc.constantFrom(...texts),
    (seconds, length, text) => {
      const slo = sloOf(`${text} over ${length}s`);
      const window = new SlidingWindow(slo);
      for (const [i, one] of seconds.entries()) {
        window.add(pointOf(i, [interval(0, 'getItem', one)]));
        const part = seconds.slice(Math.max(0, i + 1 - length), i + 1);
        const sum = (of: 'planned' | 'ok' | 'failed' | 'dropped'): number =>
          part.reduce((all, each) => all + each[of], 0);
        const naive = {
          planned: sum('planned'),
          sent: sum('ok') + sum('failed'),
          ended: sum('ok') + sum('failed'),
          failed: sum('failed'),
          dropped: sum('dropped'),
          length: part.length * SECOND,
          histogram: histogramOf(slo.unit === 'us' ? part.flatMap(({ responses }) => responses) : []),
        };
        expect(window.isWhole).toBe(i + 1 >= length);
        expect(valueOf(slo, window.figures)).toBe(valueOf(slo, naive));
        expect(isDecided(slo, window.figures, true)).toBe(isDecided(slo, naive, true));
      }
    },
  );
  expect(() => fc.assert(property)).not.toThrow();
});

test('on a terminal each threshold has a row with its outcome', () => {
  const { verdict } = judged('errors < 5% over 1s abort', [{ ok: 100 }, { ok: 80, failed: 20 }, {}]);
  const [kept] = new SloJudge([sloOf('dropped < 10')]).verdicts(() => noFigures());
  expect(renderSlos([verdict!, kept!], 120, PLAIN)).toEqual([
    'threshold                                           value  windows',
    'errors < 5% over 1s abort  ✗ missed, ended the run   20 %  1 of 3 missed, 1 undecided, worst at 22:13:21',
    'dropped < 10               ✓ kept                       0',
  ]);
});
