export type { BacklogPolicy, BacklogState } from './backlog.ts';
export type { Resumed } from './cast.ts';
export type { Gap, GapPolicy } from './gap.ts';
export { PlannedWindows } from './planned-windows.ts';
export { Publisher } from './publisher.ts';
export type { PremiereOptions, PublisherOptions, TakeoverOptions } from './publisher-options.ts';
export type { PublisherStatus, RunOutcome, TaskStatus } from './run-outcome.ts';
export type { StandbyOptions, Watched } from './standby.ts';
export { Standby } from './standby.ts';
