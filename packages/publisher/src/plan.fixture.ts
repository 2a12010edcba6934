import { type Plan, readPlan } from '@drumline/core/plan';
import type { RunTask } from '@drumline/core/run';

/** The plan of a traffic file, written as its JSON value. */
export const planOf = (file: unknown): Plan => readPlan(JSON.stringify(file), 'traffic.json');

/** The plan's tasks with their seeds drawn. */
export const tasksOf = (plan: Plan): RunTask[] => plan.tasks.map((task) => ({ ...task, seed: task.seed ?? '1' }));

/** The one task of a file. */
export function taskOf(entry: object): RunTask {
  const [task] = tasksOf(planOf([entry]));
  if (task === undefined) throw new Error('the file has no task');
  return task;
}
