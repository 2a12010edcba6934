import { Histogram, newDurations } from '@drumline/core/stats';
import { micros, millis } from '@drumline/core/units';
import { describe, expect, test } from 'vitest';
import type { TaskInterval, TimelinePoint } from '../timeline.ts';
import { at } from '../worker-report.fixture.ts';
import { CSV_HEADER, csvRows } from './csv.ts';
import { hdrLogHeader, hdrLogLine, hdrLogName } from './hdr-log.ts';
import { secondLine } from './json-lines.ts';
import { POINT_FIELDS, TASK_FIELDS, WORKER_FIELDS } from './point-fields.ts';

function histogramOf(...values: readonly number[]): Histogram {
  const histogram = new Histogram();
  for (const value of values) histogram.record(micros(value));
  return histogram;
}

const TASK: TaskInterval = {
  task: 1,
  action: 'putItem',
  planned: 5,
  sent: 4,
  ok: 3,
  failed: 1,
  dropped: 0,
  errors: new Map([
    ['DRUM_OP_TIMEOUT', 1],
    ['A', 2],
  ]),
  ...newDurations(),
  response: histogramOf(100, 200, 300, 1_000),
};

const POINT: TimelinePoint = {
  at: at(2_000_000),
  length: micros(1_000_000),
  state: 'running',
  factor: 1.5,
  backlog: micros(1_234.5),
  queued: 7,
  inFlight: 2,
  disturbed: true,
  tasks: [TASK],
  workers: [{ worker: 'w1', rate: 4.04, inFlight: 2, cpu: 0.12345, loopDelayP99: millis(1.5) }],
};

const SHARED = {
  at: '2023-11-14T22:13:22.000Z',
  lengthUs: 1_000_000,
  state: 'running',
  factor: 1.5,
  backlogUs: 1_235,
  queued: 7,
  inFlight: 2,
  disturbed: true,
};

describe('a line of JSON', () => {
  test('says one second: the fleet, each task, each worker, with units in the names', () => {
    const line = secondLine('r1', POINT);
    expect(line.indexOf('\n')).toBe(line.length - 1);
    expect(JSON.parse(line)).toEqual({
      kind: 'second',
      run: 'r1',
      ...SHARED,
      tasks: [
        {
          ...{ task: 1, action: 'putItem', planned: 5, sent: 4, ok: 3, failed: 1, dropped: 0 },
          ...{ responseMeanUs: 400, responseP50Us: 200, responseP90Us: 1_000, responseP99Us: 1_000 },
          ...{ responseP999Us: 1_000, responseMaxUs: 1_000 },
          ...{ serviceP50Us: null, serviceP99Us: null, serviceMaxUs: null },
          ...{ latenessP50Us: null, latenessP99Us: null, latenessMaxUs: null },
          errors: { A: 2, DRUM_OP_TIMEOUT: 1 },
        },
      ],
      workers: [{ worker: 'w1', ratePerS: 4, inFlight: 2, cpuCores: 0.123, loopDelayP99Us: 1_500 }],
    });
  });

  test('has the type that each field is documented with', () => {
    const types = { text: 'string', integer: 'number', number: 'number', boolean: 'boolean', object: 'object' };
    const all = { ...TASK, service: TASK.response, lateness: TASK.response };
    const values = [
      ...POINT_FIELDS.map(({ name, type, read }) => ({ name, type, value: read(POINT) })),
      ...TASK_FIELDS.map(({ name, type, read }) => ({ name, type, value: read(all) })),
      ...WORKER_FIELDS.map(({ name, type, read }) => ({ name, type, value: read(POINT.workers[0]!) })),
    ];
    for (const { name, type, value } of values) {
      expect([name, typeof value]).toEqual([name, types[type]]);
      if (type === 'integer') expect([name, Number.isInteger(value)]).toEqual([name, true]);
    }
  });
});

describe('lines of CSV', () => {
  const columns = CSV_HEADER.trimEnd().split(',');

  test('are one for each task, with a value for each column', () => {
    const rows = csvRows('r1', { ...POINT, tasks: [TASK, { ...TASK, task: 2 }] });
    const lines = rows.trimEnd().split('\n');
    expect(lines).toHaveLength(2);
    const row = Object.fromEntries(lines[0]!.split(',').map((cell, i) => [columns[i], cell]));
    expect(row).toMatchObject({ run: 'r1', at: SHARED.at, disturbed: 'true', task: '1', responseP50Us: '200' });
    expect(row).toMatchObject({ serviceP50Us: '', errors: 'A=2 DRUM_OP_TIMEOUT=1' });
    expect(lines.map((line) => line.split(',').length)).toEqual([columns.length, columns.length]);
  });

  test('show a second in which no task did anything', () => {
    const [line = ''] = csvRows('r1', { ...POINT, tasks: [] }).split('\n');
    expect(line.split(',')).toHaveLength(columns.length);
    expect(line).toMatch(/^r1,2023-11-14T22:13:22.000Z,1000000,running,1.5,1235,7,2,true,,,/);
  });

  test('quote what would end a cell', () => {
    const row = csvRows('r1', { ...POINT, tasks: [{ ...TASK, action: 'a,"b"\nc' }] });
    expect(row).toContain(',"a,""b""\nc",');
  });
});

describe('a HdrHistogram log', () => {
  test('has a name that no file system or shell takes amiss', () => {
    expect(hdrLogName({ task: 0, action: '../a b/$(c)' }, 'response')).toBe('task0-___a_b___c_-response.hlog');
    expect(hdrLogName({ task: 3, action: 'x'.repeat(300) }, 'lateness')).toHaveLength(100);
  });

  test('begins with its version, its start and a legend', () => {
    expect(hdrLogHeader('r1', 'response of task 0', at(0)).split('\n')).toEqual([
      '#[drumline run r1: response of task 0; values are microseconds]',
      '#[Histogram log format version 1.3]',
      '#[StartTime: 1700000000.000 (seconds since epoch), 2023-11-14T22:13:20.000Z]',
      '"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"',
      '',
    ]);
  });

  test('has a line for each second', () => {
    expect(hdrLogLine(TASK.response, POINT)).toMatch(/^1700000002\.000,1\.000,1\.000,HISTFAA[\w+/=]+\n$/);
  });
});
