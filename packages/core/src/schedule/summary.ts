import { type Micros, micros } from '../units/index.ts';
import type { Schedule } from './schedule.ts';

/** What can be said of a schedule before it runs. */
export interface ScheduleSummary {
  /** Ops in all. */
  readonly total: number;
  /** Whether `total` and `end` are exact; with Poisson arrivals they are expected values, but for a total that `times` sets. */
  readonly exact: { readonly total: boolean; readonly end: boolean };
  readonly end: Micros;
  /** ops/s */
  readonly peak: number;
  readonly mean: number;
  /** The rate over time, for drawing: equal stretches from the start to the end. Empty when there is no end. */
  readonly samples: readonly RateSample[];
}

export interface RateSample {
  /** µs since the start. */
  readonly from: Micros;
  readonly to: Micros;
  /** Mean rate over the stretch, ops/s. */
  readonly rate: number;
}

/** @param columns number of samples at most */
export function summaryOf(schedule: Schedule, columns = 96): ScheduleSummary {
  const { total, end, spec, arrivals } = schedule;
  const even = arrivals === 'even';
  // Poisson: the total is certain when times is the only bound.
  const exact = { total: even || spec.duration === undefined, end: even || spec.times === undefined };
  const mean = meanRate(schedule, 0, end);
  return { total, exact, end, peak: schedule.peak(), mean, samples: samplesOf(schedule, columns) };
}

function samplesOf(schedule: Schedule, columns: number): RateSample[] {
  const { end } = schedule;
  if (end === Infinity) return [];
  const count = Math.min(columns, end);
  return Array.from({ length: count }, (_, i) => {
    const [from, to] = [Math.floor((end * i) / count), Math.floor((end * (i + 1)) / count)];
    return { from: micros(from), to: micros(to), rate: meanRate(schedule, from, to) };
  });
}

function meanRate(schedule: Schedule, from: number, to: number): number {
  return to === Infinity || to <= from ? 0 : (schedule.expectedBetween(from, to) / (to - from)) * 1_000_000;
}
