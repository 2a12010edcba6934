import { WINDOW } from '@drumline/core/stats';
import { instant, micros } from '@drumline/core/units';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PlannedWindows } from './planned-windows.ts';

const batch = (at: number, count: number, span = 0, task = 0) => ({ task, at: instant(at), span: micros(span), count });

describe('PlannedWindows', () => {
  test('counts ops in the window of their intended start', () => {
    const windows = new PlannedWindows();
    windows.add(batch(0, 3));
    windows.add(batch(99_999, 1));
    windows.add(batch(100_000, 5));
    windows.add(batch(350_000, 2));
    expect(windows.between(0, instant(0), instant(100_000))).toBe(4);
    expect(windows.between(0, instant(100_000), instant(200_000))).toBe(5);
    expect(windows.between(0, instant(200_000), instant(300_000))).toBe(0);
    expect(windows.between(0, instant(0), instant(400_000))).toBe(11);
    expect(windows.extent(0)).toEqual({ first: 0, last: 3 });
    expect(windows.extent(1)).toBeUndefined();
    expect(windows.between(1, instant(0), instant(400_000))).toBe(0);
  });

  test('a batch over an edge is divided as its ops lie', () => {
    fc.assert(
      fc.property(fc.nat(3 * WINDOW), fc.integer({ min: 1, max: 300 }), fc.nat(9_999), (at, count, span) => {
        const windows = new PlannedWindows();
        windows.add(batch(at, count, span));
        const first = Math.floor(at / WINDOW) * WINDOW;
        const intended = Array.from({ length: count }, (_, i) => (count === 1 ? at : at + (span * i) / (count - 1)));
        const before = intended.filter((start) => start < first + WINDOW).length;
        expect(windows.between(0, instant(first), instant(first + WINDOW))).toBe(before);
        expect(windows.between(0, instant(first), instant(first + 2 * WINDOW))).toBe(count);
      }),
    );
  });

  test('tasks are counted apart', () => {
    const windows = new PlannedWindows();
    windows.add(batch(0, 3, 0, 0));
    windows.add(batch(0, 4, 0, 1));
    expect([0, 1].map((task) => windows.between(task, instant(0), instant(1)))).toEqual([3, 4]);
  });
});
