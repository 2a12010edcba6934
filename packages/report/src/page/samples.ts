import { Histogram } from '@drumline/core/stats';
import type { TaskInterval, TimelinePoint } from '../timeline.ts';

/** The latencies of a stretch, µs. */
export interface Quantiles {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

export interface TaskSample {
  readonly planned: number;
  readonly sent: number;
  readonly failed: number;
  readonly dropped: number;
  readonly errors: ReadonlyMap<string, number>;
  /** `undefined` = nothing ended. Unpacking histograms is most of the work of a page, so it is done only when asked for. */
  readonly response: () => Quantiles | undefined;
}

/** One place of a chart: what the points in it amount to. */
export interface Sample {
  /** µs since the run's start. */
  readonly from: number;
  readonly to: number;
  /** µs of the run that points cover in it. */
  readonly length: number;
  readonly disturbed: boolean;
  /** The greatest of its points. */
  readonly backlog: number;
  readonly inFlight: number;
  readonly tasks: ReadonlyMap<number, TaskSample>;
  /** Ops per second that each worker sent, on average. */
  readonly workers: ReadonlyMap<string, number>;
}

/**
 * Brings points down to at most `most` samples of one length: histograms and counts are added up, of gauges the greatest stays,
 * so no spike is lost, and a percentile is one of all ops of its sample, never a mean of percentiles.
 * @param start the run's start, µs since the epoch.
 */
export function samplesOf(points: readonly TimelinePoint[], start: number, most: number): Sample[] {
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined) return [];
  const width = Math.max((last.at + last.length - first.at) / most, 1);
  const groups = Map.groupBy(points, ({ at }) => Math.min(most - 1, Math.floor((at - first.at) / width)));
  return [...groups.values()].map((group) => sampleOf(group, start));
}

function sampleOf(points: readonly TimelinePoint[], start: number): Sample {
  const [first, last] = [points[0], points.at(-1)];
  // The first point is a whole second of the clock, in which the run began.
  const length = points.reduce(
    (sum, { at, length: whole }) => sum + whole - Math.min(whole, Math.max(0, start - at)),
    0,
  );
  const greatest = (of: 'backlog' | 'inFlight'): number => points.reduce((most, point) => Math.max(most, point[of]), 0);
  return {
    from: Math.max(0, (first?.at ?? start) - start),
    to: (last?.at ?? start) + (last?.length ?? 0) - start,
    length,
    disturbed: points.some(({ disturbed }) => disturbed),
    backlog: greatest('backlog'),
    inFlight: greatest('inFlight'),
    tasks: tasksOf(points),
    workers: workersOf(points, length),
  };
}

function tasksOf(points: readonly TimelinePoint[]): Map<number, TaskSample> {
  const intervals = Map.groupBy(
    points.flatMap(({ tasks }) => tasks),
    ({ task }) => task,
  );
  const samples = new Map<number, TaskSample>();
  for (const [task, parts] of intervals) {
    const sum = (of: 'planned' | 'sent' | 'failed' | 'dropped'): number =>
      parts.reduce((all, part) => all + part[of], 0);
    const errors = new Map<string, number>();
    for (const part of parts) {
      for (const [code, count] of part.errors) errors.set(code, (errors.get(code) ?? 0) + count);
    }
    samples.set(task, {
      planned: sum('planned'),
      sent: sum('sent'),
      failed: sum('failed'),
      dropped: sum('dropped'),
      errors,
      response: () => quantilesOf(parts),
    });
  }
  return samples;
}

function quantilesOf(parts: readonly TaskInterval[]): Quantiles | undefined {
  const histogram = new Histogram();
  for (const part of parts) histogram.merge(part.response);
  if (histogram.total === 0) return undefined;
  return {
    p50: histogram.percentile(50),
    p90: histogram.percentile(90),
    p99: histogram.percentile(99),
    p999: histogram.percentile(99.9),
    max: histogram.max,
  };
}

function workersOf(points: readonly TimelinePoint[], length: number): Map<string, number> {
  const rates = new Map<string, number>();
  for (const point of points) {
    for (const { worker, rate } of point.workers) {
      rates.set(worker, (rates.get(worker) ?? 0) + (rate * point.length) / Math.max(1, length));
    }
  }
  return rates;
}
