import { streamChoice } from '@drumline/core/data';
import { specOf } from '@drumline/core/schedule';
import { micros } from '@drumline/core/units';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { taskOf } from './plan.fixture.ts';
import { type DueBatch, TaskPlay } from './task-play.ts';

const TASK = { action: 'getItem', qps: 1_000, times: 10 };
const MS = 1_000;

function playOf(change: object, batchOps = 200): TaskPlay {
  const task = taskOf({ ...TASK, ...change });
  return new TaskPlay(0, task, specOf(task, { batchOps }), []);
}

/** Every op as [number, µs of its intended start]. */
const opsOf = (batches: readonly DueBatch[]): [number, number][] =>
  batches.flatMap(({ first, count, at, span }) =>
    Array.from({ length: count }, (_, i): [number, number] => [
      first + i,
      count === 1 ? at : at + Math.round((span * i) / (count - 1)),
    ]),
  );

describe('TaskPlay', () => {
  test('gives out each op once, in the beat of its intended start', () => {
    const play = playOf({ qps: 250, times: 6 });
    expect(opsOf(play.play(micros(10 * MS)))).toEqual([
      [0, 4_000],
      [1, 8_000],
    ]);
    expect(opsOf(play.play(micros(20 * MS)))).toEqual([
      [2, 12_000],
      [3, 16_000],
      [4, 20_000],
    ]);
    expect(opsOf(play.play(micros(20 * MS)))).toEqual([]);
    expect(play.isDone).toBe(false);
    expect(opsOf(play.play(micros(30 * MS)))).toEqual([[5, 24_000]]);
    expect([play.isDone, play.planned, play.total, play.playedUntil]).toEqual([true, 6, 6, 24_000]);
    expect(play.play(micros(1e9))).toEqual([]);
  });

  test('repeats from op 0 on, each repeat from the end of the one before', () => {
    const play = playOf({ qps: 100, times: 2, repeat: 3 });
    expect(play.total).toBe(6);
    const ops = opsOf(play.play(micros(1_000 * MS)));
    expect(ops).toEqual([
      [0, 10_000],
      [1, 20_000],
      [0, 30_000],
      [1, 40_000],
      [0, 50_000],
      [1, 60_000],
    ]);
    expect([play.isDone, play.planned, play.total, play.playedUntil]).toEqual([true, 6, 6, 60_000]);
  });

  test('a repeat that ends within a beat goes on within it', () => {
    const ops = opsOf(playOf({ qps: 1_000, times: 3, repeat: 4 }).play(micros(20 * MS)));
    expect(ops.map(([n]) => n)).toEqual([0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2]);
    expect(ops.map(([, at]) => at)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12].map((ms) => ms * MS));
  });

  test('a new rate holds from the next beat on', () => {
    const play = playOf({ qps: 100, times: 10 });
    expect(opsOf(play.play(micros(20 * MS)))).toEqual([
      [0, 10_000],
      [1, 20_000],
    ]);
    play.changeRate('4');
    expect(play.rateNow).toBeCloseTo(400);
    expect(opsOf(play.play(micros(30 * MS)))).toEqual([
      [2, 22_500],
      [3, 25_000],
      [4, 27_500],
      [5, 30_000],
    ]);
    play.changeRate('1');
    expect(opsOf(play.play(micros(50 * MS)))).toEqual([
      [6, 40_000],
      [7, 50_000],
    ]);
    play.changeRate('0.5');
    expect(opsOf(play.play(micros(1_000 * MS)))).toEqual([
      [8, 70_000],
      [9, 90_000],
    ]);
    expect(play.planned).toBe(10);
  });

  test('rate changes of one beat: the last one counts', () => {
    const play = playOf({ qps: 100, times: 4 });
    play.changeRate('1000');
    play.changeRate('2');
    expect(opsOf(play.play(micros(10 * MS)))).toEqual([
      [0, 5_000],
      [1, 10_000],
    ]);
  });

  test('a rate that cannot be played changes nothing', () => {
    const play = playOf({ qps: 100, times: 3 });
    play.play(micros(10 * MS));
    expect(() => play.changeRate('999999999999')).toThrow(expect.objectContaining({ code: 'DRUM_PLAN_TOO_LARGE' }));
    expect(opsOf(play.play(micros(30 * MS)))).toEqual([
      [1, 20_000],
      [2, 30_000],
    ]);
  });

  test('a rate changed in a later repeat stays for those to come', () => {
    const play = playOf({ qps: 100, times: 2, repeat: 3 });
    expect(opsOf(play.play(micros(30 * MS))).map(([n]) => n)).toEqual([0, 1, 0]);
    play.changeRate('2');
    expect(opsOf(play.play(micros(1_000 * MS)))).toEqual([
      [1, 35_000],
      [0, 40_000],
      [1, 45_000],
    ]);
  });

  test('batches of a task with seeds say how often each stream was picked before them', () => {
    const change = { seeds: [1, 2, 3], seed: 7, qps: 1_000, times: 100 };
    const play = playOf(change, 3);
    const choice = streamChoice(taskOf({ ...TASK, ...change }));
    for (const { first, positions } of play.play(micros(1_000 * MS))) {
      const before = [0, 0, 0];
      for (let m = 0; m < first; m += 1) before[choice?.pick(m) ?? 0]! += 1;
      expect(positions).toEqual(before);
    }
  });

  test('positions count items, not ops, and begin anew with each repeat', () => {
    const play = playOf({ action: 'batchGetItem', seeds: [1, 1], samples: 10, times: 4, repeat: 2, qps: 100 });
    const batches = play.play(micros(1_000 * MS));
    const sums = batches.map(({ positions }) => positions?.reduce((sum, position) => sum + position, 0));
    expect(sums).toEqual([0, 10, 20, 30, 0, 10, 20, 30]);
  });

  test.each(['even', 'poisson'])('is cut anywhere without losing or repeating an op (%s)', (arrivals) => {
    const change = { qps: 730, times: 200, repeat: 2, arrivals, seed: 3 };
    const whole = opsOf(playOf(change).play(micros(1e9)));
    expect(whole.length).toBe(400);
    fc.assert(
      fc.property(fc.array(fc.nat(900), { maxLength: 20 }), (cuts) => {
        const play = playOf(change);
        const parts = [...cuts.toSorted((a, b) => a - b), 1e6].flatMap((ms) => play.play(micros(ms * MS)));
        expect(opsOf(parts)).toEqual(whole);
      }),
      { numRuns: 30 },
    );
  });

  test('a duration ends it', () => {
    const play = playOf({ qps: 100, times: undefined, duration: 0.035 });
    expect(opsOf(play.play(micros(1_000 * MS)))).toEqual([
      [0, 10_000],
      [1, 20_000],
      [2, 30_000],
    ]);
    expect([play.isDone, play.playedUntil]).toEqual([true, 35_000]);
  });
});
