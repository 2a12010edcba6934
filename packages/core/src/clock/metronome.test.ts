import { describe, expect, test } from 'vitest';
import { micros } from '../units/index.ts';
import { Metronome } from './metronome.ts';

/** A metronome with the rings so far, each as ms on `performance.now`'s axis. */
function ringing() {
  const rings: number[] = [];
  let heard: (() => void) | undefined;
  const metronome = new Metronome(() => {
    rings.push(performance.now());
    heard?.();
  });
  // The metronome keeps no process alive, nor a wait for it.
  const alive = setInterval(() => undefined, 1_000);
  return {
    metronome,
    rings,
    async untilHeard(count: number): Promise<void> {
      while (rings.length < count) {
        await new Promise<void>((resolve) => {
          heard = resolve;
        });
      }
    },
    async [Symbol.asyncDispose](): Promise<void> {
      await metronome.stop();
      clearInterval(alive);
    },
  };
}

describe('a metronome', () => {
  test('rings once an instant, never before it', async () => {
    await using bell = ringing();
    for (let ring = 1; ring <= 20; ring += 1) {
      const after = ring % 2 === 0 ? 700 : 2_300;
      const due = performance.now() + after / 1_000;
      bell.metronome.ring(micros(after));
      await bell.untilHeard(ring);
      expect(bell.rings[ring - 1]).toBeGreaterThanOrEqual(due - 0.001);
    }
    expect(bell.rings).toHaveLength(20);
  });

  test('rings at once for an instant that has passed', async () => {
    await using bell = ringing();
    bell.metronome.ring(micros(-5_000));
    await bell.untilHeard(1);
    expect(bell.rings).toHaveLength(1);
  });

  test('an earlier instant replaces one that its thread already sleeps for', async () => {
    await using bell = ringing();
    for (let ring = 1; ring <= 10; ring += 1) {
      bell.metronome.ring(micros(3_600_000_000));
      const asleep = performance.now() + 2;
      while (performance.now() < asleep) await new Promise((resolve) => setImmediate(resolve));
      bell.metronome.ring(micros(1_000));
      await bell.untilHeard(ring);
    }
    expect(bell.rings).toHaveLength(10);
  });

  test('a later instant replaces one that is waited for', async () => {
    await using bell = ringing();
    // Its thread is awake and waiting after this.
    bell.metronome.ring(micros(0));
    await bell.untilHeard(1);
    bell.metronome.ring(micros(200_000));
    const due = performance.now() + 400;
    bell.metronome.ring(micros(400_000));
    await bell.untilHeard(2);
    expect(bell.rings[1]).toBeGreaterThanOrEqual(due - 0.001);
  });

  test('loses no ring that is set while it rests', async () => {
    await using bell = ringing();
    for (let ring = 1; ring <= 500; ring += 1) {
      bell.metronome.ring(micros(ring % 3 === 0 ? 0 : 50 * (ring % 7)));
      await bell.untilHeard(ring);
    }
    expect(bell.rings).toHaveLength(500);
  });

  test('never rings after it was stopped', async () => {
    const bell = ringing();
    bell.metronome.ring(micros(50_000));
    await bell[Symbol.asyncDispose]();
    bell.metronome.ring(micros(0));
    await bell.metronome.stop();
    expect(bell.rings).toEqual([]);
  });
});
