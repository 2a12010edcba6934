export type { Bar, HistogramData } from './histogram.ts';
export { Histogram } from './histogram.ts';
export { LONGEST_ENCODED } from './histogram-codec.ts';
export { HIGHEST } from './histogram-layout.ts';
export type { WindowCounts } from './send-windows.ts';
export { SendWindows, WINDOW, WINDOWS_REPORTED, windowOf } from './send-windows.ts';
export type { CountedOutcome, Counter, TaskCounters, TaskFigures, TaskSnapshot } from './task-stats.ts';
export { COUNTERS, TaskStats, zeroCounters } from './task-stats.ts';
