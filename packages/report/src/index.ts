export type { TaskInterval, WorkerFigures } from './fan-in.ts';
export { FanIn } from './fan-in.ts';
export { bytesText, countText, durationText, percentText, rateText, stopwatchText } from './figures-text.ts';
export { LiveDisplay } from './live-display.ts';
export type { LiveState, LiveTask, Screen } from './live-view.ts';
export { liveView } from './live-view.ts';
export type { PlannedBetween, RateSummary, WindowDeviation } from './plan-comparison.ts';
export type { RenderOptions } from './render-summary.ts';
export { renderSummary } from './render-summary.ts';
export type { PublisherStats, WorkerStats } from './stats-line.ts';
export { statsLine, workerLine } from './stats-line.ts';
export type {
  DisturbedSummary,
  LatencySummaries,
  LatencySummary,
  Summary,
  SummaryInput,
  TaskSummary,
  WorkerSummary,
} from './summary.ts';
export { renderJson, summarise } from './summary.ts';
export type { Cell, Column, Style } from './table.ts';
export { COLORED, cut, PLAIN, printable, table } from './table.ts';
export type { TaskTotals } from './task-totals.ts';
