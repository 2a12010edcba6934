export { opDraw, slotDraw } from './arrival-draws.ts';
export type { Deal, Decisions, Skip, Stand, Standing, StandReason, TaskStart } from './decisions.ts';
export { decodeDecisions, UNDECIDED } from './decisions.ts';
export { Pauses } from './pauses.ts';
export type { RunPosition, TaskPosition } from './position.ts';
export type { Pause, RateStep, RunRecord, RunState, RunTask } from './run.ts';
export { decodeRun, encodeRun, FINAL_STATES } from './run.ts';
