import type { RunTask } from '@drumline/core/run';
import { phaseOf, type ScheduleSpec, specOf } from '@drumline/core/schedule';
import type { Instant } from '@drumline/core/units';

/** What a task's schedule depends on once it is known when the task starts. */
export function taskSpec(
  task: RunTask,
  options: { readonly scale: string; readonly speed: string; readonly start: Instant; readonly batchOps: number },
): ScheduleSpec {
  const { scale, speed, start, batchOps } = options;
  const phase = task.qpss === undefined ? undefined : phaseOf(start, task.timezone);
  return specOf(task, { scale, speed, batchOps, phase });
}
