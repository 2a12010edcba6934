import type { Micros } from '@drumline/core/units';

export interface DemoOptions {
  readonly seed: string;
  /** Ops per second, all tasks together. */
  readonly qps: number;
  readonly length: Micros;
}

/**
 * The traffic file that `drumline chaos` plays when it is given none: a little of everything that could go wrong when a
 * part dies. Even and Poisson arrivals, several key streams, batches of items, a repeat, and a barrier in the middle.
 */
export function demoPlan({ seed, qps, length }: DemoOptions): string {
  const half = `${Math.max(1, Math.floor(length / 2))}us`;
  const quarter = `${Math.max(1, Math.floor(length / 4))}us`;
  const data = { a_: { r: 16, len: 8 }, fixed: 12, text: 'chaos' };
  const [one, two, three] = [`${seed} a`, `${seed} b`, `${seed} c`];
  const plan = [
    [
      { action: 'updateItem', seed: one, qps: 0.6 * qps, duration: half, data },
      { action: 'putItem', seed: two, seeds: [3, 2, 1], qps: 0.35 * qps, duration: half, arrivals: 'poisson', data },
      { action: 'batchPutItem', seed: three, qps: 0.05 * qps, duration: half, samples: 5, data },
    ],
    [
      { action: 'getItem', seed: one, qps: 0.6 * qps, duration: quarter, repeat: 2 },
      { action: 'query', seed: two, seeds: [3, 2, 1], qps: 0.4 * qps, duration: half },
    ],
  ];
  return `${JSON.stringify(plan, undefined, 2)}\n`;
}
