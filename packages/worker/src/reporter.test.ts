import { MemoryBus, MemoryFleet } from '@drumline/bus';
import { SystemClock } from '@drumline/core/clock';
import { silentLog } from '@drumline/core/log';
import { TaskStats } from '@drumline/core/stats';
import { instant, micros } from '@drumline/core/units';
import { decodeReport, type WorkerReport } from '@drumline/core/wire';
import { afterEach, describe, expect, test } from 'vitest';
import type { EngineReport, EngineTask } from './host/protocol.ts';
import { Reporter } from './reporter.ts';
import { until } from './until.fixture.ts';

const reporters: Reporter[] = [];
afterEach(async () => {
  await Promise.all(reporters.splice(0).map((reporter) => reporter.stop()));
});

function taskOf(task: number, ok: number, run = 'r'): EngineTask {
  const stats = new TaskStats();
  for (let i = 0; i < ok; i += 1) {
    const outcome = {
      items: 1,
      misses: 0,
      throttles: 0,
      unprocessed: 0,
      capacity: 0.5,
      bytesSent: 10,
      bytesReceived: 0,
    };
    stats.recordSend(instant(100), instant(150));
    stats.recordEnd(outcome, instant(100), instant(150), instant(1_150));
  }
  return { run, task, action: 'getItem', stats: stats.snapshot(instant(200)) };
}

const engine = (change: Partial<EngineReport>): EngineReport => ({
  tasks: [],
  queues: [0],
  inFlight: 1,
  pending: 2,
  buried: 3,
  seconds: [],
  clockBar: micros(20),
  loopDelay: { p50: 1, p99: 2, max: 3, busy: 0.1 },
  ...change,
});

function reporting(engines: () => readonly EngineReport[], isPaused = false) {
  const fleet = new MemoryFleet();
  const heard: WorkerReport[] = [];
  const refused: unknown[] = [];
  const listening = new MemoryBus(fleet).onReport((message) => {
    try {
      const report = decodeReport(message);
      if (report !== undefined) heard.push(report);
    } catch (error) {
      refused.push(error);
    }
  });
  const reporter = new Reporter({
    bus: new MemoryBus(fleet),
    clock: new SystemClock(),
    crew: { reports: async () => engines(), isPaused },
    worker: 'w1',
    host: 'here',
    pid: 5,
    process: { cpu: () => 0, memory: () => ({ rss: 100, heapUsed: 50 }) },
    log: silentLog,
  });
  reporters.push(reporter);
  return { reporter, heard, refused, listening };
}

describe('Reporter', () => {
  test('puts the figures of all engines together', async () => {
    const engines = [
      engine({ tasks: [taskOf(0, 3), taskOf(1, 1)], loopDelay: { p50: 1, p99: 9, max: 10, busy: 0.2 } }),
      engine({
        tasks: [taskOf(0, 4)],
        queues: [1, 3],
        clockBar: micros(50),
        loopDelay: { p50: 5, p99: 6, max: 7, busy: 0.6 },
      }),
    ];
    const { heard } = reporting(() => engines, true);
    await until(() => heard.length > 0);
    expect(heard[0]).toMatchObject({
      worker: 'w1',
      host: 'here',
      pid: 5,
      seq: 1,
      inFlight: 2,
      pending: 4,
      threads: 3,
      paused: true,
      garbage: 6,
      clockError: 50,
      eventLoopDelay: { p50: 5, p99: 9, max: 10 },
      loopBusy: 0.6,
      memory: { rss: 100, heapUsed: 50 },
    });
    expect(
      heard[0]?.tasks.map(({ task, counters, response, lateness }) => [
        task,
        counters.ok,
        counters.capacity,
        response.total,
        lateness.total,
      ]),
    ).toEqual([
      [0, 7, 3.5, 7, 7],
      [1, 1, 0.5, 1, 1],
    ]);
  });

  test('reports stay readable with more tasks than one may hold, and the last ones tell them all', async () => {
    const tasks = Array.from({ length: 600 }, (_, task) => taskOf(task, 1));
    const { reporter, heard, refused } = reporting(() => [engine({ tasks })]);
    await until(() => heard.length > 0);
    await reporter.stop();
    await until(() => heard.length >= 3);
    expect(refused).toEqual([]);
    expect(new Set(heard.flatMap((report) => report.tasks.map(({ task }) => task))).size).toBe(600);
    expect(heard.map(({ seq }) => seq)).toEqual([1, 2, 3]);
  });

  test('one report that fails does not end reporting', async () => {
    let asked = 0;
    const { heard } = reporting(() => {
      asked += 1;
      if (asked === 1) throw new Error('not now');
      return [engine({})];
    });
    await until(() => heard.length > 0);
    expect(asked).toBeGreaterThan(1);
  });
});
