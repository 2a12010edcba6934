import { array, assert, integer, property, record } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Lease } from './lease.ts';

const SECOND = 1_000_000_000n;

describe('a lease', () => {
  test('has lapsed before its first confirmation', () => {
    expect(new Lease().standing).toBeUndefined();
  });

  test('counts from when the heartbeat was sent, not from its answer', () => {
    let now = 0n;
    const lease = new Lease(undefined, () => now);
    now = 3n * SECOND;
    lease.confirm(0n);
    expect(lease.standing).toBe(1);
    now = 4n * SECOND;
    expect(lease.standing).toBeUndefined();
  });

  test('is seen by every OS thread that has its memory', () => {
    let now = 0n;
    const writer = new Lease(undefined, () => now);
    const reader = new Lease(writer.memory, () => now);
    writer.confirm(0n);
    expect(reader.standing).toBe(1);
    now = 5n * SECOND;
    writer.confirm(now);
    expect(reader.standing).toBe(2);
  });

  test('an unbounded one never lapses', () => {
    expect(Lease.unbounded().standing).toBe(0);
  });

  test('whoever sees the same standing twice has missed no lapse between', () => {
    const step = record({ wait: integer({ min: 0, max: 6_000 }), answer: integer({ min: 0, max: 6_000 }) });
    assert(
      property(array(step, { maxLength: 20 }), (steps) => {
        let now = 0n;
        let confirmedUntil = -1n;
        /** Standings that must never be seen again. */
        const over = new Set<number>();
        let seen: number | undefined;
        const lease = new Lease(undefined, () => now);
        const pass = (ms: number): void => {
          now += BigInt(ms) * 1_000_000n;
          if (now >= confirmedUntil && seen !== undefined) over.add(seen);
          const { standing } = lease;
          expect(standing === undefined).toBe(now >= confirmedUntil);
          if (standing !== undefined) expect(over.has(standing)).toBe(false);
          seen = standing ?? seen;
        };
        for (const { wait, answer } of steps) {
          pass(wait);
          const sent = now;
          pass(answer);
          lease.confirm(sent);
          confirmedUntil = sent + 4n * SECOND;
          pass(0);
        }
      }),
    );
  });
});
