import { addDigests, NO_DIGEST, OpDigest, OpSource } from '@drumline/core/data';
import { readPlan } from '@drumline/core/plan';
import type { RunTask } from '@drumline/core/run';
import { micros } from '@drumline/core/units';
import { describe, expect, test } from 'vitest';
import { demoPlan } from './demo-plan.ts';
import { expectedTask, isFixed, spanOf } from './expected-run.ts';

const factors = { scale: '1', speed: '1', batchOps: 200 };

/** The first task of a plan. */
function taskOf(fields: Readonly<Record<string, unknown>>): RunTask {
  const [task] = readPlan(
    JSON.stringify([{ action: 'putItem', qps: 100, seed: 1, data: { a: 8 }, ...fields }]),
    't',
  ).tasks;
  if (task === undefined) throw new Error('no task');
  return { ...task, seed: task.seed ?? 'drawn' };
}

/** The same digest, op by op from the source: one batch that begins at op 0. */
function byHand(task: RunTask, count: number): string {
  const digest = new OpDigest();
  const ops = new OpSource(task, []).ops({ first: 0, count }, new Float64Array(count));
  for (const op of ops) digest.add(0, op);
  return digest.toString();
}

describe('what a task comes to', () => {
  test.each([
    ['times', { times: 250 }, 250],
    ['a duration', { duration: '2.5s' }, 250],
    ['whichever comes first', { times: 90, duration: '2s' }, 90],
    ['several streams', { times: 2_500, seeds: [3, 1, 2] }, 2_500],
    ['an offset and samples', { times: 30, offset: 1_000, samples: 7 }, 30],
    ['batches of items', { action: 'batchPutItem', times: 1_200, samples: 3, seeds: [1, 1] }, 1_200],
  ])('with %s', (_, fields, ops) => {
    const task = taskOf(fields);
    expect(expectedTask(task, 0, factors, [])).toEqual({
      task: 0,
      action: task.action,
      ops,
      digest: byHand(task, ops),
    });
  });

  test('repeats are the same ops again', () => {
    const once = expectedTask(taskOf({ times: 40 }), 0, factors, []);
    const thrice = expectedTask(taskOf({ times: 40, repeat: 3 }), 0, factors, []);
    expect(thrice.ops).toBe(120);
    expect(thrice.digest).toBe([1, 2, 3].reduce((sum) => addDigests(sum, once.digest), NO_DIGEST));
  });

  test('Poisson arrivals that a duration bounds are counted beat by beat', () => {
    const task = taskOf({ duration: '3s', arrivals: 'poisson' });
    const expected = expectedTask(task, 0, factors, []);
    expect(expected.ops).toBeGreaterThan(200);
    expect(expected.ops).toBeLessThan(400);
    expect(expected.digest).toBe(byHand(task, expected.ops));
    expect(expectedTask({ ...task, seed: '2' }, 0, factors, []).ops).not.toBe(expected.ops);
  });

  test('scale multiplies rates, speed divides lengths of time', () => {
    const task = taskOf({ duration: '2s' });
    expect(expectedTask(task, 0, { ...factors, scale: '0.5' }, []).ops).toBe(100);
    expect(expectedTask(task, 0, { ...factors, speed: '4' }, []).ops).toBe(50);
  });

  test('the place in the plan is part of every op', () => {
    const task = taskOf({ times: 5 });
    expect(expectedTask(task, 1, factors, []).digest).not.toBe(expectedTask(task, 0, factors, []).digest);
  });
});

describe('isFixed', () => {
  const qpss = Array.from({ length: 24 }, () => 1);
  test.each([
    [true, { duration: '1s' }],
    [true, { duration: '1s', qpss, clock: 'run' }],
    [true, { times: 5, qpss }],
    [false, { duration: '1s', qpss }],
  ])('is %s for %o', (fixed, fields) => {
    expect(isFixed(taskOf(fields))).toBe(fixed);
  });
});

describe('spanOf', () => {
  const second = { action: 'getItem', qps: 10, duration: 1 };
  test.each([
    ['members of a sequence follow each other', [second, second, second], 3],
    ['members of a group play at the same time', [[second, [second, second]]], 2],
    ['repeats follow each other', [{ ...second, repeat: 4 }], 4],
    ['ops take their time', [{ action: 'getItem', qps: 10, times: 21 }], 2.1],
  ])('%s', (_, plan, seconds) => {
    expect(spanOf(readPlan(JSON.stringify(plan), 't').root, factors)).toBeCloseTo(seconds * 1e6, -5);
  });

  test('the plan of its own takes as long as it was told to', () => {
    const text = demoPlan({ seed: '1', qps: 1_000, length: micros(20_000_000) });
    expect(spanOf(readPlan(text, 't').root, factors)).toBe(20_000_000);
  });
});
