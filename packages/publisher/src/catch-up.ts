import { lostError } from './lost-error.ts';
import type { PlannedWindows } from './planned-windows.ts';
import type { PlayedBeat, Score } from './score.ts';

/** Where a queue stands: number and beat of its last push; 0 and −1 = none. */
export interface Share {
  readonly last: number;
  readonly beat: number;
}

/** The first beat that a predecessor has decided nothing about: it has put nothing of it, or of a later one, on a queue. */
export const playedUntil = (score: Score, shares: readonly Share[]): number =>
  Math.max(score.beat, score.log.reach, ...shares.map(({ beat }) => beat + 1));

/**
 * Plays what a predecessor has played, and answers with what of it is on no queue. Each queue takes its pushes in the order
 * of their beats: up to the beat of its last push it has all of them, and none after that.
 * @param planned takes everything that is played.
 * @throws DrumlineError DRUM_BUS_LOST when a queue has taken more or fewer pushes than it must have.
 */
export function catchUp(
  score: Score,
  shares: readonly Share[],
  planned: PlannedWindows,
): Pick<PlayedBeat, 'beat' | 'parcels'>[] {
  const missing: Pick<PlayedBeat, 'beat' | 'parcels'>[] = [];
  const expected = shares.map((_, queue) => score.pushes[queue] ?? 0);
  score.replay(playedUntil(score, shares), ({ beat, batches, parcels }) => {
    for (const batch of batches) planned.add(batch);
    const absent = new Map(parcels);
    for (const queue of parcels.keys()) {
      if (beat > (shares[queue]?.beat ?? -1)) continue;
      expected[queue] = (expected[queue] ?? 0) + 1;
      absent.delete(queue);
    }
    if (absent.size > 0) missing.push({ beat, parcels: absent });
  });
  for (const [queue, { last }] of shares.entries()) {
    const must = expected[queue] ?? 0;
    if (last !== must) throw lostError(`queue ${queue} has had ${last} pushes, and by the run's record ${must}`);
  }
  return missing;
}
