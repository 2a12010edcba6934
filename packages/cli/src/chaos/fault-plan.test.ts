import { millis } from '@drumline/core/units';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { drawFaults, FAULT_KINDS, type FaultKind, victimOf } from './fault-plan.ts';

const options = { seed: '7', kinds: ['workers', 'redis', 'stop'] as FaultKind[], count: 9, span: millis(30_000) };

describe('the faults of a seed', () => {
  test('are the same ones every time', () => {
    expect(drawFaults(options)).toEqual(drawFaults(options));
    expect(drawFaults(options).slice(0, 2)).toMatchInlineSnapshot(`
      [
        {
          "at": 3431,
          "kind": "stop",
          "lasts": 4133,
          "number": 1,
          "victim": 0.4448663719480821,
        },
        {
          "at": 6804,
          "kind": "stop",
          "lasts": 2915,
          "number": 2,
          "victim": 0.4709733254541364,
        },
      ]
    `);
  });

  test('are others for another seed', () => {
    expect(drawFaults({ ...options, seed: '8' })).not.toEqual(drawFaults(options));
  });

  test('lie in the run, in order, with a victim each, and every kind comes as often as any other', () => {
    const kindsOf = fc.uniqueArray(fc.constantFrom(...FAULT_KINDS), { minLength: 1 });
    fc.assert(
      fc.property(fc.string(), kindsOf, fc.nat(50), fc.integer({ min: 1, max: 1e7 }), (seed, kinds, count, span) => {
        const faults = drawFaults({ seed, kinds, count, span: millis(span) });
        expect(faults.map(({ number }) => number)).toEqual(Array.from({ length: count }, (_, i) => i + 1));
        for (const [i, { at, victim, lasts }] of faults.entries()) {
          expect(at).toBeGreaterThanOrEqual(faults[i - 1]?.at ?? 0);
          expect(at).toBeLessThan(span);
          expect(victim >= 0 && victim < 1).toBe(true);
          expect(lasts >= 0 && lasts <= 12_000).toBe(true);
        }
        const counts = kinds.map((kind) => faults.filter((fault) => fault.kind === kind).length);
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
      }),
    );
  });

  test('come uniformly: a tenth of them in each tenth of the run, on average', () => {
    const faults = Array.from({ length: 500 }, (_, i) => drawFaults({ ...options, seed: String(i), count: 10 })).flat();
    const tenths = Array.from({ length: 10 }, (_, i) => faults.filter(({ at }) => Math.floor(at / 3_000) === i).length);
    // 500 expected in each, σ = 21.
    for (const count of tenths) expect(Math.abs(count - 500)).toBeLessThan(6 * 21);
  });

  test('are none when nothing may be struck', () => {
    expect(drawFaults({ ...options, kinds: [] })).toEqual([]);
  });
});

describe('victimOf', () => {
  test.each([
    [0, 'a'],
    [0.33, 'a'],
    [0.34, 'b'],
    [0.999, 'c'],
  ])('a draw of %d hits %s', (draw, name) => {
    expect(victimOf(['a', 'b', 'c'], draw)).toBe(name);
  });

  test('hits nobody where nobody is', () => {
    expect(victimOf([], 0.5)).toBeUndefined();
  });
});
