import { describe, expect, test } from 'vitest';
import { type Instant, instant, micros } from '../units/index.ts';
import { CLOCK_BAR, DISTURBANCES, type Disturbance, Seconds, STALL } from './seconds.ts';
import { type CountedOutcome, TaskStats } from './task-stats.ts';

const BEGIN = 1_700_000_000;
const at = (seconds: number): Instant => instant((BEGIN + seconds) * 1_000_000);
const OK: CountedOutcome = {
  items: 1,
  misses: 0,
  throttles: 0,
  unprocessed: 0,
  capacity: 0,
  bytesSent: 0,
  bytesReceived: 0,
};

/** When it was due, was sent, and ended, in seconds. */
type Op = readonly [due: number, sent: number, end?: number];

/** The seconds of a thread with one task. */
class Thread {
  bar = 0;
  readonly seconds = new Seconds(() => micros(this.bar));
  readonly stats = new TaskStats(this.seconds, 'r');

  /**
   * Sends and ends ops at their times, until `until`, while the event loop comes round every 20 ms, but for the stretches in
   * which it stands: what has its time then comes first thing afterwards.
   */
  play(until: number, ops: readonly Op[], standing: readonly (readonly [from: number, to: number])[] = []): this {
    const when = (time: number): number => standing.find(([from, to]) => from < time && time < to)?.[1] ?? time;
    const events: [time: number, happen: () => void][] = [];
    for (const [due, sent, end = sent] of ops) {
      events.push([when(sent), () => this.stats.recordSend(at(due), at(when(sent)))]);
      events.push([when(end), () => this.stats.recordEnd(OK, at(due), at(when(sent)), at(when(end)))]);
    }
    for (let ms = 0; ms <= until * 1_000; ms += 20) {
      const time = ms / 1_000;
      if (when(time) === time) events.push([time, () => this.seconds.tick(at(time), at(time + 0.02))]);
    }
    for (const [, happen] of events.toSorted(([x], [y]) => x - y)) happen();
    return this;
  }

  /** An op that was due at `due`, was sent at `sent` and ended at `end`. */
  op(due: number, sent: number, end = sent): this {
    this.stats.recordSend(at(due), at(sent));
    this.stats.recordEnd(OK, at(due), at(sent), at(end));
    return this;
  }

  /** The seconds in which anything was recorded, with their reasons. */
  marks(until: number): [second: number, ...reasons: Disturbance[]][] {
    return this.seconds
      .marks(at(until))
      .map(({ second, reasons }) => [second - BEGIN, ...DISTURBANCES.filter((_, bit) => (reasons >> bit) & 1)]);
  }

  /** How many durations of each kind were recorded, in all and in disturbed seconds. */
  counts(until: number): [all: number[], disturbed: number[]] {
    const { response, service, lateness, disturbed } = this.stats.figures(at(until));
    return [
      [response.total, service.total, lateness.total],
      [disturbed?.response.total ?? 0, disturbed?.service.total ?? 0, disturbed?.lateness.total ?? 0],
    ];
  }
}

