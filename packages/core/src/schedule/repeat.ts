import { type Micros, micros } from '../units/index.ts';
import type { SlotDraw } from './poisson.ts';
import { type Position, type Schedule, scheduleOf } from './schedule.ts';

/** Where a task that repeats stands: enough to go on from. */
export interface RepeatPosition extends Position {
  /** Number of the repeat, from 0. */
  readonly repeat: number;
  /** Elapsed µs from the task's start to this repeat's. */
  readonly start: Micros;
}

export const FIRST_REPEAT: RepeatPosition = { repeat: 0, start: micros(0), beat: 0, ops: 0 };

/**
 * Where the next repeat begins: at the instant at which this one ended, with its first op. The schedule there is
 * `scheduleOf({ ...spec, start })`: the curve's phase has moved on, live factors keep their places on the task's axis.
 */
export function nextRepeat(schedule: Schedule, position: RepeatPosition): RepeatPosition {
  return { repeat: position.repeat + 1, start: micros(position.start + schedule.endOf(position)), beat: 0, ops: 0 };
}

/** The schedule of the repeat that begins at elapsed `start`. */
export const repeatOf = (schedule: Schedule, start: Micros, draw?: SlotDraw): Schedule =>
  scheduleOf({ ...schedule.spec, start }, draw);
