import { TaskStats } from '@drumline/core/stats';
import { instant } from '@drumline/core/units';
import type { TaskReport } from '@drumline/core/wire';
import { describe, expect, test } from 'vitest';
import { TaskTurns } from './task-turns.ts';

class Task {
  readonly stats = new TaskStats();
  readonly task: number;
  constructor(task: number) {
    this.task = task;
  }
  happens(): void {
    this.stats.recordDropped();
  }
  get report(): TaskReport {
    return { run: 'r', task: this.task, action: 'getItem', ...this.stats.figures(instant(0)) };
  }
}

const tasks = (count: number): Task[] => Array.from({ length: count }, (_, i) => new Task(i));
const told = (turns: TaskTurns, of: readonly Task[]): number[] =>
  turns.next(of.map(({ report }) => report)).map(({ task }) => task);

describe('TaskTurns', () => {
  test('a task that rests is told ten times more, then left out until something happens', () => {
    const turns = new TaskTurns(256);
    const [resting, busy] = [new Task(0), new Task(1)];
    const reports = Array.from({ length: 13 }, () => {
      busy.happens();
      return told(turns, [resting, busy]).length;
    });
    expect(reports).toEqual([2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1]);
    resting.happens();
    expect(told(turns, [resting, busy])).toEqual([0, 1]);
  });

  test('when there are too many they take turns, and none is forgotten', () => {
    const turns = new TaskTurns(10);
    const all = tasks(35);
    const heard = new Set<number>();
    for (let i = 0; i < 4; i += 1) {
      for (const task of all) task.happens();
      const next = told(turns, all);
      expect(next.length).toBe(10);
      for (const task of next) heard.add(task);
    }
    expect(heard.size).toBe(35);
  });

  test('has news until everything that happened is told', () => {
    const turns = new TaskTurns(10);
    const all = tasks(25);
    for (const task of all) task.happens();
    const counts = [];
    do counts.push(told(turns, all).length);
    while (turns.hasNews && counts.length < 10);
    expect(counts.length).toBe(3);
  });

  test('tasks that are gone are forgotten', () => {
    const turns = new TaskTurns(1);
    told(turns, tasks(5));
    told(turns, []);
    expect(turns.hasNews).toBe(false);
  });
});
