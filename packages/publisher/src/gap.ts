import {
  BEAT,
  elapsed,
  type Instant,
  type Micros,
  type Millis,
  micros,
  microsOf,
  millis,
  shift,
} from '@drumline/core/units';
import type { Score } from './score.ts';

/** What becomes of the beats that nobody published meanwhile. */
export type GapPolicy =
  /** Published late at once, their intended times unchanged: latencies show the gap. */
  | 'send'
  /** Counted as dropped. */
  | 'drop'
  /** The axis has stood: everything comes later by as long as the gap lasted. */
  | 'shift';

/** Beats that were due while nobody played them. */
export interface Gap {
  readonly policy: GapPolicy;
  readonly beats: number;
  readonly time: Micros;
}

/** Between the decision and the first beat that comes of it. */
const START_AFTER: Millis = millis(50);

/** Decides about the beats that are past by now. A run that stands, or that plays no more, has none. */
export function closeGap(score: Score, policy: GapPolicy, now: Instant, lead: Micros): Gap {
  const none = { policy, beats: 0, time: micros(0) };
  if (score.axis.isStanding || score.log.all.end !== null) return none;
  const from = score.axis.beatStart(score.beat);
  const beats = Math.max(0, score.axis.beatAt(now) - score.beat);
  if (beats === 0) return none;
  if (policy === 'drop') score.skipTo(score.beat + beats);
  if (policy !== 'shift') return { policy, beats, time: micros(beats * BEAT) };
  const start = shift(now, micros(lead + microsOf(START_AFTER)));
  score.postponeTo(start);
  return { policy, beats, time: elapsed(from, start) };
}
