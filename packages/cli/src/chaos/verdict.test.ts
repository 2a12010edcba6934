import { describe, expect, test } from 'vitest';
import { type Evidence, judge, type PlayedTask, spreadOf } from './verdict.ts';

const DIGEST = '0123456789abcdef';
const task: PlayedTask = {
  task: 0,
  action: 'putItem',
  ledger: { planned: 10, published: 10, ok: 9, failed: 1, dropped: 0, duplicate: 4 },
  digest: DIGEST,
};
const summary = { run: 'r', state: 'finished', balanced: true, deadLetters: 0, notes: [], tasks: [task] };
const evidence: Evidence = {
  expected: [{ task: 0, action: 'putItem', ops: 10, digest: DIGEST }],
  summary,
  exit: 0,
  mayDrop: new Set(),
  mayLose: false,
  seen: [],
};

const played = (ledger: Partial<PlayedTask['ledger']>, digest: string | undefined = DIGEST): Evidence => {
  const { digest: _, ...rest } = task;
  const changed = { ...rest, ledger: { ...task.ledger, ...ledger }, ...(digest !== undefined && { digest }) };
  return { ...evidence, summary: { ...summary, tasks: [changed] } };
};

describe('the verdict', () => {
  test('is that it holds when ledger and digest are those of the plan; duplicates and failures are none of its business', () => {
    expect(judge(evidence)).toEqual({
      holds: true,
      lost: false,
      problems: [],
      tasks: [{ task: 0, action: 'putItem', expected: 10, ok: 9, failed: 1, dropped: 0, duplicate: 4, digest: 'same' }],
    });
  });

  test.each([
    ['an op without outcome', played({ ok: 8 }), '9 ops have an outcome, the plan has 10'],
    ['an op with two', played({ ok: 10 }), '11 ops have an outcome, the plan has 10'],
    ['an op that was not published', played({ published: 9 }), '9 ops were published, the plan has 10'],
    ['an op that was made up', played({ published: 11 }), '11 ops were published, the plan has 10'],
    ['another plan', played({ planned: 9, published: 9, ok: 8 }), 'the publisher planned 9 ops, the plan has 10'],
    ['other ops', played({}, 'fedcba9876543210'), `digest fedcba9876543210, the plan's is ${DIGEST}`],
    ['ops that nobody has digested', played({}, ''), `digest , the plan's is ${DIGEST}`],
    ['drops that the plan does not allow', played({ ok: 8, dropped: 1 }), '1 ops were dropped'],
    ['a publisher that says so', { ...evidence, exit: 5 }, 'the publisher ended with exit code 5'],
    ['no summary', { ...evidence, summary: undefined }, 'no publisher has printed a summary'],
    ['an end before its time', { ...evidence, summary: { ...summary, state: 'stopped' } }, 'state is stopped'],
    ['dead letters', { ...evidence, summary: { ...summary, deadLetters: 2 } }, '2 elements lie in dead-letter lists'],
    ['no balance', { ...evidence, summary: { ...summary, balanced: false, notes: ['why'] } }, 'not balance: why'],
    ['what else was seen', { ...evidence, seen: ['w2 ended by itself'] }, 'w2 ended by itself'],
  ])('is that it does not hold with %s', (_, broken, sentence) => {
    const { holds, problems } = judge(broken);
    expect(holds).toBe(false);
    expect(problems.join('\n')).toContain(sentence);
  });

  test('leaves the digest open where ops were dropped as the plan allows', () => {
    const dropped = { ...played({ ok: 8, dropped: 1 }, 'fedcba9876543210'), mayDrop: new Set([0]) };
    expect(judge(dropped)).toMatchObject({ holds: true, tasks: [{ digest: 'open' }] });
    expect(judge({ ...played({}, 'fedcba9876543210'), mayDrop: new Set([0]) })).toMatchObject({ holds: false });
  });

  test('where Redis may forget, holds when the run says that it has', () => {
    const notes = ['DRUM_BUS_LOST: Redis has forgotten pushes'];
    const less = played({ ok: 5 });
    const lost = { ...less, mayLose: true, exit: 5, summary: { ...summary, ...less.summary, notes } };
    expect(judge(lost)).toMatchObject({ holds: true, lost: true, problems: [] });
    expect(judge({ ...lost, exit: 0 }).holds).toBe(false);
    expect(judge({ ...lost, mayLose: false }).holds).toBe(false);
    expect(judge({ ...lost, seen: ['w1 ended by itself'] }).holds).toBe(false);
    expect(judge({ ...less, mayLose: true, exit: 5 }).holds).toBe(false);
    expect(judge({ ...less, mayLose: true, exit: 4 }).holds).toBe(false);
    expect(judge({ ...evidence, mayLose: true })).toMatchObject({ holds: true, lost: false });
  });
});

describe('spreadOf', () => {
  test('takes figures that were measured', () => {
    expect(spreadOf([5, 1, 3, 2, 4])).toEqual({ count: 5, p50: 3, p99: 5, max: 5 });
    expect(spreadOf(Array.from({ length: 200 }, (_, i) => i + 1))).toEqual({
      count: 200,
      p50: 100,
      p99: 198,
      max: 200,
    });
  });

  test('is none of nothing', () => {
    expect(spreadOf([])).toBeUndefined();
  });
});
