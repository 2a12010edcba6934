import { Histogram } from '@drumline/core/stats';
import type { TimelinePoint } from './timeline.ts';

/** How many times as far a share varies as if ops were independent of each other; at least 1. */
export interface QuantileClustering {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
}

/** How ops of one task hang together in time: slow ones, and failed ones, come in bursts. */
export interface Clustering {
  readonly errors: number;
  readonly response: QuantileClustering;
  readonly service: QuantileClustering;
}

/** Stretches that a run is divided into. */
const MOST_BLOCKS = 30;
/** Fewer say nothing about how far they vary. */
const LEAST_BLOCKS = 5;

interface Block {
  ended: number;
  failed: number;
  readonly response: Histogram;
  readonly service: Histogram;
}

/**
 * The design effect of a task's shares, from how they vary between stretches of the run, as for samples that are drawn in
 * clusters. With *a*ᵢ of *n*ᵢ ops of stretch *i* beyond a percentile, *q* = Σa / n of all, *B* stretches, and Student's *t*:
 *
 *     effect = (t / z)² · B / (B − 1) · Σ(aᵢ − q·nᵢ)² / (n · q · (1 − q))
 *
 * (R. Woodruff, "Confidence intervals for medians and other position measures", 1952; W. Cochran, Sampling Techniques, 1977,
 * section 3.12.) A rate or latency that follows a curve over the day varies between stretches too, and makes it greater than need be.
 * @returns `undefined` for fewer than 5 stretches.
 */
export function clusteringOf(points: readonly TimelinePoint[], task: number): Clustering | undefined {
  const blocks = blocksOf(points, task);
  if (blocks.length < LEAST_BLOCKS) return undefined;
  const quantiles = (name: 'response' | 'service'): QuantileClustering => {
    const all = new Histogram();
    for (const block of blocks) all.merge(block[name]);
    const at = (percent: number): number => {
      const limit = all.percentile(percent);
      return effectOf(
        blocks.map((block) => [block[name].total - block[name].countAtOrBelow(limit), block[name].total]),
      );
    };
    return { p50: at(50), p90: at(90), p99: at(99), p999: at(99.9) };
  };
  return {
    errors: effectOf(blocks.map(({ failed, ended }) => [failed, ended])),
    response: quantiles('response'),
    service: quantiles('service'),
  };
}

function blocksOf(points: readonly TimelinePoint[], task: number): Block[] {
  const own = points.flatMap(({ at, tasks }) => {
    const interval = tasks.find((each) => each.task === task);
    return interval === undefined || interval.ok + interval.failed === 0 ? [] : [{ at, interval }];
  });
  const from = own[0]?.at ?? 0;
  const width = ((own.at(-1)?.at ?? 0) - from + 1) / MOST_BLOCKS;
  const blocks = new Map<number, Block>();
  for (const { at, interval } of own) {
    const number = Math.floor((at - from) / width);
    const block = blocks.get(number) ?? { ended: 0, failed: 0, response: new Histogram(), service: new Histogram() };
    blocks.set(number, block);
    block.ended += interval.ok + interval.failed;
    block.failed += interval.failed;
    block.response.merge(interval.response);
    block.service.merge(interval.service);
  }
  return [...blocks.values()];
}

function effectOf(blocks: readonly (readonly [beyond: number, of: number])[]): number {
  const [beyond, n] = blocks.reduce(([a, b], [x, y]) => [a + x, b + y], [0, 0]);
  if (beyond === 0 || beyond === n) return 1;
  const share = beyond / n;
  const squares = blocks.reduce((sum, [a, of]) => sum + (a - share * of) ** 2, 0);
  const spread = (squares * blocks.length) / (blocks.length - 1) / (n * share * (1 - share));
  return Math.max(1, Number((spread * widening(blocks.length - 1)).toPrecision(4)));
}

/** (t / z)² at 97.5 %: Student's quantile by its expansion in 1 / ν (Abramowitz and Stegun 26.7.5). */
const widening = (freedom: number): number => ((1.96 + 2.372 / freedom + 2.823 / freedom ** 2) / 1.96) ** 2;
