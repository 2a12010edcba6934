import { decimalText } from '../document/index.ts';
import type { Micros } from '../units/index.ts';

/** What a threshold looks at: the three durations of ops, or counts of them. */
export const DURATION_METRICS = ['response_time', 'service_time', 'lateness'] as const;
export const COUNT_METRICS = ['errors', 'dropped', 'rate'] as const;
export const METRICS = [...DURATION_METRICS, ...COUNT_METRICS] as const;
export type DurationMetric = (typeof DURATION_METRICS)[number];
export type CountMetric = (typeof COUNT_METRICS)[number];

export const RELATIONS = ['<', '<=', '>', '>='] as const;
export type Relation = (typeof RELATIONS)[number];

/** Which figure of a duration: a percentile above 0 and below 100, or one of the three. */
export type SloStat = number | 'min' | 'mean' | 'max';

/** µs, a share of 1, ops, or ops per second. */
export type SloUnit = 'us' | 'share' | 'ops' | 'ops/s';

interface Threshold {
  /** An action, or the number of a task; absent = all tasks together. */
  readonly scope: string | number | undefined;
  readonly relation: Relation;
  /** In `unit`. */
  readonly bound: number;
  /** Every window of this length; absent = the whole run. */
  readonly over: Micros | undefined;
  /** End the run as soon as it is missed. */
  readonly abort: boolean;
}

/** A threshold: what a run must keep for its command to succeed. */
export type Slo = Threshold &
  (
    | { readonly metric: DurationMetric; readonly stat: SloStat; readonly unit: 'us' }
    | { readonly metric: CountMetric; readonly unit: 'share' | 'ops' | 'ops/s' }
  );

/** Whether a value is within the bound. */
export function keeps({ relation, bound }: Pick<Slo, 'relation' | 'bound'>, value: number): boolean {
  if (relation === '<') return value < bound;
  if (relation === '<=') return value <= bound;
  return relation === '>' ? value > bound : value >= bound;
}

/** A threshold as it is written: `parseSlo` reads it back. */
export function sloText(slo: Slo): string {
  const { scope, metric, relation, over, abort } = slo;
  const stat = slo.unit === 'us' ? [statText(slo.stat)] : [];
  return [
    ...(scope === undefined ? [] : [`${scope}:`]),
    metric,
    ...stat,
    relation,
    boundText(slo),
    ...(over === undefined ? [] : ['over', usText(over)]),
    ...(abort ? ['abort'] : []),
  ].join(' ');
}

const statText = (stat: SloStat): string => (typeof stat === 'number' ? `p${decimalText(stat)}` : stat);

function boundText({ unit, bound }: Slo): string {
  if (unit === 'us') return usText(bound);
  if (unit === 'share') return `${decimalText(percentOf(bound))}%`;
  return unit === 'ops' ? decimalText(bound) : `${decimalText(bound)}/s`;
}

/** A share times 100 without the rounding error of the division that made it. */
const percentOf = (share: number): number => Number((share * 100).toPrecision(15));

/** In the greatest unit in which it is a whole number. */
function usText(us: number): string {
  if (us % 60_000_000 === 0 && us > 0) return `${us / 60_000_000}m`;
  if (us % 1_000_000 === 0) return `${us / 1_000_000}s`;
  return us % 1_000 === 0 ? `${us / 1_000}ms` : `${us}us`;
}
