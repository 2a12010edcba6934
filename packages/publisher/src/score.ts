import { DrumlineError } from '@drumline/core/errors';
import type { RateChange } from '@drumline/core/notify';
import type { Plan, Task } from '@drumline/core/plan';
import type { RunPosition, RunTask, StandReason, TaskPosition } from '@drumline/core/run';
import { type Instant, micros, shift } from '@drumline/core/units';
import type { Batch } from '@drumline/core/wire';
import { Axis } from './axis.ts';
import { Dealer } from './dealer.ts';
import type { DecisionLog } from './decision-log.ts';
import { LiveFactor } from './live-factor.ts';
import { PlanPlay, type RunBatch, type StartedTask } from './plan-play.ts';
import { TaskPlay } from './task-play.ts';
import { checkTasks, type SpecFactors, taskSpec } from './task-spec.ts';

/** What is played: it stays as it is from a run's beginning to its end, whoever plays it. */
export interface Piece {
  readonly run: string;
  readonly plan: Plan;
  /** The plan's, with their seeds drawn and their time zones known. */
  readonly tasks: readonly RunTask[];
  /** Decimal texts. */
  readonly scale: string;
  readonly speed: string;
  /** When the first beat begins. */
  readonly origin: Instant;
}

/** What only the moment tells, and what is decided by it. */
export interface Moment {
  /** Every op that was given out of the task has its outcome. */
  isSettled(task: number): boolean;
  /** The ops that the task has in the beat are of no use any more. */
  isTooLate(task: number, beat: number): boolean;
}

/** From the start of a task to the end of what was played of it. */
export interface Span {
  readonly from: Instant;
  readonly to: Instant;
}

/** What one beat puts on the queues. */
export interface PlayedBeat {
  readonly beat: number;
  /** Everything that is planned in it; some of it may be skipped. */
  readonly batches: readonly Batch[];
  /** What goes to each queue: one push each. */
  readonly parcels: ReadonlyMap<number, readonly Batch[]>;
}

/** A task that has begun. */
export interface Voice extends StartedTask {
  span: Span;
  /** The span has its end. */
  over: boolean;
  skipped: number;
}

/** Beats that a predecessor has played: everything about them was decided then. */
const RECORDED: Moment = { isSettled: () => false, isTooLate: () => false };

/**
 * A run as a pure function: given piece and decisions, what each beat puts on which queue. Live, `play` asks the moment, and
 * what it decides goes to the log; a predecessor's beats are played again with `replay`, which asks the log alone.
 * So two scores with the same piece and the same log give the same beats, and one can go on where another one stopped.
 */
export class Score {
  readonly axis: Axis;
  readonly log: DecisionLog;
  readonly #piece: Piece;
  readonly #batchOps: () => number;
  readonly #factor: LiveFactor;
  readonly #dealer: Dealer;
  readonly #numbers: ReadonlyMap<Task, number>;
  readonly #voices = new Map<number, Voice>();
  readonly #pushes: number[];
  readonly #play: PlanPlay;
  #moment: Moment = RECORDED;
  #beat: number;

