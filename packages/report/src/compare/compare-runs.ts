import { Histogram } from '@drumline/core/stats';
import type { QuantileClustering } from '../clustering.ts';
import type { LatencySummaries, LatencySummary, Summary, TaskSummary } from '../summary.ts';
import { difference, type Estimate, shareInterval } from './estimate.ts';
import { exceedance } from './exceedance.ts';
import { planWarnings } from './plan-warnings.ts';
import { quantileInterval } from './quantile-interval.ts';

/** `undecided`: too few values to say. */
export type FigureVerdict = 'same' | 'better' | 'worse' | 'undecided';

/** One figure of a task in both runs. */
export interface ComparedFigure {
  /** `rate`, `errors`, `dropped`, `response p99`, `service max`, … */
  readonly figure: string;
  readonly unit: 'ops/s' | 'share' | 'µs';
  readonly a: number;
  readonly b: number;
  /**
   * The 95 % interval of b − a, in the figure's unit; a bound that cannot be given is `null`. Absent for `rate`, which is counted,
   * not sampled, and for `max`, which has a test instead.
   */
  readonly interval?: { readonly low: number | null; readonly high: number | null };
  readonly verdict: FigureVerdict;
}

export interface ComparedTask {
  readonly task: number;
  readonly action: string;
  /** What an http task is called. */
  readonly name?: string;
  readonly figures: readonly ComparedFigure[];
}

export interface Comparison {
  readonly a: string;
  readonly b: string;
  /** Of each verdict by itself. */
  readonly confidence: 0.95;
  /** Relative: figures that differ by no more are the same. */
  readonly tolerance: number;
  readonly shown: 'all' | 'clean';
  readonly worse: number;
  readonly better: number;
  readonly same: number;
  readonly undecided: number;
  readonly tasks: readonly ComparedTask[];
  /** What makes the two runs hard to compare. */
  readonly warnings: readonly string[];
}

export interface CompareOptions {
  /** 0.05 = 5 %. */
  readonly tolerance: number;
  /** Compare latencies without disturbed seconds. */
  readonly clean?: boolean;
}

const QUANTILES = [
  ['p50', 0.5, 'p50'],
  ['p90', 0.9, 'p90'],
  ['p99', 0.99, 'p99'],
  ['p99.9', 0.999, 'p999'],
] as const;

/**
 * Holds run `b` against run `a`, figure by figure. A figure is `worse` or `better` when it differs by more than the tolerance
 * *and* by more than chance explains at 95 % confidence; the other way round the verdicts are mirrored. Slow and failed ops come in bursts:
 * how much less they say for that is estimated from the run itself (`Clustering`). What differs between two runs of the same
 * thing besides, the tolerance is for.
 * @throws DrumlineError DRUM_REPORT_INVALID for a histogram that cannot be read.
 */
export function compareRuns(a: Summary, b: Summary, { tolerance, clean = false }: CompareOptions): Comparison {
  const tasks = a.tasks.flatMap((before) => {
    const after = b.tasks.find(({ task, action }) => task === before.task && action === before.action);
    if (after === undefined) return [];
    const { task, action, name } = after;
    const figures = figuresOf(before, after, tolerance, clean);
    return [{ task, action, ...(name !== undefined && { name }), figures }];
  });
  const verdicts = tasks.flatMap(({ figures }) => figures.map(({ verdict }) => verdict));
  const count = (which: FigureVerdict): number => verdicts.filter((verdict) => verdict === which).length;
  return {
    a: a.run,
    b: b.run,
    confidence: 0.95,
    tolerance,
    shown: clean ? 'clean' : 'all',
    worse: count('worse'),
    better: count('better'),
    same: count('same'),
    undecided: count('undecided'),
    tasks,
    warnings: planWarnings(a, b, clean),
  };
}

