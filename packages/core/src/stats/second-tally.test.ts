import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addSeconds, NO_SECONDS, SecondTally } from './second-tally.ts';
import type { SecondMark } from './seconds.ts';

const STALL = 1;
const REDELIVERY = 2;
const mark = (second: number, reasons = 0, run = 'r'): SecondMark => ({ run, second, reasons });

describe('the seconds of a worker', () => {
  test('are disturbed if they are on any of its threads, and count once', () => {
    const tally = new SecondTally();
    tally.add([mark(1), mark(2, STALL), mark(3)]);
    tally.add([mark(2), mark(3, REDELIVERY), mark(4)]);
    tally.add([mark(2, REDELIVERY)]);
    expect(tally.runs(9)).toEqual([{ run: 'r', of: 4, disturbed: 2, stall: 1, redelivery: 2, clock: 0 }]);
  });

  test('do not depend on the order, nor on how often a thread says them', () => {
    const marks = fc.array(fc.record({ run: fc.constantFrom('a', 'b'), second: fc.nat(50), reasons: fc.nat(7) }), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(
        marks.chain((all) =>
          fc.tuple(fc.constant(all), fc.shuffledSubarray([...all, ...all], { minLength: 2 * all.length })),
        ),
        ([all, again]) => {
          const [once, twice] = [new SecondTally(), new SecondTally()];
          once.add(all);
          for (const each of again) twice.add([each]);
          const byRun = (tally: SecondTally) => tally.runs(9).toSorted((a, b) => (a.run < b.run ? -1 : 1));
          expect(byRun(twice)).toEqual(byRun(once));
        },
      ),
    );
  });

  test('that are long past are not counted again', () => {
    const tally = new SecondTally();
    tally.add([mark(1, STALL), mark(1_000)]);
    tally.add([mark(1, STALL)]);
    expect(tally.runs(9)).toEqual([{ run: 'r', of: 2, disturbed: 1, stall: 1, redelivery: 0, clock: 0 }]);
  });

  test('of runs are told for as many as there is room for, the latest first, and the rest forgotten', () => {
    const tally = new SecondTally();
    for (let run = 0; run < 9; run += 1) tally.add([mark(run, 0, `r${run}`)]);
    expect(tally.runs(2).map(({ run }) => run)).toEqual(['r8', 'r7']);
    expect(tally.runs(9)).toHaveLength(2);
  });

  test('of several workers add up', () => {
    const one = { of: 5, disturbed: 2, stall: 1, redelivery: 1, clock: 1 };
    expect(addSeconds(one, addSeconds(one, NO_SECONDS))).toEqual({
      of: 10,
      disturbed: 4,
      stall: 2,
      redelivery: 2,
      clock: 2,
    });
  });
});
