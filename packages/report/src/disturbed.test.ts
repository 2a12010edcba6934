import { DURATIONS, type Durations, Histogram, Seconds, TaskStats } from '@drumline/core/stats';
import { type Instant, instant } from '@drumline/core/units';
import { decodeReport, encodeReport, type TaskReport, type WorkerReport } from '@drumline/core/wire';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FanIn } from './fan-in.ts';
import { cleanDurations } from './task-totals.ts';
import { T0, workerReport } from './worker-report.fixture.ts';

const OK = { items: 1, misses: 0, throttles: 0, unprocessed: 0, capacity: 0, bytesSent: 0, bytesReceived: 0 };

/** An op of one of two threads of one of two workers: in which second it is sent and ended, and whether that one is disturbed. */
interface Played {
  readonly worker: number;
  readonly thread: number;
  readonly second: number;
  readonly late: number;
  readonly long: number;
}

const played = fc.record({
  worker: fc.nat(1),
  thread: fc.nat(1),
  second: fc.nat(5),
  late: fc.nat(1_000),
  long: fc.nat(100_000),
});
/** Disturbed is what this says of (worker, thread, second). */
const disturbances = fc.func(fc.boolean());

const startOf = (second: number): Instant => instant(T0 + second * 1_000_000);

/** The reports of a worker: one after each second, the last when all is over. */
function reportsOf(worker: number, ops: readonly Played[], isDisturbed: (...of: number[]) => boolean): WorkerReport[] {
  const threads = [0, 1].map((thread) => {
    return { thread, stats: new TaskStats(new Seconds(), 'r1') };
  });
  const reports: WorkerReport[] = [];
  for (let second = 0; second <= 6; second += 1) {
    const now = startOf(second + 1);
    const sum = new TaskStats();
    for (const { thread, stats } of threads) {
      for (const op of ops.filter((each) => each.thread === thread && each.second === second)) {
        const [due, sent] = [startOf(second), instant(startOf(second) + op.late)];
        stats.recordSend(due, sent);
        stats.recordEnd(OK, due, sent, instant(sent + op.long));
      }
      if (isDisturbed(worker, thread, second)) stats.mark('stall', instant(now - 1));
      sum.merge(stats.snapshot(second % 2 === 0 ? now : instant(now - 1)));
    }
    const task: TaskReport = { run: 'r1', task: 0, action: 'putItem', ...sum.figures(now) };
    reports.push(workerReport({ worker: `w${worker}`, seq: second + 1, at: now, tasks: [frozen(task)] }));
  }
  return reports;
}

/** As it comes out at the other end: histograms of figures go on counting. */
const frozen = (task: TaskReport): TaskReport =>
  decodeReport(encodeReport(workerReport({ tasks: [task] })))?.tasks[0] ?? task;

const barsOf = (durations: Durations): unknown => DURATIONS.map((name) => [...durations[name].bars()]);

/** The histograms of the given ops, made at one go. */
function direct(ops: readonly Played[]): Durations {
  const histograms = { response: new Histogram(), service: new Histogram(), lateness: new Histogram() };
  const stats = new TaskStats();
  for (const { second, late, long } of ops.toSorted((a, b) => a.second - b.second)) {
    const [due, sent] = [startOf(second), instant(startOf(second) + late)];
    stats.recordSend(due, sent);
    stats.recordEnd(OK, due, sent, instant(sent + long));
  }
  const figures = stats.figures(startOf(9));
  for (const name of DURATIONS) histograms[name].merge(figures[name]);
  return histograms;
}

describe('disturbed figures', () => {
  test('clean + disturbed = all, over threads, workers and time, in whatever order reports come and are lost', () => {
    fc.assert(
      fc.property(
        fc.array(played, { maxLength: 60 }),
        disturbances,
        fc.array(fc.nat(11)),
        (ops, isDisturbed, order) => {
          const all = [0, 1].map((worker) =>
            reportsOf(
              worker,
              ops.filter((op) => op.worker === worker),
              isDisturbed,
            ),
          );
          const early = all.flatMap((reports) => reports.slice(0, -1));
          const fanIn = new FanIn();
          for (const index of order) fanIn.accept(early[index]!);
          for (const reports of all) fanIn.accept(reports.at(-1)!);
          const totals = fanIn.task('r1', 0)!;
          const disturbed = ops.filter(({ worker, thread, second }) => isDisturbed(worker, thread, second));
          const clean = ops.filter((op) => !disturbed.includes(op));
          expect(barsOf(totals.all)).toEqual(barsOf(direct(ops)));
          expect(barsOf(totals.disturbed)).toEqual(barsOf(direct(disturbed)));
          expect(barsOf(cleanDurations(totals))).toEqual(barsOf(direct(clean)));
        },
      ),
      { numRuns: 40 },
    );
  });

  test('seconds of a run are those of its workers together, incarnations that have ended included', () => {
    const counts = { of: 10, disturbed: 3, stall: 2, redelivery: 1, clock: 1 };
    const fanIn = new FanIn({ run: 'r1' });
    const other = { run: 'r0', ...counts, of: 99 };
    fanIn.accept(workerReport({ seconds: [other, { run: 'r1', ...counts, of: 4 }] }));
    fanIn.accept(workerReport({ seq: 2, seconds: [{ run: 'r1', ...counts }] }));
    fanIn.accept(workerReport({ seq: 3, seconds: [other] }));
    fanIn.accept(workerReport({ incarnation: instant(T0 + 9), seconds: [{ run: 'r1', ...counts }] }));
    fanIn.accept(workerReport({ worker: 'w2', seconds: [{ run: 'r1', ...counts, clock: 0 }] }));
    expect(fanIn.seconds('r1')).toEqual({ of: 30, disturbed: 9, stall: 6, redelivery: 3, clock: 2 });
    expect(fanIn.seconds('r0')).toMatchObject({ of: 0 });
  });
});