function figuresOf(a: TaskSummary, b: TaskSummary, tolerance: number, clean: boolean): ComparedFigure[] {
  const [from, to]: [LatencySummaries, LatencySummaries] = clean ? [a.clean, b.clean] : [a, b];
  const ended = ({ ledger }: TaskSummary): number => ledger.ok + ledger.failed;
  return [
    {
      figure: 'rate',
      unit: 'ops/s',
      a: a.rate.achieved,
      b: b.rate.achieved,
      verdict: isWithin(a.rate.achieved, b.rate.achieved, tolerance)
        ? 'same'
        : a.rate.achieved > b.rate.achieved
          ? 'worse'
          : 'better',
    },
    sampled(
      'errors',
      'share',
      shareInterval(a.ledger.failed, ended(a), a.clustering?.errors),
      shareInterval(b.ledger.failed, ended(b), b.clustering?.errors),
      tolerance,
    ),
    sampled(
      'dropped',
      'share',
      shareInterval(a.ledger.dropped, a.ledger.planned),
      shareInterval(b.ledger.dropped, b.ledger.planned),
      tolerance,
    ),
    ...latencyFigures(
      'response',
      { ...from.response, effects: a.clustering?.response },
      { ...to.response, effects: b.clustering?.response },
      tolerance,
    ),
    ...latencyFigures(
      'service',
      { ...from.service, effects: a.clustering?.service },
      { ...to.service, effects: b.clustering?.service },
      tolerance,
    ),
  ];
}

interface Side extends LatencySummary {
  readonly effects: QuantileClustering | undefined;
}

function latencyFigures(name: string, a: Side, b: Side, tolerance: number): ComparedFigure[] {
  const [before, after] = [Histogram.decode(a.hdr), Histogram.decode(b.hdr)];
  if (before.total === 0 && after.total === 0) return [];
  if (before.total === 0 || after.total === 0) {
    return [...QUANTILES.map(([title]) => title), 'max'].map((title) => ({
      figure: `${name} ${title}`,
      unit: 'µs',
      a: 0,
      b: 0,
      verdict: 'undecided',
    }));
  }
  return [
    ...QUANTILES.map(([title, share, key]) =>
      sampled(
        `${name} ${title}`,
        'µs',
        quantileInterval(before, share, a.effects?.[key]),
        quantileInterval(after, share, b.effects?.[key]),
        tolerance,
      ),
    ),
    {
      figure: `${name} max`,
      unit: 'µs',
      a: before.max,
      b: after.max,
      verdict: isWithin(before.max, after.max, tolerance)
        ? 'same'
        : verdictOf(exceedance(before, after, greatestEffect(a, b))),
    },
  ];
}

function sampled(
  figure: string,
  unit: ComparedFigure['unit'],
  a: Estimate,
  b: Estimate,
  tolerance: number,
): ComparedFigure {
  const { low, high } = difference(a, b);
  const isFar = !isWithin(a.value, b.value, tolerance);
  const isUnsure = !Number.isFinite(low) || !Number.isFinite(high);
  const side = low > 0 ? 1 : high < 0 ? -1 : 0;
  return {
    figure,
    unit,
    a: a.value,
    b: b.value,
    interval: { low: finite(low), high: finite(high) },
    verdict: side === 0 && isUnsure ? 'undecided' : isFar ? verdictOf(side) : 'same',
  };
}

/** The greatest values of a run may all be of one burst. */
const greatestEffect = (...sides: readonly Side[]): number =>
  Math.max(
    1,
    ...sides.flatMap(({ effects }) => (effects === undefined ? [] : QUANTILES.map(([, , key]) => effects[key]))),
  );

const verdictOf = (side: -1 | 0 | 1): FigureVerdict => (side > 0 ? 'worse' : side < 0 ? 'better' : 'same');
const finite = (bound: number): number | null => (Number.isFinite(bound) ? bound : null);

/** Relative to the smaller of the two, so that it does not matter which comes first. */
const isWithin = (a: number, b: number, tolerance: number): boolean =>
  Math.abs(b - a) <= tolerance * Math.min(a, b) * (1 + Number.EPSILON);
