import { instant, micros } from '@drumline/core/units';
import { describe, expect, test } from 'vitest';
import { Patience } from './patience.ts';

/** What it says at each step of [now, waiting, outcomes]. */
const told = (steps: readonly (readonly [number, boolean, number])[]): boolean[] => {
  const patience = new Patience(micros(100), instant(0));
  return steps.map(([now, waiting, outcomes]) => patience.isOver(instant(now), waiting, outcomes));
};

describe('Patience', () => {
  test('runs out when nothing comes for longer than the limit', () => {
    expect(
      told([
        [0, true, 0],
        [100, true, 0],
        [101, true, 0],
      ]),
    ).toEqual([false, false, true]);
  });

  test('every outcome gives it back', () => {
    expect(
      told([
        [90, true, 1],
        [180, true, 2],
        [280, true, 2],
        [281, true, 2],
      ]),
    ).toEqual([false, false, false, true]);
  });

  test('is not used up while there is something to do', () => {
    expect(
      told([
        [500, false, 0],
        [1_000, false, 0],
        [1_100, true, 0],
        [1_101, true, 0],
      ]),
    ).toEqual([false, false, false, true]);
  });
});
