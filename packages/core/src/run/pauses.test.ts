import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { instant } from '../units/index.ts';
import { Pauses } from './pauses.ts';

const from100to200 = [{ from: instant(100), to: instant(200) }];
const twice = [...from100to200, { from: instant(300), to: instant(310) }];

describe('Pauses', () => {
  test.each([
    ['no pause', [], 150, 150],
    ['before the pause, but not sent', from100to200, 50, 150],
    ['in the pause', from100to200, 150, 250],
    ['at its end: published after it', from100to200, 200, 200],
    ['after it', from100to200, 260, 260],
    ['moved into the next pause, and by that one too', twice, 195, 305],
    ['in the second one only', twice, 305, 315],
    ['a pause that lasts moves nothing yet', [{ from: instant(100) }], 150, 150],
  ])('an unsent op %s', (_, known, intended, expected) => {
    expect(new Pauses(known).shifted(instant(intended))).toBe(expected);
  });

  test('a pause within a pause and an end without one change nothing', () => {
    const pauses = new Pauses();
    pauses.end(instant(5));
    expect(pauses.all).toEqual([]);
    pauses.begin(instant(10));
    pauses.begin(instant(20));
    expect(pauses.isPaused).toBe(true);
    pauses.end(instant(30));
    pauses.end(instant(40));
    expect(pauses.isPaused).toBe(false);
    expect(pauses.all).toEqual([{ from: 10, to: 30 }]);
  });

  test('one that ends before it began takes no time', () => {
    const pauses = new Pauses();
    pauses.begin(instant(10));
    pauses.end(instant(3));
    expect(pauses.all).toEqual([{ from: 10, to: 10 }]);
  });

  test('no op comes earlier, and none later than by all pauses together', () => {
    const stretch = fc.tuple(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 50 }));
    fc.assert(
      fc.property(fc.array(stretch, { maxLength: 5 }), fc.nat(300), (lengths, intended) => {
        let at = 0;
        const known = lengths.map(([gap, length]) => {
          at += gap + length;
          return { from: instant(at - length), to: instant(at) };
        });
        const moved = new Pauses(known).shifted(instant(intended)) - intended;
        expect(moved).toBeGreaterThanOrEqual(0);
        expect(moved).toBeLessThanOrEqual(lengths.reduce((sum, [, length]) => sum + length, 0));
      }),
    );
  });

  test('an op that was late when the pause began is as late at its end', () => {
    expect(200 - new Pauses(from100to200).shifted(instant(93))).toBe(7);
  });
});
