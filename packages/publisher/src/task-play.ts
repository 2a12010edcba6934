import { itemsPerOp, streamChoice } from '@drumline/core/data';
import type { StreamChoice } from '@drumline/core/keys';
import { type RunTask, slotDraw, type TaskPosition } from '@drumline/core/run';
import {
  type Cursor,
  FIRST_REPEAT,
  nextRepeat,
  type RateChange,
  type RepeatPosition,
  type Schedule,
  type ScheduleSpec,
  scheduleOf,
} from '@drumline/core/schedule';
import { BEAT, type Micros, micros } from '@drumline/core/units';

/** A batch on its task's axis: what remains is to say which instant the task's start is. */
export interface DueBatch {
  readonly task: number;
  readonly first: number;
  readonly count: number;
  /** µs since the task's start. */
  readonly at: number;
  readonly span: number;
  readonly positions: readonly number[] | undefined;
}

/** What a task's play goes on from: a `TaskPosition` without what the run adds to it. */
export type PlayPosition = Omit<TaskPosition, 'skipped' | 'span'>;

/**
 * One task being played: its schedule, repeat after repeat, and where it stands. Asked for stretches of its own time in
 * their order, it answers with the batches that begin in them.
 */
export class TaskPlay {
  readonly task: number;
  readonly #definition: RunTask;
  readonly #choice: StreamChoice | undefined;
  readonly #spec: ScheduleSpec;
  #history: readonly RateChange[];
  #schedule: Schedule;
  #cursor: Cursor;
  #repeat: RepeatPosition;
  readonly #streams: Float64Array;
  #planned: number;

  /**
   * @param spec without history: `history` may grow while the task plays.
   * @param from where another play of the task stood, with its history; absent = at the task's beginning.
   */
  constructor(
    task: number,
    definition: RunTask,
    spec: ScheduleSpec,
    history: readonly RateChange[],
    from?: PlayPosition,
  ) {
    this.task = task;
    this.#definition = definition;
    this.#choice = streamChoice(definition);
    this.#streams = new Float64Array(this.#choice?.size ?? 0);
    if (from !== undefined && this.#streams.length === from.streams.length) this.#streams.set(from.streams);
    this.#planned = from?.planned ?? 0;
    this.#repeat = from ?? FIRST_REPEAT;
    this.#spec = spec;
    this.#history = from?.history ?? history;
    this.#schedule = this.#scheduleNow();
    this.#cursor = this.#schedule.from(from);
  }

  /** Enough to go on from, in another process too. */
  get position(): PlayPosition {
    const { repeat, start } = this.#repeat;
    const [history, streams, planned] = [this.#history, [...this.#streams], this.#planned];
    return { task: this.task, repeat, start, ...this.#cursor.position, planned, streams, history };
  }

  /** Every op of every repeat is out. */
  get isDone(): boolean {
    return this.#cursor.done && this.#repeat.repeat + 1 >= this.#definition.repeat;
  }

  /** µs of the task's own time up to which it was played: its end once it is done. */
  get playedUntil(): Micros {
    const { position, done } = this.#cursor;
    return micros(this.#repeat.start + (done ? this.#schedule.endOf(position) : position.beat * BEAT));
  }

  /** Ops given out so far. */
  get planned(): number {
    return this.#planned;
  }

  /** Ops in all as far as can be said now: the repeats to come counted like this one. */
  get total(): number {
    const remaining = this.#definition.repeat - this.#repeat.repeat - 1;
    return this.#planned - this.#cursor.position.ops + this.#schedule.total * (remaining + 1);
  }

  /** Ops per second of the next beat, live factors included. */
  get rateNow(): number {
    return this.#schedule.rateAt(this.#cursor.position.beat * BEAT);
  }

  /**
   * From the next beat on, the plan's rate is multiplied by `factor`.
   * @throws DrumlineError DRUM_PLAN_TOO_LARGE: nothing has changed then.
   */
  changeRate(factor: string): void {
    const { position } = this.#cursor;
    const at = micros(this.#repeat.start + position.beat * BEAT);
    const history = [...this.#history.filter((change) => change.at < at), { at, factor }];
    const schedule = this.#scheduleNow(history);
    this.#cursor = schedule.from(position);
    this.#schedule = schedule;
    this.#history = history;
  }

  /** The batches of every beat that begins before `until` µs of the task's time and was not asked for yet. */
  play(until: Micros): DueBatch[] {
    const due: DueBatch[] = [];
    for (;;) {
      if (this.#cursor.done) {
        if (this.isDone || this.#repeat.start + this.#schedule.endOf(this.#cursor.position) >= until) return due;
        this.#startNextRepeat();
      }
      const { start } = this.#repeat;
      if (start + this.#cursor.position.beat * BEAT >= until) return due;
      for (const { first, count, at, span } of this.#cursor.next()) {
        due.push({ task: this.task, first, count, at: start + at, span, positions: this.#passStreams(first, count) });
        this.#planned += count;
      }
    }
  }

  #startNextRepeat(): void {
    this.#repeat = nextRepeat(this.#schedule, { ...this.#repeat, ...this.#cursor.position });
    this.#schedule = this.#scheduleNow();
    this.#cursor = this.#schedule.from();
    this.#streams.fill(0);
  }

  #scheduleNow(history = this.#history): Schedule {
    const { repeat, start } = this.#repeat;
    return scheduleOf({ ...this.#spec, history, start }, slotDraw(this.#definition.seed, repeat));
  }

  /** The streams' positions before op `first`; moves them past `count` ops. */
  #passStreams(first: number, count: number): readonly number[] | undefined {
    if (this.#choice === undefined) return undefined;
    const before = [...this.#streams];
    const perOp = itemsPerOp(this.#definition);
    this.#choice.advance(this.#streams, first * perOp, count * perOp);
    return before;
  }
}
