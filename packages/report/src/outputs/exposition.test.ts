import { Histogram } from '@drumline/core/stats';
import { micros } from '@drumline/core/units';
import { describe, expect, test } from 'vitest';
import { FanIn } from '../fan-in.ts';
import { at, PlayedTask, workerReport } from '../worker-report.fixture.ts';
import { type MetricFamily, renderMetrics } from './exposition.ts';
import { METRICS, type MetricsSource } from './metrics.ts';
import { parseExposition } from './parse-exposition.fixture.ts';

function source(): MetricsSource {
  const figures = new FanIn();
  const played = new PlayedTask().play([0, 10, 20], [30]);
  const seconds = [{ run: 'r1', of: 3, disturbed: 1, stall: 1, redelivery: 0, clock: 0 }];
  figures.accept(workerReport({ tasks: [played.report()], seconds, inFlight: 6 }));
  const task = { task: 0, action: 'putItem', published: 5, qps: 2.5 };
  return {
    run: 'r1',
    prefix: 'dst',
    now: at(1_500_000),
    figures,
    status: {
      state: 'running',
      elapsed: micros(1_500_000),
      factor: 1,
      backlog: micros(250_000),
      queues: [3, 0],
      tasks: [task, { ...task, task: 1, action: 'getItem' }],
    },
  };
}

const gauge = (labels: Readonly<Record<string, string>>, value: number): MetricFamily<undefined>[] => [
  { name: 'x', type: 'gauge', help: 'back\\slash\nand "quotes"', labels: [], samples: () => [{ labels, value }] },
];

describe('what a scraper gets', () => {
  test('is what the fleet has reported', () => {
    const { value } = parseExposition(renderMetrics(METRICS, source(), 'text'));
    const task = { task: '0', action: 'putItem' };
    expect(value('drumline_run_info', { run: 'r1', prefix: 'dst' })).toBe(1);
    expect(value('drumline_ops_total', { ...task, outcome: 'ok' })).toBe(3);
    expect(value('drumline_ops_total', { ...task, outcome: 'failed' })).toBe(1);
    expect(value('drumline_op_errors_total', { ...task, code: 'DRUM_OP_TIMEOUT' })).toBe(1);
    expect(value('drumline_ops_published_total', task)).toBe(5);
    expect(value('drumline_ops_sent_total', { task: '1', action: 'getItem' })).toBe(0);
    expect(value('drumline_backlog_seconds', {})).toBe(0.25);
    expect(value('drumline_queue_elements', { queue: '0' })).toBe(3);
    expect(value('drumline_workers', {})).toBe(1);
    expect(value('drumline_in_flight', {})).toBe(6);
    expect(value('drumline_rate_planned', task)).toBe(2.5);
    expect(value('drumline_disturbed_seconds_total', {})).toBe(1);
    expect(value('drumline_clock_error_seconds', { worker: 'w1' })).toBe(0.00008);
    expect(value('drumline_event_loop_delay_seconds', { worker: 'w1' })).toBe(0.001);
  });

  test('has cumulative buckets that end with the count, and a sum in seconds', () => {
    const { value } = parseExposition(renderMetrics(METRICS, source(), 'text'));
    const task = { task: '0', action: 'putItem' };
    const bucket = (le: string): number | undefined => value('drumline_response_seconds_bucket', { ...task, le });
    expect(['0.0005', '0.001', '0.0025', '0.005', '0.01', '1.0', '60.0', '+Inf'].map(bucket)).toEqual([
      // One op takes 5,000 µs, which shares a counter that begins at 5,000 and ends at 5,003.
      0, 3, 3, 4, 4, 4, 4, 4,
    ]);
    expect(value('drumline_response_seconds_count', task)).toBe(4);
    expect(value('drumline_response_seconds_sum', task)).toBeCloseTo(0.008, 5);
  });

  test.each(['text', 'openmetrics'] as const)('is well-formed in the %s format', (exposition) => {
    const text = renderMetrics(METRICS, source(), exposition);
    const { families, samples } = parseExposition(text);
    expect(families.size).toBe(METRICS.length);
    expect(samples.every(({ value }) => Number.isFinite(value))).toBe(true);
    expect(new Set(samples.map(({ series }) => series)).size).toBe(samples.length);
    expect(text.endsWith('\n# EOF\n')).toBe(exposition === 'openmetrics');
  });

  test('has the labels that are documented, and no others', () => {
    const now = source();
    for (const { name, labels, samples } of METRICS) {
      for (const sample of samples(now)) expect([name, Object.keys(sample.labels)]).toEqual([name, labels]);
    }
  });

  test('names its counters and units as Prometheus wants them', () => {
    for (const { name, type, unit } of METRICS) {
      expect(name).toMatch(/^drumline_[a-z_]+$/);
      expect([name, name.endsWith('_total')]).toEqual([name, type === 'counter']);
      expect([name, /_(seconds|bytes)(_total)?$/.exec(name)?.[1]]).toEqual([name, unit]);
    }
  });

  test('escapes what names may hold', () => {
    const text = renderMetrics(gauge({ worker: 'a"b\\c\nd' }, Number.POSITIVE_INFINITY), undefined, 'text');
    expect(text).toBe('# HELP x back\\\\slash\\nand "quotes"\n# TYPE x gauge\nx{worker="a\\"b\\\\c\\nd"} +Inf\n');
    expect(parseExposition(text).samples[0]?.labels).toEqual({ worker: 'a"b\\c\nd' });
  });

  test('counts values at the bounds of buckets as below them', () => {
    const histogram = new Histogram();
    for (const us of [0, 100, 101, 60_000_000, 3_600_000_000]) histogram.record(micros(us));
    const family: MetricFamily<undefined> = {
      ...{ name: 'h', type: 'histogram', help: '', labels: [] },
      samples: () => [{ labels: {}, histogram }],
    };
    const { value } = parseExposition(renderMetrics([family], undefined, 'text'));
    const buckets = ['0.0001', '0.00025', '30.0', '60.0', '+Inf'].map((le) => value('h_bucket', { le }));
    expect(buckets).toEqual([2, 3, 3, 4, 5]);
  });
});
