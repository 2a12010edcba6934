import { type Stream, streamOf, uniform } from '@drumline/core/keys';
import { type Millis, millis } from '@drumline/core/units';

/** What can be done to a fleet, and for how long its victim is away or stands still, ms. */
const LASTS = {
  /** SIGKILL to a worker; another one is started in its place. */
  workers: [0, 0],
  /** SIGKILL to the publisher; the standby goes on, and another standby is started. */
  publisher: [0, 0],
  /** SIGKILL to the Redis that the fleet meets on; started again on its append-only file after a while. */
  redis: [100, 1_500],
  /** SIGKILL to the master of two servers that a Sentinel watches; started again as the replica. */
  failover: [100, 1_500],
  /** SIGSTOP to a worker, SIGCONT later: beyond some 6 s it has been declared dead meanwhile. */
  stop: [500, 12_000],
  /** The same to the publisher: beyond 5 s the standby has taken its place. */
  'stop-publisher': [500, 12_000],
  /** The same to Redis. */
  'stop-redis': [500, 3_000],
  /** Every connection to Redis is cut at once. */
  network: [0, 0],
  /** SIGKILL to the target; started again, empty, after a while. Ops fail meanwhile. */
  target: [100, 1_500],
} as const;

export type FaultKind = keyof typeof LASTS;
export const FAULT_KINDS = Object.keys(LASTS) as readonly FaultKind[];

/** One thing that will happen. */
export interface Fault {
  /** From 1, in the order of their times. */
  readonly number: number;
  readonly kind: FaultKind;
  /** After the first op was published. */
  readonly at: Millis;
  /** How long the victim is away or stands still. */
  readonly lasts: Millis;
  /** In [0, 1): which of those that could be hit. */
  readonly victim: number;
}

export interface FaultOptions {
  readonly seed: string;
  readonly kinds: readonly FaultKind[];
  readonly count: number;
  /** Length of the run as planned. */
  readonly span: Millis;
}

/** Tells the series of draws of one fault apart. */
const DRAW = { at: 0, lasts: 1, victim: 2, order: 3 } as const;

/**
 * The faults of a seed: their times are uniform in the run, each kind comes as often as any other (give or take one), in
 * an order that is drawn. The same seed, kinds, count and span give the same faults, whatever the fleet does meanwhile.
 */
export function drawFaults({ seed, kinds, count, span }: FaultOptions): Fault[] {
  if (kinds.length === 0) return [];
  const stream = streamOf(`chaos ${seed}`);
  const draw = (i: number, what: number): number => uniform(stream, i, what, 0);
  const drawn = shuffled(kinds, count, stream).map((kind, i) => {
    const [least, most] = LASTS[kind];
    return {
      kind,
      at: millis(Math.floor(draw(i, DRAW.at) * span)),
      lasts: millis(Math.round(least + draw(i, DRAW.lasts) * (most - least))),
      victim: draw(i, DRAW.victim),
    };
  });
  return drawn.sort((a, b) => a.at - b.at).map((fault, i) => ({ number: i + 1, ...fault }));
}

/** `count` kinds, each as often as any other, in a drawn order: sorting by draws is a fair shuffle. */
function shuffled(kinds: readonly FaultKind[], count: number, stream: Stream): FaultKind[] {
  const order = kinds.map((kind, i) => ({ kind, by: uniform(stream, i, DRAW.order, 1) })).sort((a, b) => a.by - b.by);
  return Array.from({ length: count }, (_, i) => ({
    kind: order[i % order.length]!.kind,
    by: uniform(stream, i, DRAW.order, 0),
  }))
    .sort((a, b) => a.by - b.by)
    .map(({ kind }) => kind);
}

/** The one of `candidates` that a draw in [0, 1) hits. */
export const victimOf = <T>(candidates: readonly T[], draw: number): T | undefined =>
  candidates[Math.floor(draw * candidates.length)];
