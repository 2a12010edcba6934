import { micros } from '@drumline/core/units';
import { encodeReport } from '@drumline/core/wire';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FanIn } from './fan-in.ts';
import { at, PlayedTask, T0, workerReport } from './worker-report.fixture.ts';

const SECOND = 1_000_000;

describe('the picture of all workers', () => {
  test('is the sum of the last report of each', () => {
    const fanIn = new FanIn();
    fanIn.accept(workerReport({ tasks: [new PlayedTask().play([0, 10]).report()] }));
    fanIn.accept(workerReport({ worker: 'w2', tasks: [new PlayedTask().play([20], [30]).report()] }));
    const [total] = fanIn.tasks();
    expect(total?.counters).toMatchObject({ sent: 4, ok: 3, failed: 1, capacity: 2, bytesSent: 400 });
    expect([...(total?.errors ?? [])]).toEqual([['DRUM_OP_TIMEOUT', 1]]);
    expect([total?.all.response.total, total?.all.response.max, total?.all.service.max]).toEqual([4, 5_003, 4_903]);
  });

  test('reports are cumulative: a lost one loses nothing, a repeated or late one adds nothing', () => {
    const played = new PlayedTask();
    const reports = [1, 2, 3].map((seq) => workerReport({ seq, tasks: [played.play([seq * SECOND]).report()] }));
    const fanIn = new FanIn();
    for (const report of [reports[0]!, reports[2]!, reports[2]!, reports[1]!]) fanIn.accept(report);
    expect(fanIn.tasks()[0]?.counters.sent).toBe(3);
    expect(fanIn.tasks()[0]?.all.response.total).toBe(3);
    expect(fanIn.workers()[0]?.missed).toBe(1);
  });

  test('a restarted worker begins anew, and what it did before stays', () => {
    const fanIn = new FanIn();
    fanIn.accept(workerReport({ seq: 7, garbage: 2, tasks: [new PlayedTask().play([0, 1, 2]).report()] }));
    const again = { incarnation: at(9 * SECOND), at: at(10 * SECOND), pid: 200 };
    fanIn.accept(workerReport({ ...again, garbage: 1, tasks: [new PlayedTask().play([SECOND], [SECOND]).report()] }));
    expect(fanIn.tasks()[0]?.counters).toMatchObject({ sent: 5, ok: 4, failed: 1 });
    expect(fanIn.workers()).toMatchObject([{ worker: 'w1', pid: 200, sent: 2, failed: 1, restarts: 1, missed: 0 }]);
    expect(fanIn.garbage).toBe(3);
  });

  test('a task that is left out of a report keeps its figures', () => {
    const fanIn = new FanIn();
    fanIn.accept(workerReport({ seq: 1, tasks: [new PlayedTask().play([0]).report()] }));
    fanIn.accept(workerReport({ seq: 2, tasks: [new PlayedTask('r1', 1, 'getItem').play([0]).report()] }));
    expect(fanIn.tasks().map(({ task, counters }) => [task, counters.sent])).toEqual([
      [0, 1],
      [1, 1],
    ]);
    expect(fanIn.workers()[0]?.sent).toBe(2);
  });

  test('looks at one run only when told so', () => {
    const fanIn = new FanIn({ run: 'r2' });
    const tasks = ['r1', 'r2'].map((run) => new PlayedTask(run).play([0]).report());
    fanIn.accept(workerReport({ tasks }));
    expect(fanIn.tasks().map(({ run }) => run)).toEqual(['r2']);
    expect(fanIn.workers()[0]?.sent).toBe(1);
  });

  test('messages are decoded, replies left out, garbage counted', () => {
    const fanIn = new FanIn();
    const tasks = [new PlayedTask().play([0]).report()];
    for (const message of [encodeReport(workerReport({ tasks })), '{"kind":"reply"}', 'stop', '{"kind":"report"}']) {
      fanIn.receive(message);
    }
    expect(fanIn.tasks()[0]?.counters.sent).toBe(1);
    expect(fanIn.unreadable).toBe(2);
  });

  test('whichever reports arrive, the last of each worker decides', () => {
    const arrived = fc.array(fc.boolean(), { minLength: 6, maxLength: 6 });
    fc.assert(
      fc.property(arrived, arrived, (first, second) => {
        const fanIn = new FanIn();
        let expected = 0;
        for (const [worker, list] of [first, second].entries()) {
          const played = new PlayedTask();
          for (const [i, arrives] of list.entries()) {
            const tasks = [played.play([i * SECOND]).report()];
            if (arrives) fanIn.accept(workerReport({ worker: `w${worker}`, seq: i + 1, tasks }));
          }
          expected += list.lastIndexOf(true) + 1;
        }
        expect(fanIn.tasks()[0]?.counters.sent ?? 0).toBe(expected);
        // Reports hold the windows of the last 5 s: up to four lost in a row leave no gap.
        expect(fanIn.tasks()[0]?.windows.between(T0, at(9 * SECOND)) ?? 0).toBeGreaterThanOrEqual(expected - 2);
      }),
      { numRuns: 50 },
    );
  });
});

describe('rates', () => {
  test('the rate is taken from windows that every worker has reported', () => {
    const fanIn = new FanIn();
    for (const worker of ['w1', 'w2']) {
      const sends = Array.from({ length: 30 }, (_, i) => i * 100_000);
      fanIn.accept(workerReport({ worker, tasks: [new PlayedTask().play(sends).report()] }));
    }
    expect(fanIn.rate('r1', 0, at(3 * SECOND), micros(SECOND))).toBe(20);
    expect(fanIn.rate('r1', 0, at(4_800_000), micros(SECOND))).toBe(10);
    expect(fanIn.rate('r1', 9, at(3 * SECOND), micros(SECOND))).toBe(0);
  });

  test('the rate of a worker is that between its last two reports', () => {
    const fanIn = new FanIn();
    const played = new PlayedTask().play([0, 1]);
    fanIn.accept(workerReport({ tasks: [played.report()] }));
    expect(fanIn.workers()[0]?.rate).toBe(0);
    fanIn.accept(workerReport({ seq: 2, at: at(1_500_000), tasks: [played.play([2, 3, 4]).report()] }));
    expect(fanIn.workers()[0]?.rate).toBe(6);
  });
});

describe('sends by window', () => {
  test('add up over workers, and a window that grows is not counted twice', () => {
    const fanIn = new FanIn();
    const played = new PlayedTask().play([0, 50_000]);
    fanIn.accept(workerReport({ tasks: [played.report()] }));
    fanIn.accept(workerReport({ seq: 2, tasks: [played.play([60_000, 110_000]).report()] }));
    fanIn.accept(workerReport({ worker: 'w2', tasks: [new PlayedTask().play([10_000]).report()] }));
    const windows = fanIn.task('r1', 0)?.windows;
    const first = T0 / 100_000;
    expect([first - 1, first, first + 1, first + 2].map((window) => windows?.at(window))).toEqual([0, 4, 1, 0]);
    expect(windows?.last).toBe(first + 1);
    expect(windows?.between(T0, at(100_000))).toBe(4);
  });
});
