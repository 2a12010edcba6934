import { Histogram } from '@drumline/core/stats';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { recordedRun } from '../recorded-run.fixture.ts';
import { T0 } from '../worker-report.fixture.ts';
import { samplesOf } from './samples.ts';

const { timeline } = recordedRun({
  run: 'r1',
  points: 97,
  tasks: [{ seed: 5, ops: 2_000, factor: 1, failed: 40 }],
  workers: ['w1', 'w2'],
});
const { points } = timeline;

test('however few samples there are, no op, error or spike is lost and percentiles are those of all their ops', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 200 }), (most) => {
      const samples = samplesOf(points, T0, most);
      expect(samples.length).toBeLessThanOrEqual(most);
      const tasks = samples.map((sample) => sample.tasks.get(0));
      expect(tasks.reduce((sum, task) => sum + (task?.sent ?? 0), 0)).toBe(2_000);
      expect(tasks.reduce((sum, task) => sum + (task?.errors.get('DRUM_OP_TIMEOUT') ?? 0), 0)).toBe(40);
      expect(Math.max(...samples.map(({ backlog }) => backlog))).toBe(2_400_000);
      expect(samples.reduce((sum, { length }) => sum + length, 0)).toBe(97_000_000);
      expect(samples.some(({ disturbed }) => disturbed)).toBe(true);
    }),
    { numRuns: 15 },
  );
  const all = new Histogram();
  for (const point of points) for (const task of point.tasks) all.merge(task.response);
  const [one] = samplesOf(points, T0, 1);
  expect(one?.tasks.get(0)?.response()).toMatchObject({
    p50: all.percentile(50),
    p999: all.percentile(99.9),
    max: all.max,
  });
});

test('a first second that the run began in counts only from its beginning', () => {
  const [first] = samplesOf(points, T0 + 400_000, 97);
  expect(first).toMatchObject({ from: 0, length: 600_000 });
});

test('no points make no samples', () => {
  expect(samplesOf([], T0, 10)).toEqual([]);
});
