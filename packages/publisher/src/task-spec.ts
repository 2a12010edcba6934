import type { RunTask } from '@drumline/core/run';
import { phaseOf, type RateChange, type ScheduleSpec, scheduleOf, specOf } from '@drumline/core/schedule';
import type { Instant } from '@drumline/core/units';

export interface SpecFactors {
  /** Decimal texts. */
  readonly scale: string;
  readonly speed: string;
  readonly batchOps: number;
}

/** What a task's schedule depends on once it is known when the task starts. */
export function taskSpec(task: RunTask, start: Instant, { scale, speed, batchOps }: SpecFactors): ScheduleSpec {
  const phase = task.qpss === undefined ? undefined : phaseOf(start, task.timezone);
  return specOf(task, { scale, speed, batchOps, phase });
}

/**
 * Checks that every task can be played, were it to start at `start` with these live factors.
 * @throws DrumlineError DRUM_PLAN_TOO_LARGE, DRUM_USAGE
 */
export function checkTasks(
  tasks: readonly RunTask[],
  start: Instant,
  factors: SpecFactors,
  history: readonly RateChange[] = [],
): void {
  for (const task of tasks) scheduleOf({ ...taskSpec(task, start, factors), history });
}
