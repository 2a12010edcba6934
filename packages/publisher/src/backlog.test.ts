import { instant, micros } from '@drumline/core/units';
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

  test('speaks when something changes, and only then', () => {
    const lines: string[] = [];
    const guard = new BacklogGuard({ policy: 'warn', bound: micros(1_000_000), log: log(lines) });
    const ages = [0, 500_000, 2_000_000, 3_000_000, 7_000_000, 6_000_000, 400_000, 0];
    expect(ages.map((age) => guard.judge(micros(age)))).toEqual([
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
    const guard = new BacklogGuard({ policy: 'abort', bound: micros(1_000_000), log: log([]) });
    expect(() => guard.judge(micros(1_500_000))).toThrow(
      expect.objectContaining({ code: 'DRUM_BACKLOG', message: expect.stringContaining('1.5 s') }),
    );
    expect(guard.state).toBe('abort');
  });
});
