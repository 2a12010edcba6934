import { type Instant, micros } from '@drumline/core/units';
import type { TaskStatus } from './run-outcome.ts';
import type { Piece, Score } from './score.ts';

/**
 * The tasks that have begun, as they stand at `now`.
 *
 * @param isPlaying whether some task still has ops to give out
 */
export function taskStatuses(score: Score, piece: Piece, isPlaying: boolean, now: Instant): TaskStatus[] {
  const playing = new Set(isPlaying ? score.running() : []);
  return score.voices.map(({ play, span }) => {
    const { task, planned: published, total } = play;
    const running = playing.has(play);
    return {
      task,
      action: piece.tasks[task]?.action ?? '',
      running,
      elapsed: micros(Math.max(0, now - span.from)),
      published,
      total,
      qps: running ? play.rateNow : 0,
    };
  });
}
