import type { Durations, Histogram } from '@drumline/core/stats';
import type { Instant } from '@drumline/core/units';
import type { TimelinePoint } from '../timeline.ts';

/**
 * Name of the log of one kind of duration of a task. An action may have been named by anybody: what file systems, shells
 * and other tools could take amiss becomes `_`.
 */
export const hdrLogName = ({ task, action }: { task: number; action: string }, kind: keyof Durations): string =>
  `task${task}-${action.replaceAll(/[^\w-]/gu, '_').slice(0, 80)}-${kind}.hlog`;

/**
 * How a HdrHistogram log, version 1.3, begins. Timestamps are seconds since the epoch, values whole microseconds, and
 * Interval_Max milliseconds, as other tools write it.
 */
export function hdrLogHeader(run: string, what: string, start: Instant): string {
  return [
    `#[drumline run ${run}: ${what}; values are microseconds]`,
    '#[Histogram log format version 1.3]',
    `#[StartTime: ${(start / 1e6).toFixed(3)} (seconds since epoch), ${new Date(start / 1_000).toISOString()}]`,
    '"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"\n',
  ].join('\n');
}

/** One interval of a log: when, how long, the greatest value, and the histogram in V2 compressed base64. */
export function hdrLogLine(histogram: Histogram, { at, length }: Pick<TimelinePoint, 'at' | 'length'>): string {
  const [start, span, max] = [at / 1e6, length / 1e6, histogram.max / 1e3].map((figure) => figure.toFixed(3));
  return `${start},${span},${max},${histogram.encode()}\n`;
}
