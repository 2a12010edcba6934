import { specOf } from '@drumline/core/schedule';
import { describe, expect, test } from 'vitest';
import { planOf, tasksOf } from './plan.fixture.ts';
import { PlanPlay } from './plan-play.ts';
import { TaskPlay } from './task-play.ts';

interface Played {
  /** At each beat, the task numbers with how many ops they gave out, e.g. `0×2 1`. */
  readonly table: string[];
  readonly starts: Record<number, number>;
  readonly overAt: number | undefined;
}

/**
 * Plays so many beats of a file whose tasks each have one op a beat unless they say otherwise.
 * @param settles beats between a task's last op and its last outcome.
 */
function played(file: unknown, beats: number, settles: (task: number) => number = () => 0): Played {
  const plan = planOf(file);
  const tasks = tasksOf(plan);
  const starts: Record<number, number> = {};
  const doneAt = new Map<number, number>();
  const plays: TaskPlay[] = [];
  let beat = 0;
  const play = new PlanPlay(plan.root, {
    startTask: (task, at) => {
      const number = plan.tasks.indexOf(task);
      const definition = tasks[number];
      if (definition === undefined) throw new Error('no such task');
      starts[number] = at;
      const started = new TaskPlay(number, definition, specOf(task), []);
      plays.push(started);
      return { play: started, beat: at };
    },
    hasStarted: () => false,
    mayBegin: (_, __, isBeforeOver) => isBeforeOver(),
    isSettled: (task) => beat > (doneAt.get(task) ?? Number.POSITIVE_INFINITY) + settles(task),
  });
  const table: string[] = [];
  let overAt: number | undefined;
  for (; beat < beats; beat += 1) {
    if (play.isOver) overAt ??= beat;
    const counts = new Map<number, number>();
    for (const { task, count } of play.play(beat)) counts.set(task, (counts.get(task) ?? 0) + count);
    table.push([...counts].map(([task, count]) => (count === 1 ? `${task}` : `${task}×${count}`)).join(' '));
    for (const { isDone, task } of plays) if (isDone && !doneAt.has(task)) doneAt.set(task, beat);
  }
  return { table, starts, overAt };
}

const task = (times: number, qps = 100): object => ({ action: 'getItem', qps, times });

describe('PlanPlay', () => {
  test('a sequence plays one after the other', () => {
    expect(played([task(2), task(1), task(2)], 7)).toEqual({
      table: ['0', '0', '1', '2', '2', '', ''],
      starts: { 0: 0, 1: 2, 2: 3 },
      overAt: 5,
    });
  });

  test('a group plays at the same time, and is over when all of it is', () => {
    expect(played([[task(1), task(3)], task(1)], 6)).toEqual({
      table: ['0 1', '1', '1', '2', '', ''],
      starts: { 0: 0, 1: 0, 2: 3 },
      overAt: 4,
    });
  });

  test('sequences within a group go on apart from each other', () => {
    const file = [
      [
        [task(1), task(2)],
        [task(2), task(2)],
      ],
      task(1),
    ];
    expect(played(file, 7)).toEqual({
      table: ['0 2', '1 2', '1 3', '3', '4', '', ''],
      starts: { 0: 0, 1: 1, 2: 0, 3: 2, 4: 4 },
      overAt: 5,
    });
  });

  test('groups nest as deep as one likes', () => {
    const file = [[[task(1), [task(1), [task(1), task(2)]]], task(4)]];
    const { table, starts } = played(file, 6);
    expect(starts).toEqual({ 0: 0, 1: 1, 2: 1, 3: 2, 4: 0 });
    expect(table.join('|')).toBe('0 4|1 2 4|3 4|3 4||');
  });

  test('the next member begins only when the one before has all its outcomes', () => {
    const slow = played([task(2), task(1)], 9, (number) => (number === 0 ? 3 : 0));
    expect(slow).toEqual({ table: ['0', '0', '', '', '', '1', '', '', ''], starts: { 0: 0, 1: 5 }, overAt: 6 });
  });

  test('a slow branch of a group does not hold up the other, but what comes after the group', () => {
    const file = [
      [
        [task(1), task(1)],
        [task(1), task(1)],
      ],
      task(1),
    ];
    const slow = played(file, 9, (number) => (number === 0 ? 4 : 0));
    expect(slow.table).toEqual(['0 2', '3', '', '', '', '1', '4', '', '']);
  });

  test('rates differ within a group', () => {
    expect(played([[task(6, 300), task(2)]], 3).table).toEqual(['0×3 1', '0×3 1', '']);
  });

  test('one object is a plan of one task', () => {
    expect(played(task(1), 2)).toEqual({ table: ['0', ''], starts: { 0: 0 }, overAt: 1 });
  });
});
