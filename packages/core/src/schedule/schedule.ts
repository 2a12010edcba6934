import { BEAT, type Micros, micros } from '../units/index.ts';
import { areaAtMicro, boundsOf, countUpTo, durationOf, intendedAt, peakBefore, rateAtMicro } from './bounds.ts';
import { type Player, playerOf } from './player.ts';
import type { SlotDraw } from './poisson.ts';
import { approximate } from './rational.ts';
import { type Arrivals, resolveSpec, type ScheduleSpec } from './spec.ts';
import type { BatchRange } from './stretch.ts';

/** Where a schedule stands: everything before beat `beat` is out, and that was ops 0 … `ops`−1. */
export interface Position {
  /** Number of the next beat. */
  readonly beat: number;
  /** Number of the next op. */
  readonly ops: number;
}

export const BEGINNING: Position = { beat: 0, ops: 0 };

/**
 * Which ops are due when: a pure function of the spec. Times are µs since the schedule's start; beat k is
 * (k·10 ms, (k+1)·10 ms], open on the left because op n is intended at the first µs at which n + 1 ops are due.
 */
export interface Schedule {
  readonly spec: ScheduleSpec;
  readonly arrivals: Arrivals;
  /**
   * Ops in all. Exact, but for Poisson arrivals that only a duration bounds: there it is the expected number, rounded
   * down.
   */
  readonly total: number;
  /**
   * The last op's intended start when `times` is what ends the task (expected, with Poisson arrivals), else the end of
   * the duration. Infinite when a live factor is so low that `times` is never reached.
   */
  readonly end: Micros;
  /** Ops due at `t`: ⌊∫₀ᵗ rate⌋, at most `times`. With Poisson arrivals the expected number, rounded down. */
  countAt(t: number): number;
  /** Ops with an intended start in (t0, t1]. */
  countBetween(t0: number, t1: number): number;
  /** ∫ rate from t0 to t1 up to the end of the schedule, a fraction too. */
  expectedBetween(t0: number, t1: number): number;
  /** Ops per second at `t`; 0 from the end on. */
  rateAt(t: number): number;
  /** Highest rate from the start to the end, ops/s. */
  peak(): number;
  /** Intended start of op `n` with even arrivals, infinite when the rate never comes that far. Slow: some 100 µs. */
  intendedAt(n: number): Micros;
  /** No beat from this position on holds an op, and the duration, if there is one, is over. */
  isDone(position: Position): boolean;
  /** The instant at which a schedule that is done at `position` ended: where the next repeat starts. */
  endOf(position: Position): Micros;
  /** The batches of the beat at `position`, in the order of their ops, and the position after it. */
  beat(position: Position): Beat;
  /** The same, beat after beat: cheaper, because what one beat ended with the next begins with. */
  from(position?: Position): Cursor;
}

export interface Beat {
  readonly batches: BatchRange[];
  readonly next: Position;
}

/** Walks a schedule's beats forward. One made anywhere gives what a cursor from the beginning gives from there on. */
export interface Cursor {
  readonly position: Position;
  readonly done: boolean;
  /** The batches of the beat at `position`; moves on to the next. None, and no move, when done. */
  next(): BatchRange[];
}

/**
 * The schedule of a spec.
 * @param draw needed by `beat` and `from` of Poisson arrivals
 * @throws {DrumlineError} `DRUM_USAGE` for scale and speed, `DRUM_PLAN_INVALID` for other fields, `DRUM_PLAN_TOO_LARGE`
 * for more than 2⁵³ ops, an end after more than 2⁵³ µs (285 years), or a rate above `MAX_RATE`
 */
export function scheduleOf(spec: ScheduleSpec, draw?: SlotDraw): Schedule {
  const resolved = resolveSpec(spec);
  const { total, end } = boundsOf(resolved);
  const { arrivals, rate, times = Infinity } = resolved;
  /** With Poisson arrivals `times` may be reached after its expected end: only the duration is sure. */
  const lastBeat = Math.ceil((arrivals === 'even' ? end : durationOf(resolved)) / BEAT);
  const isDone = ({ beat, ops }: Position): boolean => beat >= lastBeat || (arrivals === 'poisson' && ops >= times);
  const countAt = (t: number): number => countUpTo(resolved, t, total);
  const expectedAt = (t: number): number =>
    t <= 0 ? 0 : approximate(areaAtMicro(resolved, Math.min(t, end)), rate.den);
  const player = playerOf(resolved, draw);
  return {
    spec,
    arrivals,
    total,
    end: micros(end),
    countAt,
    countBetween: (t0, t1) => Math.max(0, countAt(t1) - countAt(t0)),
    expectedBetween: (t0, t1) => Math.max(0, expectedAt(t1) - expectedAt(t0)),
    rateAt: (t) => (t < 0 || t >= end ? 0 : rateAtMicro(resolved, t)),
    peak: () => peakBefore(resolved, end),
    intendedAt: (n) => micros(intendedAt(resolved, n)),
    isDone,
    endOf: ({ beat }) => micros(arrivals === 'even' ? end : Math.min(beat * BEAT, durationOf(resolved))),
    beat: (position) => {
      const { batches, next } = player.play(player.stateAt(position));
      return { batches, next: { beat: next.beat, ops: next.ops } };
    },
    from: (position = BEGINNING) => cursorOf(player, position, isDone),
  };
}

function cursorOf(player: Player, start: Position, isDone: (position: Position) => boolean): Cursor {
  let state = player.stateAt(start);
  return {
    get position() {
      return { beat: state.beat, ops: state.ops };
    },
    get done() {
      return isDone(state);
    },
    next: () => {
      if (isDone(state)) return [];
      const { batches, next } = player.play(state);
      state = next;
      return batches;
    },
  };
}
