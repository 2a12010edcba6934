import type { Op } from '@drumline/core/data';
import { TaskStats } from '@drumline/core/stats';
import { instant, micros } from '@drumline/core/units';
import { describe, expect, test } from 'vitest';
import { OK } from '../driver.fixture.ts';
import { Lane } from './lane.ts';
import { Work } from './work.ts';

const op = (n: number): Op => ({ action: 'getItem', n, intended: instant(0), items: [], limit: 1 });
const stats = new TaskStats();
const workOf = (count: number): Work =>
  new Work(
    `e${count}`,
    { run: 'r', task: 3 },
    Array.from({ length: count }, (_, n) => op(n)),
    { stats, hasher: undefined },
  );

function laneOf(maxInFlight: number): { lane: Lane; done: Work[] } {
  const done: Work[] = [];
  return {
    done,
    lane: new Lane(
      () => maxInFlight,
      (work) => done.push(work),
      () => undefined,
    ),
  };
}

function send(lane: Lane, work: Work): void {
  work.sent(work.ops[work.next] ?? op(0), instant(0), instant(0));
  lane.sent();
}

function end(lane: Lane, work: Work, error?: 'DRUM_CONNECT'): void {
  work.ended({ ...OK, ...(error && { error }) }, instant(0), instant(0), instant(micros(1)));
  lane.ended(work);
}

describe('Lane and Work', () => {
  test('a work is done, once, when each op has ended in one of three columns', () => {
    const { lane, done } = laneOf(10);
    const work = workOf(4);
    lane.add(work);
    expect([lane.unsent, lane.inFlight, lane.isIdle]).toEqual([4, 0, false]);
    send(lane, work);
    send(lane, work);
    lane.dropped(work, 2);
    end(lane, work, 'DRUM_CONNECT');
    expect(done).toEqual([]);
    end(lane, work);
    expect(done).toEqual([work]);
    expect(work.ack()).toEqual({ element: 'e4', run: 'r', task: 3, ok: 1, failed: 1, dropped: 2 });
    lane.dropped(work, 0);
    expect(done).toEqual([work]);
    lane.sweep();
    expect([lane.works, lane.isIdle]).toEqual([[], true]);
  });

  test('has room while what is in hand, sent or not, stays below the bound', () => {
    const { lane } = laneOf(3);
    const work = workOf(3);
    expect(lane.hasRoom).toBe(true);
    lane.add(workOf(2));
    expect(lane.hasRoom).toBe(true);
    lane.add(work);
    expect(lane.hasRoom).toBe(false);
    send(lane, work);
    send(lane, work);
    expect([lane.canSend, lane.hasRoom]).toEqual([true, false]);
    send(lane, work);
    expect([lane.canSend, lane.hasRoom]).toEqual([false, false]);
    end(lane, work);
    expect([lane.canSend, lane.hasRoom]).toEqual([true, true]);
  });

  test('works that are given back are in hand no more', () => {
    const { lane, done } = laneOf(3);
    const [one, two] = [workOf(2), workOf(5)];
    lane.add(one);
    lane.add(two);
    lane.release([two]);
    expect([lane.works, lane.unsent, done]).toEqual([[one], 2, []]);
  });

  test('an element of the original’s form has no place in a ledger', () => {
    const work = new Work('e', undefined, [op(0)], { stats, hasher: undefined });
    work.drop(1);
    expect(work.ack()).toEqual({ element: 'e', task: 0, ok: 0, failed: 0, dropped: 1 });
  });
});