  /**
   * @param batchOps ops that one batch of a task that begins now holds at most
   * @param position where to go on from; `null` = from the beginning.
   * @throws DrumlineError DRUM_RUN_UNKNOWN when position and decisions do not belong together.
   */
  constructor(piece: Piece, log: DecisionLog, batchOps: () => number, position: RunPosition | null = null) {
    this.#piece = piece;
    this.log = log;
    this.#batchOps = batchOps;
    this.#beat = position?.beat ?? 0;
    this.axis = new Axis(piece.origin, position?.stood);
    const before = <T extends { readonly beat: number }>(steps: readonly T[]): T | undefined =>
      steps.findLast(({ beat }) => beat < this.#beat);
    const { deals, rates } = log.all;
    this.#factor = new LiveFactor(before(rates)?.factor);
    this.#dealer = new Dealer((before(deals) ?? deals[0])?.queues ?? 1, position?.next);
    this.#pushes = [...(position?.pushes ?? [])];
    this.#numbers = new Map(piece.plan.tasks.map((task, number) => [task, number]));
    for (const task of position?.tasks ?? []) this.#restore(task);
    const begun = log.all.starts.filter(({ beat }) => beat < this.#beat);
    if (begun.some(({ task }) => !this.#voices.has(task))) throw contradiction();
    this.#play = new PlanPlay(
      piece.plan.root,
      {
        startTask: (task, beat) => this.#voiceOf(this.#numberOf(task), beat),
        hasStarted: (task) => this.#voices.has(this.#numberOf(task)),
        isSettled: (task) => this.#moment.isSettled(task),
        mayBegin: (first, beat, isBeforeOver) => this.#mayBegin(this.#numberOf(first), beat, isBeforeOver),
      },
      this.#beat,
    );
  }

  /** The next beat to be played. */
  get beat(): number {
    return this.#beat;
  }

  get factor(): string {
    return this.#factor.text;
  }

  /** The tasks that have begun, in the order of their beginnings. */
  get voices(): readonly Voice[] {
    return [...this.#voices.values()];
  }

  voice(task: number): Voice | undefined {
    return this.#voices.get(task);
  }

  running(): TaskPlay[] {
    return this.#play.running();
  }

  /** Every op is out and has its outcome. */
  isOver(moment: Moment): boolean {
    this.#moment = moment;
    return this.#play.isOver;
  }

  /** Queues that were ever dealt to. */
  get queuesUsed(): number {
    return Math.max(...this.log.all.deals.map(({ queues }) => queues));
  }

  /** Pushes that the beats so far amount to, by queue. */
  get pushes(): readonly number[] {
    return this.#pushes;
  }

  /**
   * Enough to go on from, in another process too; `undefined` while something is decided for the next beat, which has taken
   * effect already.
   */
  get position(): RunPosition | undefined {
    const beat = this.#beat;
    if (this.log.touches(beat)) return undefined;
    const tasks = this.voices.map(({ play, span, skipped }): TaskPosition => ({ ...play.position, span, skipped }));
    return { beat, stood: this.axis.stood, next: this.#dealer.next, pushes: [...this.#pushes], tasks };
  }

  /** Plays the next beat. */
  play(moment: Moment): PlayedBeat {
    this.#moment = moment;
    return this.#playBeat();
  }

  /** Plays the beats before `until` again, as they were played, and takes over what was decided for that one. */
  replay(until: number, each: (played: PlayedBeat) => void): void {
    this.#moment = RECORDED;
    for (;;) {
      this.#enter(this.#beat);
      if (this.#beat >= until) return;
      each(this.#playBeat());
    }
  }

  stand(reason: StandReason, at: Instant): void {
    this.axis.stand(reason, at, this.#beat);
    this.#logStanding();
  }

  /** Stands as a predecessor did. */
  standAgain(): void {
    const { standing } = this.log.all;
    for (const reason of standing?.reasons ?? [])
      this.axis.stand(reason, standing?.from ?? this.#piece.origin, this.#beat);
  }

  go(reason: StandReason, at: Instant): void {
    const wasStanding = this.axis.isStanding;
    this.axis.go(reason, at);
    if (this.axis.isStanding) this.#logStanding();
    else if (wasStanding) this.log.go({ beat: this.#beat, stood: this.axis.stood });
  }

  /** Moves the next beat, and with it all later ones, to begin at `at`. */
  postponeTo(at: Instant): void {
    const stood = micros(this.axis.stood + at - this.axis.beatStart(this.#beat));
    this.axis.setStood(stood);
    this.log.go({ beat: this.#beat, stood });
  }

  /** Counts what is planned before beat `end` as dropped. */
  skipTo(end: number): void {
    if (end > this.#beat) this.log.skip({ from: this.#beat, to: end - 1 });
  }

  /** Deals to queues 0…`queues`−1 from the next beat on. */
  deal(queues: number): void {
    this.#dealer.useQueues(queues);
    this.log.deal({ beat: this.#beat, queues });
  }

  /**
   * Multiplies the plan's rates from the next beat on.
   * @returns the factor in force, a decimal text or two with a slash between them.
   * @throws DrumlineError DRUM_COMMAND_INVALID, or DRUM_PLAN_TOO_LARGE when a task could not be played at that rate:
   * nothing has changed then.
   */
  changeRate(change: RateChange, now: Instant): string {
    const planned = this.running().map((play) => play.rateNow / this.#factor.number);
    const factor = this.#factor.factorOf(change, planned);
    checkTasks(this.#piece.tasks, now, this.#factors(this.#batchOps()), [{ at: micros(0), factor }]);
    this.#setFactor(factor);
    this.log.rate({ beat: this.#beat, factor });
    return factor;
  }

  /** What was decided for a beat before it was played, in the order in which it took effect. */
  #enter(beat: number): void {
    const { stands, deals, rates } = this.log.all;
    for (const stand of stands) if (stand.beat === beat) this.axis.setStood(stand.stood);
    for (const deal of deals) if (deal.beat === beat) this.#dealer.useQueues(deal.queues);
    for (const rate of rates) if (rate.beat === beat) this.#setFactor(rate.factor);
  }

  #setFactor(factor: string): void {
    for (const play of this.running()) play.changeRate(factor);
    this.#factor.set(factor);
  }

  #playBeat(): PlayedBeat {
    const beat = this.#beat;
    const batches = this.#play.play(beat).map((due) => this.#batchOf(due));
    const kept = batches.filter(({ task, count }) => !this.#skips(task, beat, count));
    const parcels = this.#dealer.deal(kept);
    for (const queue of parcels.keys()) {
      while (this.#pushes.length <= queue) this.#pushes.push(0);
      this.#pushes[queue] = (this.#pushes[queue] ?? 0) + 1;
    }
    this.#extendSpans();
    this.#beat += 1;
    return { beat, batches, parcels };
  }

  #batchOf({ task, first, count, at, span, positions, startBeat }: RunBatch): Batch {
    const start = shift(this.axis.beatStart(startBeat), micros(at));
    const batch = { run: this.#piece.run, task, first, count, at: start, span: micros(span) };
    return positions === undefined ? batch : { ...batch, positions };
  }

  #skips(task: number, beat: number, count: number): boolean {
    if (!this.log.isSkipped(task, beat)) {
      if (!this.#moment.isTooLate(task, beat)) return false;
      this.log.skip({ task, from: beat, to: beat });
    }
    const voice = this.#voices.get(task);
    if (voice !== undefined) voice.skipped += count;
    return true;
  }

  #extendSpans(): void {
    for (const voice of this.#voices.values()) {
      if (voice.over) continue;
      const { play, beat, span } = voice;
      voice.span = { from: span.from, to: shift(this.axis.beatStart(beat), play.playedUntil) };
      voice.over = play.isDone;
    }
  }

  #mayBegin(task: number, beat: number, isBeforeOver: () => boolean): boolean {
    const decided = this.log.startOf(task);
    return decided === undefined ? this.#moment !== RECORDED && isBeforeOver() : decided.beat === beat;
  }

  #voiceOf(task: number, beat: number): Voice {
    const begun = this.#voices.get(task);
    if (begun !== undefined) return begun;
    if (this.log.startOf(task) === undefined) this.log.start({ task, beat, batchOps: this.#batchOps() });
    const from = this.axis.beatStart(beat);
    return this.#add(task, { from, to: from });
  }

  #restore(position: TaskPosition): void {
    const start = this.log.startOf(position.task);
    if (start === undefined || start.beat >= this.#beat || this.#voices.has(position.task)) throw contradiction();
    const voice = this.#add(position.task, position.span, position);
    voice.skipped = position.skipped;
    voice.over = voice.play.isDone;
  }

  #add(task: number, span: Span, position?: TaskPosition): Voice {
    const definition = this.#piece.tasks[task];
    const start = this.log.startOf(task);
    if (definition === undefined || start === undefined) throw contradiction();
    const spec = taskSpec(definition, span.from, this.#factors(start.batchOps));
    const play = new TaskPlay(task, definition, spec, this.#factor.initial, position);
    const voice = { play, beat: start.beat, span, over: false, skipped: 0 };
    this.#voices.set(task, voice);
    return voice;
  }

  #logStanding(): void {
    const { standing } = this.axis;
    if (standing !== undefined) this.log.stand({ beat: this.#beat, ...standing });
  }

  #factors(batchOps: number): SpecFactors {
    const { scale, speed } = this.#piece;
    return { scale, speed, batchOps };
  }

  #numberOf(task: Task): number {
    return this.#numbers.get(task) ?? -1;
  }
}

const contradiction = (): DrumlineError =>
  new DrumlineError('DRUM_RUN_UNKNOWN', 'the checkpoint of the run does not fit what was decided in it');
