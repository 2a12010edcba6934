import { decodeDecisions, decodeRun, encodeRun, Pauses, type RunPosition, UNDECIDED } from '@drumline/core/run';
import { instant, micros, shift } from '@drumline/core/units';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { catchUp, playedUntil, type Share } from './catch-up.ts';
import { DecisionLog } from './decision-log.ts';
import { planOf, tasksOf } from './plan.fixture.ts';
import { PlannedWindows } from './planned-windows.ts';
import { recount } from './recount.ts';
import { type Moment, type Piece, type PlayedBeat, Score } from './score.ts';

const { position: _position, over: _over, ...NOTHING } = UNDECIDED;
const BEATS = 60;
const ORIGIN = instant(1_700_000_000_000_000);

type Order =
  | { readonly kind: 'rate'; readonly rate: string }
  | { readonly kind: 'deal'; readonly queues: number }
  | { readonly kind: 'stand' | 'go'; readonly after: number };
/** Orders in the sequence in which they come; those of a beat come before it is played. */
type Script = readonly { readonly beat: number; readonly order: Order }[];

const task = fc
  .record({
    action: fc.constantFrom('getItem', 'batchGetItem'),
    qps: fc.constantFrom(37, 250, 1_100, 0.5),
    bound: fc.oneof(
      fc.record({ times: fc.integer({ min: 1, max: 60 }) }),
      fc.record({ duration: fc.constantFrom(0.033, 0.1, 0.4, 1_000) }),
      fc.record({ duration: fc.constant(0.3), late: fc.constant({ drop: '1ms' }) }),
    ),
    repeat: fc.integer({ min: 1, max: 3 }),
    arrivals: fc.constantFrom('even', 'poisson'),
    choice: fc.constantFrom({}, { seeds: [1, 2, 3] }, { seed: 'x', seeds: [5, 1] }),
    curve: fc.constantFrom(
      {},
      { qpss: Array.from({ length: 24 }, (_, hour) => (hour % 3) + 0.5), timezone: 'Asia/Tokyo' },
    ),
  })
  .map(({ bound, choice, curve, ...rest }) => ({ ...rest, ...bound, ...choice, ...curve }));
const plan = fc.letrec<{ node: unknown; list: unknown }>((tie) => ({
  node: fc.oneof({ depthSize: 'small', withCrossShrink: true }, task, tie('list')),
  list: fc.array(tie('node'), { minLength: 1, maxLength: 3 }),
})).list;

const order: fc.Arbitrary<readonly Order[]> = fc.oneof(
  fc.constantFrom('2', '0.5', '7/3').map((rate): Order[] => [{ kind: 'rate', rate }]),
  fc.integer({ min: 1, max: 4 }).map((queues): Order[] => [{ kind: 'deal', queues }]),
  fc.integer({ min: 0, max: 30_000 }).map((after): Order[] => [
    { kind: 'stand', after: 4_000 },
    { kind: 'go', after: 4_000 + after },
  ]),
);
const script: fc.Arbitrary<Script> = fc
  .array(fc.tuple(fc.integer({ min: 0, max: BEATS }), order), { maxLength: 6 })
  .map((orders) =>
    orders.toSorted(([a], [b]) => a - b).flatMap(([beat, several]) => several.map((one) => ({ beat, order: one }))),
  );

/** What the moment says: the same to everybody who plays the beat. */
interface World {
  readonly doneAt: Map<number, number>;
  readonly settles: number;
  readonly lateness: number;
}

function pieceOf(file: unknown, speed = '1'): Piece {
  const parsed = planOf(file);
  return { run: 'r', plan: parsed, tasks: tasksOf(parsed), scale: '1', speed, origin: ORIGIN };
}

class Play {
  readonly score: Score;
  readonly played: PlayedBeat[] = [];
  /** Orders that were obeyed. */
  obeyed = 0;
  readonly #script: Script;
  readonly #world: World;

  constructor(score: Score, script: Script, world: World) {
    this.score = score;
    this.#script = script;
    this.#world = world;
  }

  obey(): void {
    for (let next = this.#script[this.obeyed]; next?.beat === this.score.beat; next = this.#script[this.obeyed]) {
      this.#obeyOne(next.order);
      this.obeyed += 1;
    }
  }

  play(): void {
    const { beat } = this.score;
    const { doneAt, settles, lateness } = this.#world;
    const moment: Moment = {
      isSettled: (number) => beat > (doneAt.get(number) ?? Number.POSITIVE_INFINITY) + settles,
      isTooLate: (number, at) => this.score.voice(number) !== undefined && lateness > 0 && at % lateness === 0,
    };
    this.played.push(this.score.play(moment));
    for (const { play } of this.score.voices) if (play.isDone && !doneAt.has(play.task)) doneAt.set(play.task, beat);
  }

  #obeyOne(one: Order): void {
    const { score } = this;
    const at = (after: number) => shift(score.axis.beatStart(score.beat), micros(after));
    if (one.kind === 'rate') score.changeRate({ kind: 'factor', factor: one.rate }, ORIGIN);
    else if (one.kind === 'deal') score.deal(one.queues);
    else if (one.kind === 'stand') score.stand('command', at(one.after));
    else score.go('command', at(one.after));
  }
}

const begun = (piece: Piece, batchOps: number): Score =>
  new Score(piece, new DecisionLog({ ...NOTHING, rates: [], deals: [{ beat: 0, queues: 2 }] }), () => batchOps);

