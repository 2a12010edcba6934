export type { BacklogPolicy, BacklogState } from './backlog.ts';
export { PlannedWindows } from './planned-windows.ts';
export { Publisher } from './publisher.ts';
export type { PublisherOptions } from './publisher-options.ts';
export type { PublisherStatus, RunOutcome, TaskStatus } from './run-outcome.ts';
