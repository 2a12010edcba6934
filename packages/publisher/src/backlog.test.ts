import { instant, micros, millis } from '@drumline/core/units';
import { describe, expect, test } from 'vitest';
import { type BacklogPolicy, type BacklogState, backlogState, QueueAge } from './backlog.ts';
import { BacklogGuard } from './backlog-guard.ts';

const BOUND = micros(10);

describe('backlogState', () => {
  test.each<[BacklogPolicy, number, BacklogState, BacklogState]>([
    ['warn', 0, 'ok', 'ok'],
    ['warn', 10, 'ok', 'ok'],
    ['warn', 11, 'ok', 'warn'],
    ['warn', 60, 'warn', 'warn'],
    ['warn', 61, 'warn', 'pause'],
    ['warn', 30, 'pause', 'pause'],
    ['warn', 6, 'pause', 'pause'],
    ['warn', 5, 'pause', 'ok'],
    ['warn', 3, 'warn', 'ok'],
    ['pause', 10, 'ok', 'ok'],
    ['pause', 11, 'ok', 'pause'],
    ['pause', 1_000, 'pause', 'pause'],
    ['pause', 10, 'pause', 'pause'],
    ['pause', 5, 'pause', 'ok'],
    ['abort', 10, 'ok', 'ok'],
    ['abort', 11, 'ok', 'abort'],
  ])('%s at age %i after %s: %s', (policy, age, before, expected) => {
    expect(backlogState(policy, BOUND, micros(age), before)).toBe(expected);
  });
});

describe('QueueAge', () => {
  test('is the time since the oldest waiting element was due', () => {
    const queue = new QueueAge();
    queue.pushed(2, instant(100));
    queue.pushed(3, instant(200));
    queue.pushed(1, instant(300));
    expect(queue.age(6, instant(1_000))).toBe(900);
    expect(queue.age(5, instant(1_000))).toBe(900);
    expect(queue.age(4, instant(1_000))).toBe(800);
    expect(queue.age(1, instant(1_000))).toBe(700);
    expect(queue.age(0, instant(1_000))).toBe(0);
  });

  test('what is pushed ahead of its time has no age yet', () => {
    const queue = new QueueAge();
    queue.pushed(1, instant(2_000));
    expect(queue.age(1, instant(1_000))).toBe(0);
  });

  test('an empty queue has none, however much went through it', () => {
    const queue = new QueueAge();
    expect(queue.age(0, instant(5))).toBe(0);
    for (let i = 0; i < 1_000; i += 1) queue.pushed(1, instant(i));
    expect(queue.age(0, instant(5_000))).toBe(0);
    queue.pushed(1, instant(4_900));
    expect(queue.age(1, instant(5_000))).toBe(100);
  });

  test('more in the queue than was pushed (elements given back) is as old as what is known', () => {
    const queue = new QueueAge();
    queue.pushed(1, instant(100));
    expect(queue.age(50, instant(300))).toBe(200);
  });

  test('a pause makes nothing older', () => {
    const queue = new QueueAge();
    queue.pushed(1, instant(100));
    queue.postpone(micros(5_000));
    expect(queue.age(1, instant(5_150))).toBe(50);
  });
});

describe('BacklogGuard', () => {
  const log = (lines: string[]) => {
    const say = (_: object, text: string): void => void lines.push(text);
    return { debug: say, info: say, warn: say, error: say };
  };

  const guardOf = (policy: BacklogPolicy, lines: string[] = []) =>
    new BacklogGuard({ policy, bound: micros(1_000_000), outage: millis(60_000), log: log(lines) });

  test('speaks when something changes, and only then', () => {
    const lines: string[] = [];
    const guard = guardOf('warn', lines);
    const ages = [0, 500_000, 2_000_000, 3_000_000, 7_000_000, 6_000_000, 400_000, 0];
    expect(ages.map((age) => guard.judge(instant(0), micros(age), false))).toEqual([
      'ok',
      'ok',
      'warn',
      'warn',
      'pause',
      'pause',
      'ok',
      'ok',
    ]);
    expect(lines).toEqual([
      'the queues are 2.0 s behind: workers do not keep up',
      'the queues are 7.0 s behind: waiting for workers',
      'the backlog is back within its bound',
    ]);
  });

  test('aborts by an error that says how far behind', () => {
    const guard = guardOf('abort');
    expect(() => guard.judge(instant(0), micros(1_500_000), false)).toThrow(
      expect.objectContaining({ code: 'DRUM_BACKLOG', message: expect.stringContaining('1.5 s') }),
    );
    expect(guard.state).toBe('abort');
  });

  test.each(['warn', 'pause', 'abort'] as const)('%s: a Redis without memory is waited for', (policy) => {
    const lines: string[] = [];
    const guard = guardOf(policy, lines);
    const judge = (s: number, isFull: boolean) => guard.judge(instant(s * 1e6), micros(0), isFull);
    expect([judge(0, false), judge(1, true)]).toEqual(['ok', 'pause']);
    expect(guard.heldUpBy).toBe('memory');
    expect([judge(61, true), judge(62, false)]).toEqual(['pause', 'ok']);
    expect(guard.heldUpBy).toBeUndefined();
    expect(lines).toEqual([
      'Redis is out of memory (maxmemory): publishing waits until workers have made room',
      'the backlog is back within its bound',
    ]);
  });

  test('a Redis that stays without memory for longer than an outage may last ends the run', () => {
    const guard = guardOf('warn');
    guard.judge(instant(0), micros(0), true);
    expect(() => guard.judge(instant(60_000_001), micros(0), true)).toThrow(
      expect.objectContaining({ code: 'DRUM_BUS_FULL', exit: 4, message: expect.stringContaining('60 s') }),
    );
  });
});
