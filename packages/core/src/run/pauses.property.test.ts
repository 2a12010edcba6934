import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { elapsed, type Instant, instant } from '../units/index.ts';
import { Pauses } from './pauses.ts';

const START = 1_700_000_000_000_000;
/** Gaps and lengths of pauses, µs: many of them shorter than the 50 ms that a publisher is ahead. */
const stretches = fc.array(
  fc.record({ gap: fc.integer({ min: 1, max: 90_000 }), length: fc.integer({ min: 0, max: 90_000 }) }),
  {
    minLength: 1,
    maxLength: 5,
  },
);

interface Known {
  readonly from: Instant;
  readonly to: Instant;
}

function pausesOf(list: readonly { readonly gap: number; readonly length: number }[]): Known[] {
  let at = START;
  return list.map(({ gap, length }) => {
    const from = at + gap;
    at = from + length;
    return { from: instant(from), to: instant(at) };
  });
}

/** When a worker that is never late itself sends an op that it holds from the beginning. */
function sentAt(intended: Instant, pauses: readonly Known[]): Instant {
  const known = new Pauses();
  for (const { from, to } of pauses) {
    // Its turn comes before the pause begins: it goes out.
    if (known.shifted(intended) < from) break;
    known.begin(from);
    known.end(to);
  }
  return known.shifted(intended);
}

describe('an op that a worker holds', () => {
  test('is never late because of a pause, however short: its turn is never within one', () => {
    fc.assert(
      fc.property(stretches, fc.nat(400_000), (list, offset) => {
        const pauses = pausesOf(list);
        const sent = sentAt(instant(START + offset), pauses);
        for (const { from, to } of pauses) expect(sent < from || sent >= to).toBe(true);
      }),
    );
  });

  test('and that is late already is as late after the pause as it was before', () => {
    fc.assert(
      fc.property(stretches, fc.integer({ min: 1, max: 90_000 }), (list, late) => {
        const [pause] = pausesOf(list);
        if (pause === undefined) return;
        const { from, to } = pause;
        const known = new Pauses([pause]);
        expect(elapsed(known.shifted(instant(from - late)), to)).toBe(late);
      }),
    );
  });

  test('is never sent earlier because of a pause, and later by no more than all pauses last', () => {
    fc.assert(
      fc.property(stretches, fc.nat(400_000), (list, offset) => {
        const pauses = pausesOf(list);
        const moved = elapsed(instant(START + offset), sentAt(instant(START + offset), pauses));
        expect(moved).toBeGreaterThanOrEqual(0);
        expect(moved).toBeLessThanOrEqual(pauses.reduce((sum, { from, to }) => sum + elapsed(from, to), 0));
      }),
    );
  });
});