/** By queue: beats and batches, in order. */
function byQueue(played: readonly Pick<PlayedBeat, 'beat' | 'parcels'>[]): Map<number, unknown[]> {
  const queues = new Map<number, unknown[]>();
  for (const { beat, parcels } of played) {
    for (const [queue, parcel] of parcels) queues.set(queue, [...(queues.get(queue) ?? []), { beat, parcel }]);
  }
  return queues;
}

/** As a successor finds it. */
function record(piece: Piece, score: Score, position: RunPosition | null): Record<string, string> {
  const { run, scale, speed, origin, tasks } = piece;
  const known = { run, state: 'running', plan: '', tasks, queues: 2, scale, speed, origin } as const;
  return encodeRun({ ...known, pauses: new Pauses().all, ...UNDECIDED, ...score.log.all, position });
}

const cuts = fc.record({
  /** Beats before the publisher dies. */
  cut: fc.integer({ min: 1, max: BEATS }),
  /** Beats before that, of the last record that was written and of the last checkpoint. */
  unwritten: fc.integer({ min: 0, max: 5 }),
  unsaved: fc.integer({ min: 0, max: 30 }),
  /** Whether the record has what was said between two beats. */
  said: fc.nat(3),
  /** How much of it each queue has, in parts of 100. */
  progress: fc.array(fc.integer({ min: 60, max: 100 }), { minLength: 4, maxLength: 4 }),
});

describe('a score', () => {
  test('that was cut anywhere is played on exactly, whatever the queues had got', () => {
    fc.assert(
      fc.property(
        fc.record({
          plan,
          script,
          cuts,
          settles: fc.nat(4),
          lateness: fc.constantFrom(0, 2, 5),
          batchOps: fc.constantFrom(3, 200),
          speed: fc.constantFrom('1', '1', '3600'),
        }),
        ({ plan: file, script: orders, cuts: cut, settles, lateness, batchOps, speed }) => {
          const piece = pieceOf(file, speed);
          const world: World = { doneAt: new Map(), settles, lateness };
          const whole = new Play(begun(piece, batchOps), orders, world);
          while (whole.score.beat < BEATS) {
            whole.obey();
            whole.play();
          }
          whole.obey();

          const written = Math.max(1, cut.cut - cut.unwritten);
          const first = new Play(begun(piece, batchOps), orders, world);
          let position: RunPosition | null = null;
          while (first.score.beat < written) {
            if (first.score.beat <= written - cut.unsaved) position = first.score.position ?? position;
            first.obey();
            first.play();
          }
          if (cut.said > 0) first.obey();
          const fields = record(piece, first.score, position);
          const { obeyed } = first;
          const shares: Share[] = [];
          const there: Pick<PlayedBeat, 'beat' | 'parcels'>[] = [];
          for (let queue = 0; queue < first.score.queuesUsed; queue += 1) {
            const mine = first.played.filter(({ parcels }) => parcels.has(queue));
            const atLeast = mine.filter(({ beat }) => beat < (position?.beat ?? 0)).length;
            const last = Math.max(atLeast, Math.floor((mine.length * (cut.progress[queue] ?? 100)) / 100));
            shares.push({ last, beat: mine[last - 1]?.beat ?? -1 });
            for (const { beat, parcels } of mine.slice(0, last))
              there.push({ beat, parcels: new Map([[queue, parcels.get(queue) ?? []]]) });
          }

          const { position: saved, over: _, ...decided } = decodeDecisions(fields);
          const log = new DecisionLog({ ...decided, rates: decodeRun(fields).rates });
          const second = new Play(new Score(piece, log, () => batchOps, saved), orders, world);
          expect(playedUntil(second.score, shares)).toBeLessThanOrEqual(written);
          const missing = catchUp(second.score, shares, new PlannedWindows());
          second.score.standAgain();
          second.obeyed = obeyed;
          while (second.score.beat < BEATS) {
            second.obey();
            second.play();
          }
          second.obey();
          expect(byQueue([...there, ...missing, ...second.played])).toEqual(byQueue(whole.played));
          const ends = ({ score }: Play) =>
            score.voices
              .map(({ play, span, skipped, over }) => ({ ...play.position, span, skipped, over, total: play.total }))
              .toSorted((a, b) => a.task - b.task);
          expect(ends(second)).toEqual(ends(whole));
          expect(second.score.log.all).toEqual(whole.score.log.all);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('is counted again from its beginning on by what was decided', async () => {
    const piece = pieceOf([
      [
        { action: 'getItem', qps: 730, times: 300, repeat: 2 },
        { action: 'getItem', qps: 90, duration: 0.4 },
      ],
    ]);
    const world: World = { doneAt: new Map(), settles: 1, lateness: 0 };
    const orders: Script = [
      { beat: 7, order: { kind: 'rate', rate: '2' } },
      { beat: 20, order: { kind: 'stand', after: 0 } },
      { beat: 20, order: { kind: 'go', after: 33_000 } },
    ];
    const play = new Play(begun(piece, 200), orders, world);
    const planned = new PlannedWindows();
    while (play.score.beat < 50) {
      play.obey();
      play.play();
    }
    for (const { batches } of play.played) for (const batch of batches) planned.add(batch);
    expect(await recount(piece, play.score.log, 50)).toEqual(planned);
  });
});
