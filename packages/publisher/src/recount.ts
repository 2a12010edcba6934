import { setImmediate as breathe } from 'node:timers/promises';
import { DecisionLog } from './decision-log.ts';
import { PlannedWindows } from './planned-windows.ts';
import { type Piece, Score } from './score.ts';

/** Beats between two breaths: some 10 ms. */
const SLICE = 2_000;
/** Beats beyond which it would take too long: 2,000,000 (5.5 h) take some 10 s. */
const MOST = 2_000_000;

/**
 * What was planned before `beat`, by playing the score from its beginning: the decisions of all publishers of the run say it.
 * `undefined` when that would take too long.
 */
export async function recount(piece: Piece, log: DecisionLog, beat: number): Promise<PlannedWindows | undefined> {
  if (beat > MOST) return undefined;
  const planned = new PlannedWindows();
  const score = new Score(piece, new DecisionLog(log.all), () => 1);
  while (score.beat < beat) {
    score.replay(Math.min(beat, score.beat + SLICE), ({ batches }) => {
      for (const batch of batches) planned.add(batch);
    });
    await breathe();
  }
  return planned;
}
