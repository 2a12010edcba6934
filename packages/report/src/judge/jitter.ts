import { Histogram } from '@drumline/core/stats';
import { micros } from '@drumline/core/units';

/**
 * Send-time jitter: how far each op's lateness was from the median lateness, |lateness − p50|. A load that is late by a
 * constant time has none: its shape is the plan's. Taken from counters, so within 0.1 % of the lateness.
 */
export function jitterOf(lateness: Histogram): Histogram {
  const jitter = new Histogram();
  const median = lateness.percentile(50);
  for (const { from, to, count } of lateness.bars()) {
    const value = to < median ? median - to : from > median ? from - median : 0;
    jitter.record(micros(value), count);
  }
  return jitter;
}