describe('the seconds of a thread', () => {
  test('are clean while nothing is amiss, and those without an op are not counted', () => {
    const thread = new Thread().play(6, [
      [1.1, 1.1, 1.2],
      [4.9, 4.9],
    ]);
    expect(thread.marks(6)).toEqual([[1], [4]]);
    expect(thread.counts(6)).toEqual([
      [2, 2, 2],
      [0, 0, 0],
    ]);
  });

  test('an event loop that stood disturbs the second in which it goes on, and not the one before', () => {
    const ops: Op[] = [
      [0.1, 0.1, 0.8],
      [0.89, 0.89, 3.5],
      [4.1, 4.1],
    ];
    const thread = new Thread().play(5, ops, [[0.9, 3.5]]);
    expect(thread.marks(5)).toEqual([[0], [3, 'stall'], [4]]);
    expect(thread.counts(5)).toEqual([
      [3, 3, 3],
      [1, 1, 0],
    ]);
  });

  test('an answer that comes before the loop’s first look, in the last moment of a second, is in a disturbed second too', () => {
    const ops: Op[] = [
      [0.9, 0.9, 3.999],
      [4.05, 4.05],
    ];
    const thread = new Thread().play(5, ops, [[0.91, 3.999]]);
    expect(thread.marks(5)).toEqual([[0], [3, 'stall'], [4]]);
  });

  test('what was due in a stall disturbs as long as it takes to catch up', () => {
    const ops: Op[] = [
      [1.5, 2.95, 2.96],
      [1.6, 3.5, 3.6],
      [2.8, 4.1, 5.5],
      [3.5, 4.2, 6.1],
    ];
    const thread = new Thread().play(7, ops, [[0.9, 2.9]]);
    expect(thread.marks(7)).toEqual([[2, 'stall'], [3, 'stall'], [4, 'stall'], [5, 'stall'], [6]]);
  });

  test('an op that was with its target before a stall and long after is the target’s', () => {
    const thread = new Thread().play(6, [[1, 1, 5.5]], [[1.2, 3.5]]);
    expect(thread.marks(6)).toEqual([[1], [5]]);
  });

  test('a loop that has nothing to do may rest', () => {
    const thread = new Thread().play(0.5, [[0.5, 0.5]]);
    thread.seconds.tick(at(0.51));
    thread.seconds.tick(at(5), at(5.02));
    thread.op(5.01, 5.01);
    expect(thread.marks(6)).toEqual([[0], [5]]);
  });

  test.each([
    [STALL, []],
    [STALL + 1, ['stall']],
  ])('a batch that comes %i µs after it was due', (late, reasons) => {
    const thread = new Thread().op(1.1, 1.1);
    thread.seconds.delivered(at(1.2), instant(at(1.2) + late));
    expect(thread.marks(1.9)).toEqual([[1, ...reasons]]);
  });

  test('a late batch disturbs like a stall: what was due while nothing came', () => {
    const thread = new Thread();
    thread.seconds.delivered(at(1), at(3.9));
    thread.op(1, 3.9).op(2, 4.5).op(4, 5.1);
    expect(thread.marks(6)).toEqual([[3, 'stall'], [4, 'stall'], [5]]);
  });

  test('late batches of several queues are one stall', () => {
    const thread = new Thread();
    thread.seconds.delivered(at(1), at(3.9));
    thread.seconds.delivered(at(2), at(4.1));
    thread.op(1.5, 5.2);
    expect(thread.marks(6)).toEqual([[5, 'stall']]);
  });

  test('a clock that may be too far off disturbs', () => {
    const thread = new Thread().op(0.1, 0.1);
    thread.bar = CLOCK_BAR + 1;
    thread.op(1.1, 1.1);
    thread.bar = CLOCK_BAR;
    thread.op(2.1, 2.1);
    expect(thread.marks(3)).toEqual([[0, 'clock'], [1], [2]]);
  });

  test('what was marked stays with its second, whenever in it', () => {
    const thread = new Thread().op(0.1, 0.1);
    thread.stats.mark('redelivery', at(0.5));
    thread.stats.mark('clock', at(1.5));
    thread.op(1.6, 1.6).op(2.1, 2.1);
    expect(thread.marks(3)).toEqual([[0, 'redelivery'], [1, 'clock'], [2]]);
    expect(thread.counts(3)).toEqual([
      [3, 3, 3],
      [2, 2, 2],
    ]);
  });

  test('the second that is on counts as what it is so far', () => {
    const thread = new Thread().op(0.1, 0.1);
    expect(thread.marks(0.2)).toEqual([[0]]);
    expect(thread.counts(0.2)[1]).toEqual([0, 0, 0]);
    thread.stats.mark('redelivery', at(0.3));
    expect(thread.marks(0.4)).toEqual([[0, 'redelivery']]);
    expect(thread.counts(0.4)).toEqual([
      [1, 1, 1],
      [1, 1, 1],
    ]);
  });

  test('a clock that is stepped backwards begins another second', () => {
    const thread = new Thread().op(100, 100).op(1, 1);
    expect(thread.marks(1.5)).toEqual([[100], [1]]);
  });

  test('two runs have seconds of their own', () => {
    const thread = new Thread().op(0.1, 0.1);
    const other = new TaskStats(thread.seconds, 'other');
    other.recordSend(at(0.2), at(0.2));
    other.recordSend(at(1.2), at(1.2));
    const marks = thread.seconds.marks(at(2)).map(({ run, second }) => [run, second - BEGIN]);
    expect(marks).toEqual([
      ['r', 0],
      ['other', 0],
      ['other', 1],
    ]);
    thread.seconds.release(other);
    other.recordSend(at(3), at(3));
    expect(thread.marks(4)).toHaveLength(3);
  });

  test('memory is bounded: only the last minute is remembered', () => {
    const thread = new Thread();
    for (let second = 0; second < 200; second += 1) thread.op(second, second);
    expect(thread.marks(200).length).toBeLessThan(65);
  });
});
