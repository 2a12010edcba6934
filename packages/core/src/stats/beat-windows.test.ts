import { describe, expect, test } from 'vitest';
import { instant } from '../units/index.ts';
import { BEATS_REPORTED, BeatWindows } from './beat-windows.ts';

/** An instant within the 10 ms window of that number, of a time like today's. */
const T0 = 170_000_000_000;
const within = (window: number) => instant((T0 + window + 0.5) * 10_000);

describe('what was intended and what was sent by 10 ms', () => {
  test('an op counts where it was to start and where it was sent', () => {
    const windows = new BeatWindows();
    windows.add(within(3), within(3));
    windows.add(within(3), within(5));
    expect(windows.snapshot(within(9))).toEqual({ first: T0 + 3, intended: [2, 0, 0], sent: [1, 0, 1] });
  });

  test('an op that is never sent counts where it was to start', () => {
    const windows = new BeatWindows();
    windows.miss(within(4));
    expect(windows.snapshot(within(9))).toEqual({ first: T0 + 4, intended: [1], sent: [0] });
  });

  test('nothing is no window', () => {
    expect(new BeatWindows().snapshot(within(9))).toEqual({ first: 0, intended: [], sent: [] });
  });

  test('a snapshot covers the last 3 s', () => {
    const windows = new BeatWindows();
    for (let window = 0; window < 1_000; window += 1) windows.add(within(window), within(window));
    const { first, sent } = windows.snapshot(within(999));
    expect([first, sent.length]).toEqual([T0 + 1_000 - BEATS_REPORTED, BEATS_REPORTED]);
    expect(windows.snapshot(within(1_400)).sent).toEqual([]);
  });

  test('an op that is later than the ring is long counts only where it was sent', () => {
    const windows = new BeatWindows();
    windows.add(within(0), within(512));
    expect(windows.snapshot(within(512))).toEqual({ first: T0 + 512, intended: [0], sent: [1] });
  });

  test('snapshots of several threads add up', () => {
    const all = new BeatWindows();
    all.merge({ first: T0 + 4, intended: [1, 0], sent: [0, 1] });
    all.merge({ first: T0 + 5, intended: [5], sent: [4] });
    expect(all.snapshot(within(9))).toEqual({ first: T0 + 4, intended: [1, 5], sent: [0, 5] });
  });
});
