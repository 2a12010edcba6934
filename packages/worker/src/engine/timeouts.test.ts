import { type Instant, instant } from '@drumline/core/units';
import { describe, expect, test } from 'vitest';
import { Timeouts } from './timeouts.ts';

class Op {
  readonly sent: Instant;
  done = false;
  constructor(sent: number) {
    this.sent = instant(sent);
  }
}

function expired(timeouts: Timeouts<Op>, limit: number): number[] {
  const found: number[] = [];
  timeouts.sweep(instant(limit), (op) => {
    found.push(op.sent);
    op.done = true;
  });
  return found;
}

describe('Timeouts', () => {
  test('expires what was sent at the limit or before and is not done, oldest first', () => {
    const timeouts = new Timeouts<Op>();
    const ops = [1, 2, 3, 4, 5].map((sent) => new Op(sent));
    for (const op of ops) timeouts.add(op);
    ops[1]!.done = true;
    expect(expired(timeouts, 0)).toEqual([]);
    expect(expired(timeouts, 3)).toEqual([1, 3]);
    expect(expired(timeouts, 3)).toEqual([]);
    expect([...timeouts.open()].map(({ sent }) => sent)).toEqual([4, 5]);
    expect(expired(timeouts, 100)).toEqual([4, 5]);
    expect(timeouts.size).toBe(0);
  });

  test('goes on after it was empty', () => {
    const timeouts = new Timeouts<Op>();
    timeouts.add(new Op(1));
    expired(timeouts, 1);
    timeouts.add(new Op(2));
    expect(expired(timeouts, 2)).toEqual([2]);
  });

  test('one op that hangs does not make it keep all that end behind it', () => {
    const timeouts = new Timeouts<Op>();
    const hanging = new Op(0);
    timeouts.add(hanging);
    for (let i = 1; i < 100_000; i += 1) {
      const op = new Op(i);
      timeouts.add(op);
      op.done = true;
    }
    expect(timeouts.size).toBeLessThan(5_000);
    expect([...timeouts.open()]).toEqual([hanging]);
    expect(expired(timeouts, 0)).toEqual([0]);
  });

  test('keeps everything that is not done, however much', () => {
    const timeouts = new Timeouts<Op>();
    for (let i = 0; i < 20_000; i += 1) timeouts.add(new Op(i));
    expect([...timeouts.open()]).toHaveLength(20_000);
  });
});
