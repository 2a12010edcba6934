import { DURATIONS, Histogram, newDurations } from '@drumline/core/stats';
import { micros, millis } from '@drumline/core/units';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type TaskInterval, Timeline, type TimelinePoint } from './timeline.ts';
import { at } from './worker-report.fixture.ts';

const SECOND = 1_000_000;

const interval = (changes: Partial<TaskInterval> = {}): TaskInterval => ({
  task: 0,
  action: 'putItem',
  planned: 0,
  sent: 0,
  ok: 0,
  failed: 0,
  dropped: 0,
  errors: new Map(),
  ...newDurations(),
  ...changes,
});

const second = (index: number, changes: Partial<TimelinePoint> = {}): TimelinePoint => ({
  at: at(index * SECOND),
  length: micros(SECOND),
  state: 'running',
  factor: 1,
  backlog: micros(0),
  queued: 0,
  inFlight: 0,
  disturbed: false,
  tasks: [],
  workers: [],
  ...changes,
});

function histogramOf(values: readonly number[]): Histogram {
  const histogram = new Histogram();
  for (const value of values) histogram.record(micros(value));
  return histogram;
}

const count = fc.nat(1_000);
const values = fc.array(fc.nat(3_000), { maxLength: 4 }).map(histogramOf);
const task = fc
  .record({
    task: fc.nat(2),
    planned: count,
    sent: count,
    ok: count,
    failed: count,
    dropped: count,
    errors: fc.array(fc.tuple(fc.constantFrom('A', 'B'), fc.integer({ min: 1, max: 9 }))).map((list) => new Map(list)),
    response: values,
    service: values,
    lateness: values,
  })
  .map(interval);
const tasks = fc.uniqueArray(task, { selector: (one) => one.task, maxLength: 3 });

/** Everything that must not change when points are merged. */
function sumsOf(points: readonly TimelinePoint[]) {
  const sums = new Map<string, number>();
  const histograms = new Map<string, Histogram>();
  const add = (key: string, amount: number): void => void sums.set(key, (sums.get(key) ?? 0) + amount);
  for (const point of points) {
    add('length', point.length);
    for (const one of point.tasks) {
      for (const name of ['planned', 'sent', 'ok', 'failed', 'dropped'] as const) add(`${one.task} ${name}`, one[name]);
      for (const [code, errors] of one.errors) add(`${one.task} ${code}`, errors);
      for (const name of DURATIONS) {
        const key = `${one.task} ${name}`;
        const histogram = histograms.get(key) ?? new Histogram();
        histogram.merge(one[name]);
        histograms.set(key, histogram);
      }
    }
  }
  const encoded = [...histograms].map(([key, histogram]) => [key, histogram.encode()]);
  return { sums: Object.fromEntries(sums), histograms: Object.fromEntries(encoded) as Record<string, string> };
}

describe('a timeline', () => {
  test('keeps every sum, however many points are merged', () => {
    fc.assert(
      fc.property(fc.array(tasks, { minLength: 12, maxLength: 30 }), (each) => {
        const points = each.map((list, i) => second(i, { tasks: list }));
        const timeline = new Timeline(10, 4);
        for (const point of points) timeline.add(point);
        expect(sumsOf(timeline.points)).toEqual(sumsOf(points));
        expect(timeline.points).toHaveLength(10);
        const ends = timeline.points.map((point) => point.at + point.length);
        expect(timeline.points.slice(1).map((point) => point.at)).toEqual(ends.slice(0, -1));
      }),
      { numRuns: 10 },
    );
  });

  test('holds a day in 4,096 points: the last ten minutes by the second, its first half by 32', () => {
    const timeline = new Timeline();
    for (let i = 0; i < 86_400; i += 1) timeline.add(second(i, { tasks: [interval({ planned: 3, sent: 2 })] }));
    const lengths = timeline.points.map((point) => point.length / SECOND);
    expect(lengths).toHaveLength(4_096);
    expect(lengths.slice(-600)).toEqual(Array.from({ length: 600 }, () => 1));
    expect(Math.max(...lengths)).toBe(32);
    const first = timeline.points.filter((point) => point.at < at(43_200 * SECOND));
    expect(new Set(first.slice(1).map((point) => point.length / SECOND))).toEqual(new Set([32]));
    expect(sumsOf(timeline.points).sums).toEqual({
      length: 86_400 * SECOND,
      '0 planned': 3 * 86_400,
      '0 sent': 2 * 86_400,
      '0 ok': 0,
      '0 failed': 0,
      '0 dropped': 0,
    });
  });

  test('of gauges, the greater of two neighbours stays; of the state and the factor, the later', () => {
    const timeline = new Timeline(1, 0);
    const worker = { worker: 'w1', rate: 10, inFlight: 5, cpu: 0.2, loopDelayP99: millis(4) };
    timeline.add(second(0, { backlog: micros(7), queued: 1, inFlight: 5, disturbed: true, workers: [worker] }));
    const later = { ...worker, rate: 40, inFlight: 2, cpu: 0.5, loopDelayP99: millis(3) };
    const length = micros(2 * SECOND);
    timeline.add(second(1, { length, state: 'paused', factor: 2, queued: 3, workers: [later] }));
    expect(timeline.points).toEqual([
      second(0, {
        length: micros(3 * SECOND),
        state: 'paused',
        factor: 2,
        backlog: micros(7),
        queued: 3,
        inFlight: 5,
        disturbed: true,
        workers: [{ worker: 'w1', rate: 30, inFlight: 5, cpu: 0.4, loopDelayP99: millis(4) }],
      }),
    ]);
  });

  test('answers what ends after an instant', () => {
    const timeline = new Timeline();
    for (let i = 0; i < 5; i += 1) timeline.add(second(i));
    const from = (us: number): number[] => timeline.since(at(us)).map((point) => point.at - at(0));
    expect(from(2 * SECOND)).toEqual([2 * SECOND, 3 * SECOND, 4 * SECOND]);
    expect(from(2 * SECOND - 1)).toHaveLength(4);
    expect(from(-1)).toHaveLength(5);
    expect(from(5 * SECOND)).toEqual([]);
  });

  test('does not change with what was added', () => {
    const timeline = new Timeline();
    const response = histogramOf([10]);
    timeline.add(second(0, { tasks: [interval({ response })] }));
    response.record(micros(20));
    expect(timeline.points[0]?.tasks[0]?.response.total).toBe(1);
  });
});
