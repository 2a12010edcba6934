import type { Slo } from '@drumline/core/slo';
import { Histogram } from '@drumline/core/stats';

/** What a threshold is judged by: counts of its tasks over some time, and the histogram that it looks at. */
export interface SloFigures {
  readonly planned: number;
  readonly sent: number;
  /** Ended ok or failed. */
  readonly ended: number;
  readonly failed: number;
  readonly dropped: number;
  /** Over how long, µs. */
  readonly length: number;
  /** Of the threshold's metric; empty for counts. */
  readonly histogram: Histogram;
  /** Share of the plan that went out in its second, where it is known; else it is taken from `sent` and `planned`. */
  readonly kept?: number;
}

export const noFigures = (): SloFigures => ({
  planned: 0,
  sent: 0,
  ended: 0,
  failed: 0,
  dropped: 0,
  length: 0,
  histogram: new Histogram(),
});

const METRIC_OF = { response_time: 'response', service_time: 'service', lateness: 'lateness' } as const;

/** The name of the histogram that a threshold looks at. */
export const histogramOf = (slo: Slo): 'response' | 'service' | 'lateness' | undefined =>
  slo.unit === 'us' ? METRIC_OF[slo.metric] : undefined;

/** The value of the threshold's metric in its unit; `undefined` when nothing was measured. */
export function valueOf(slo: Slo, figures: SloFigures): number | undefined {
  if (slo.unit === 'us') {
    const { histogram } = figures;
    if (histogram.total === 0) return undefined;
    return typeof slo.stat === 'number' ? histogram.percentile(slo.stat) : Math.round(histogram[slo.stat]);
  }
  if (slo.metric === 'rate') return slo.unit === 'ops/s' ? perSecond(figures) : keptOf(figures);
  const count = slo.metric === 'errors' ? figures.failed : figures.dropped;
  const of = slo.metric === 'errors' ? figures.ended : figures.planned;
  if (slo.unit === 'ops') return count;
  return of === 0 ? undefined : count / of;
}

/** The op that crosses the end of a stretch of time is not held against it. */
function keptOf({ planned, sent, kept }: SloFigures): number | undefined {
  if (planned === 0) return undefined;
  return kept ?? Math.min(1, (sent + 1) / planned);
}

const perSecond = ({ ended, length, planned }: SloFigures): number | undefined =>
  length === 0 || planned + ended === 0 ? undefined : (ended * 1e6) / length;

/**
 * Fewer ops than this decide nothing. Percentile p needs 100 / (100 − p) of them (and 100 / p below the median), so that one
 * may lie beyond it: p99 needs 100, p99.9 needs 1,000. Of part of a run, a share with an upper bound b needs 1 / b ops,
 * so that a single one cannot exceed it: `errors < 0.1%` needs 1,000.
 */
export function opsNeeded(slo: Slo, isPart: boolean): number {
  if (slo.unit === 'us') {
    if (typeof slo.stat !== 'number') return 1;
    return Math.ceil(Math.max(100 / (100 - slo.stat), 100 / slo.stat) - 1e-9);
  }
  const isUpper = slo.relation === '<' || slo.relation === '<=';
  return isPart && slo.unit === 'share' && isUpper && slo.bound > 0 ? Math.ceil(1 / slo.bound - 1e-9) : 1;
}

/** Whether there are enough ops to say whether the threshold is kept. */
export function isDecided(slo: Slo, figures: SloFigures, isPart: boolean): boolean {
  if (valueOf(slo, figures) === undefined) return false;
  if (slo.unit === 'us') return figures.histogram.total >= opsNeeded(slo, isPart);
  if (slo.unit !== 'share') return true;
  return (slo.metric === 'errors' ? figures.ended : figures.planned) >= opsNeeded(slo, isPart);
}
