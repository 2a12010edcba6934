export type {
  ComparedFigure,
  ComparedTask,
  CompareOptions,
  Comparison,
  FigureVerdict,
} from './compare/index.ts';
export { compareRuns, renderComparison } from './compare/index.ts';
export type { WorkerFigures } from './fan-in.ts';
export { FanIn } from './fan-in.ts';
export { bytesText, countText, durationText, percentText, rateText, stopwatchText } from './figures-text.ts';
export type { Certificate, SloVerdict } from './judge/index.ts';
export { SloJudge, valueText } from './judge/index.ts';
export { LiveDisplay } from './live-display.ts';
export type { LiveState, LiveTask, Screen } from './live-view.ts';
export { liveView } from './live-view.ts';
export type { Exposition, MetricsSource } from './outputs/index.ts';
export {
  CONTENT_TYPES,
  CSV_HEADER,
  csvRows,
  hdrLogHeader,
  hdrLogLine,
  hdrLogName,
  METRICS,
  POINT_FIELDS,
  renderJunit,
  renderMetrics,
  secondLine,
  summaryLine,
  TASK_FIELDS,
  WORKER_FIELDS,
} from './outputs/index.ts';
export type { PageInput } from './page/index.ts';
export { renderPage } from './page/index.ts';
export type { PlannedBetween, RateSummary, WindowDeviation } from './plan-comparison.ts';
export { readSummary } from './read-summary.ts';
export type { RenderOptions } from './render-summary.ts';
export { renderSummary } from './render-summary.ts';
export type { PublisherStats, WorkerStats } from './stats-line.ts';
export { statsLine, workerLine } from './stats-line.ts';
export type {
  DisturbedSummary,
  LatencySummaries,
  LatencySummary,
  PlayedSummary,
  Summary,
  SummaryInput,
  TaskSummary,
  WorkerSummary,
} from './summary.ts';
export { renderJson, summarise } from './summary.ts';
export type { Cell, Column, Style } from './table.ts';
export { COLORED, cut, PLAIN, printable, table } from './table.ts';
export type { TaskTotals } from './task-totals.ts';
export type { TaskInterval, TimelinePoint, WorkerInterval } from './timeline.ts';
export { Timeline } from './timeline.ts';
export { TimelineFeed } from './timeline-feed.ts';
