import { Histogram } from '@drumline/core/stats';
import { durationText } from '../figures-text.ts';
import type { LatencySummaries } from '../summary.ts';
import type { Chart, Line } from './chart.ts';
import { briefDuration, logScale, type Scale } from './ticks.ts';

const DURATIONS = [
  { name: 'response', of: 'response', tone: 'main', kind: 'line' },
  { name: 'service (uncorrected)', short: 'service', of: 'service', tone: 'b', kind: 'dashed' },
  { name: 'lateness', of: 'lateness', tone: 'c', kind: 'line' },
] as const;

/** Places on the x axis at which the lines are drawn. */
const STEPS = 200;
const ROWS = [10, 25, 50, 75, 90, 95, 99, 99.5, 99.9, 99.99, 99.999, 99.9999];

/**
 * Latency by percentile. The x axis is by tens of what lies beyond: as far from 90 % to 99 % as from 99 % to 99.9 %, so that
 * the tail, which averages hide, has most of the room. It ends where one op of all is.
 */
export function percentileChart(latencies: LatencySummaries): Chart | undefined {
  const count = latencies.response.count;
  if (count === 0) return undefined;
  const nines = Math.max(1, Math.min(7, Math.log10(count)));
  const x = nineScale(nines);
  const decoded = DURATIONS.map((duration) => ({
    ...duration,
    histogram: Histogram.decode(latencies[duration.of].hdr),
  }));
  const used = decoded.filter(({ histogram }) => histogram.total > 0);
  const low = Math.min(...used.map(({ histogram }) => Math.max(1, histogram.percentile(10))));
  const y = logScale(low, Math.max(...used.map(({ histogram }) => histogram.max)), briefDuration);
  const rows = ROWS.filter((percent) => beyond(percent) <= nines);
  return {
    title: 'Latency by percentile',
    about: 'of all ops; both axes logarithmic',
    x,
    xTitle: 'part of the ops that were at least as fast',
    y,
    lines: used.map(
      (each): Line => ({
        name: 'short' in each ? each.short : each.name,
        tone: each.tone,
        kind: each.kind,
        points: curve(each.histogram, nines).map(([at, value]) => [at, y.at(value)] as const),
      }),
    ),
    table: {
      head: ['percentile', ...used.map(({ name }) => name)],
      rows: [
        ...rows.map((percent) => ({
          at: x.at(percent),
          cells: [`${percent} %`, ...used.map(({ histogram }) => durationText(histogram.percentile(percent)))],
        })),
        { at: 1, cells: ['max', ...used.map(({ histogram }) => durationText(histogram.max))] },
      ],
    },
  };
}

/** Tens of what lies beyond a percentile: 1 for 90 %, 2 for 99 %. */
const beyond = (percent: number): number => -Math.log10(1 - percent / 100);

function nineScale(nines: number): Scale {
  const at = (percent: number): number => Math.min(1, beyond(percent) / nines);
  const percents = [50, 90, 99, 99.9, 99.99, 99.999, 99.9999].filter((percent) => beyond(percent) <= nines);
  return { at, ticks: percents.map((percent) => ({ at: at(percent), label: `${percent} %`, minor: false })) };
}

/** The histogram's values at evenly spaced places of the axis, from one pass over its bars. */
function curve(histogram: Histogram, nines: number): [at: number, value: number][] {
  const points: [number, number][] = [];
  const rankAt = (step: number): number => Math.ceil(histogram.total * (1 - 10 ** (-(step / STEPS) * nines)));
  let running = 0;
  let step = 0;
  for (const { to, count } of histogram.bars()) {
    running += count;
    for (; step <= STEPS && rankAt(step) <= running; step += 1) {
      if (points.at(-1)?.[1] !== to || step === STEPS) points.push([step / STEPS, to]);
      else if (points.at(-2)?.[1] !== to) points.push([step / STEPS, to]);
      else points[points.length - 1] = [step / STEPS, to];
    }
  }
  points.push([1, histogram.max]);
  return points;
}
