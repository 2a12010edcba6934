export type { BacklogPolicy, BacklogState } from './backlog.ts';
export { PlannedWindows } from './planned-windows.ts';
export type { PublisherOptions, PublisherStatus, RunOutcome, TaskStatus } from './publisher.ts';
export { Publisher } from './publisher.ts';
