import { describe, expect, test } from 'vitest';
import { instant } from '../units/index.ts';
import { SendWindows, WINDOWS_REPORTED, windowOf } from './send-windows.ts';

/** An instant within the window of that number, of a time like today's. */
const T0 = 17_000_000_000;
const within = (window: number, fraction = 0.5) => instant((T0 + window + fraction) * 100_000);

describe('sends by window', () => {
  test('an instant on the border belongs to the window that begins', () => {
    expect([windowOf(instant(99_999)), windowOf(instant(100_000))]).toEqual([0, 1]);
  });

  test('counts stand at their windows, with the empty ones between and without those at the ends', () => {
    const windows = new SendWindows();
    for (const window of [3, 3, 5, 3]) windows.add(within(window));
    expect(windows.snapshot(within(9))).toEqual({ first: T0 + 3, counts: [3, 0, 1] });
  });

  test('nothing sent is no window', () => {
    expect(new SendWindows().snapshot(within(9))).toEqual({ first: 0, counts: [] });
  });

  test('a snapshot covers the last 5 s', () => {
    const windows = new SendWindows();
    for (let window = 0; window < 200; window += 1) windows.addTo(T0 + window, window + 1);
    const { first, counts } = windows.snapshot(within(199));
    expect(first).toBe(T0 + 200 - WINDOWS_REPORTED);
    expect(counts).toEqual(Array.from({ length: WINDOWS_REPORTED }, (_, i) => 151 + i));
    expect(windows.snapshot(within(260)).counts).toEqual([]);
  });

  test('a send that is older than its slot changes nothing', () => {
    const windows = new SendWindows();
    windows.add(within(100));
    windows.add(within(36));
    expect(windows.snapshot(within(100))).toEqual({ first: T0 + 100, counts: [1] });
  });

  test('snapshots of several threads add up', () => {
    const all = new SendWindows();
    all.merge({ first: T0 + 4, counts: [1, 0, 2] });
    all.merge({ first: T0 + 5, counts: [10, 10] });
    expect(all.snapshot(within(9))).toEqual({ first: T0 + 4, counts: [1, 10, 12] });
  });
});
