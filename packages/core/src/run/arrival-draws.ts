import { streamOf, uniform } from '../keys/index.ts';
import type { OpDraw, SlotDraw } from '../schedule/index.ts';

/** Tells the draws of single ops from those of slots, which count up from 0. */
const OP_SLOT = 0xffff_ffff;

/** How many ops fall into each slot of a Poisson task: repeats of the task differ. */
export function slotDraw(seed: string, repeat: number): SlotDraw {
  const stream = streamOf(repeat === 0 ? seed : `${seed}#${repeat}`);
  return (beat, slot, i) => uniform(stream, beat, slot, i);
}

/** Where in its batch each op of a Poisson task lies. */
export function opDraw(seed: string): OpDraw {
  const stream = streamOf(seed);
  return (op) => uniform(stream, op, OP_SLOT, 0);
}
