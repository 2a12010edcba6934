import { instant } from '@drumline/core/units';
import { describe, expect, test } from 'vitest';
import { Axis } from './axis.ts';

const ORIGIN = instant(1_000_000);
const axis = (): Axis => new Axis(ORIGIN);

describe('Axis', () => {
  test('beats are 10 ms apart from the origin on', () => {
    expect([0, 1, 250].map((beat) => axis().beatStart(beat))).toEqual([1_000_000, 1_010_000, 3_500_000]);
  });

  test('what it stood moves every beat', () => {
    const standing = axis();
    standing.stand('command', instant(1_004_000), 1);
    expect(standing.isStanding).toBe(true);
    standing.go('command', instant(1_504_000));
    expect(standing.isStanding).toBe(false);
    expect(standing.beatStart(1)).toBe(1_510_000);
  });

  test('stands until there is no reason left, and no longer than the whole of it', () => {
    const standing = axis();
    standing.stand('backlog', instant(1_000_000), 5);
    standing.stand('command', instant(1_001_000), 5);
    standing.go('backlog', instant(1_002_000));
    expect(standing.isStanding).toBe(true);
    standing.go('command', instant(1_003_000));
    expect(standing.beatStart(5)).toBe(1_053_000);
  });

  test('going without a reason, or twice, changes nothing', () => {
    const standing = axis();
    standing.go('command', instant(9_000_000));
    standing.stand('command', instant(1_000_000), 1);
    standing.stand('command', instant(1_005_000), 1);
    standing.go('command', instant(1_010_000));
    standing.go('command', instant(1_020_000));
    expect(standing.beatStart(1)).toBe(1_020_000);
  });

  test('one that goes before it stood has not stood', () => {
    const standing = axis();
    standing.stand('command', instant(1_000_000), 1);
    standing.go('command', instant(999_000));
    expect(standing.beatStart(1)).toBe(1_010_000);
  });

  test('after a pause that came in a stall no beat lies before the pause’s end', () => {
    const standing = axis();
    // Beat 3 was due at 1,030,000; the pause comes half a second later.
    standing.stand('command', instant(1_530_000), 3);
    standing.go('command', instant(1_600_000));
    expect(standing.beatStart(3)).toBe(1_600_000);
    expect(standing.beatStart(4)).toBe(1_610_000);
  });
});
