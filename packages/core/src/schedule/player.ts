import { BEAT } from '../units/index.ts';
import { evenBatches } from './even.ts';
import { type PoissonSource, poissonBatches, poissonSampler, type SlotDraw } from './poisson.ts';
import { areaAt } from './rate.ts';
import type { Resolved } from './spec.ts';
import { type BatchRange, eachStretch } from './stretch.ts';

/** A position, and the area under the rate up to its beat. */
export interface PlayerState {
  readonly beat: number;
  readonly ops: number;
  /** Over the rate's denominator. */
  readonly area: bigint;
}

/** Plays one beat at a time; holds nothing but what speeds up the next one. */
export interface Player {
  stateAt(position: { readonly beat: number; readonly ops: number }): PlayerState;
  play(state: PlayerState): { batches: BatchRange[]; next: PlayerState };
}

export function playerOf(resolved: Resolved, draw: SlotDraw | undefined): Player {
  const { rate, ticks, arrivals, batchOps, times = Infinity } = resolved;
  const stateAt: Player['stateAt'] = ({ beat, ops }) => {
    const area = areaAt(rate, BigInt(beat * BEAT) * ticks);
    if (arrivals === 'even') {
      const due = Math.min(Number(area / rate.den), times);
      if (due !== ops) throw new RangeError(`${due} ops are due before beat ${beat}, but the position says ${ops}`);
    }
    return { beat, ops, area };
  };
  const beatPlayer =
    arrivals === 'even'
      ? evenPlayer(resolved)
      : poissonPlayer(resolved, { draw: draw ?? noDraw, sample: poissonSampler(), batchOps });
  return { stateAt, play: beatPlayer };
}

const noDraw: SlotDraw = () => {
  throw new RangeError('a schedule with Poisson arrivals needs a draw to play its beats');
};

function evenPlayer({ rate, ticks, batchOps, times = Infinity }: Resolved): Player['play'] {
  return (state) => {
    const batches: BatchRange[] = [];
    const [beat, end] = [state.beat * BEAT, BigInt((state.beat + 1) * BEAT) * ticks];
    let { ops } = state;
    /** The area at which the next op is due: most beats of a slow task end below it and need no division. */
    let next = BigInt(ops + 1) * rate.den;
    const from = { tick: BigInt(beat) * ticks, area: state.area };
    const area = eachStretch(rate, ticks, beat, from, end, (stretch) => {
      if (stretch.areaTo < next || ops >= times) return;
      const due = Math.min(Number(stretch.areaTo / rate.den), times);
      evenBatches(batches, stretch, ops, due, batchOps);
      ops = due;
      next = BigInt(ops + 1) * rate.den;
    });
    return { batches, next: { beat: state.beat + 1, ops, area } };
  };
}

function poissonPlayer({ rate, ticks, times = Infinity }: Resolved, source: PoissonSource): Player['play'] {
  return (state) => {
    const batches: BatchRange[] = [];
    const [beat, end] = [state.beat * BEAT, BigInt((state.beat + 1) * BEAT) * ticks];
    let slot = 0;
    let { ops } = state;
    const from = { tick: BigInt(beat) * ticks, area: state.area };
    const area = eachStretch(rate, ticks, beat, from, end, (stretch) => {
      if (ops >= times) return;
      slot += poissonBatches(batches, stretch, source, slot, ops);
      const last = batches.at(-1);
      if (last !== undefined) ops = last.first + last.count;
    });
    if (ops > times) cut(batches, times);
    return { batches, next: { beat: state.beat + 1, ops: Math.min(ops, times), area } };
  };
}

/** Takes the ops from `times` on out. Of a batch that loses some, the first ones stay, in their share of its span. */
function cut(batches: BatchRange[], times: number): void {
  while ((batches.at(-1)?.first ?? -1) >= times) batches.pop();
  const last = batches.pop();
  if (last === undefined) return;
  const kept = Math.min(last.count, times - last.first);
  if (kept > 0)
    batches.push({
      ...last,
      count: kept,
      span: kept === last.count ? last.span : Math.floor((last.span * kept) / last.count),
    });
}
