export { opDraw, slotDraw } from './arrival-draws.ts';
export { Pauses } from './pauses.ts';
export type { Pause, RateStep, RunRecord, RunState, RunTask } from './run.ts';
export { decodeRun, encodeRun, FINAL_STATES } from './run.ts';
