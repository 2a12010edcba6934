import type { Clock } from '@drumline/core/clock';
import type { RateChange } from '@drumline/core/notify';
import type { Plan } from '@drumline/core/plan';
import type { RateStep, RunTask } from '@drumline/core/run';
import { Histogram } from '@drumline/core/stats';
import { type Instant, type Micros, micros, shift } from '@drumline/core/units';
import type { Batch } from '@drumline/core/wire';
import type { Accounts } from './accounts.ts';
import { Axis, type Reason } from './axis.ts';
import type { Dispatcher } from './dispatcher.ts';
import { PlanPlay } from './plan-play.ts';
import { PlannedWindows } from './planned-windows.ts';
import { RateHistory } from './rate-history.ts';
import { TaskPlay } from './task-play.ts';
import { checkTasks, type SpecFactors, taskSpec } from './task-spec.ts';

export interface ConductorOptions {
  readonly run: string;
  readonly plan: Plan;
  /** The plan's, with their seeds drawn. */
  readonly tasks: readonly RunTask[];
  readonly clock: Clock;
  /** When the first beat begins. */
  readonly origin: Instant;
  /** How far ahead of its first op a beat's batches are on the queues. */
  readonly lead: Micros;
  /** For tasks that start now. */
  readonly factors: () => SpecFactors;
  readonly dispatcher: Dispatcher;
  readonly accounts: Accounts;
}

/** From the start of a task to the end of what was played of it. */
export interface Span {
  readonly from: Instant;
  readonly to: Instant;
}

interface Started {
  readonly play: TaskPlay;
  readonly beat: number;
  span: Span;
  /** The span has its end. */
  over: boolean;
}

/**
 * The beat loop: computes the batches of each beat, puts them on the queues a lead ahead of their time, and sleeps until
 * the next. Instants come from the axis, so an error never accumulates; after a stall the loop sends what is owed with the
 * intended times unchanged.
 */
export class Conductor {
  /** Actual minus due instant of every beat, µs. */
  readonly beatError = new Histogram();
  readonly planned = new PlannedWindows();
  readonly #options: ConductorOptions;
  readonly #axis: Axis;
  readonly #rates = new RateHistory();
  readonly #started = new Map<number, Started>();
  readonly #play: PlanPlay;
  #beat = 0;
  #ended = false;
  /** Aborted when what the loop waits for may have changed. */
  #wake = new AbortController();

  constructor(options: ConductorOptions) {
    const { plan, origin, accounts } = options;
    this.#options = options;
    this.#axis = new Axis(origin);
    this.#play = new PlanPlay(plan.root, {
      startTask: (task, beat) => this.#start(plan.tasks.indexOf(task), beat),
      isSettled: (task) => accounts.isSettled(task),
    });
  }

  /** Plays until every op of the plan is out and has its outcome, or until `end()`. */
  async conduct(): Promise<void> {
    const { clock, lead } = this.#options;
    while (!this.#ended && !this.#play.isOver) {
      if (this.#axis.isStanding) {
        await this.#awaken();
        continue;
      }
      const due = shift(this.#axis.beatStart(this.#beat), micros(0 - lead));
      await clock.sleepUntil(due, this.#wake.signal);
      if (this.#wake.signal.aborted) {
        this.#wake = new AbortController();
        continue;
      }
      const now = clock.now();
      this.beatError.record(micros(Math.max(0, now - due)));
      this.#playBeat(now);
      this.#beat += 1;
    }
  }

  /** Ends the loop: no beat is played any more. */
  end(): void {
    this.#ended = true;
    this.#wake.abort();
  }

  /** Plays nothing from now on; the instants of all beats to come move by as long as that lasts. */
  stand(reason: Reason, at: Instant): void {
    this.#axis.stand(reason, at, this.#beat);
    this.#wake.abort();
  }

  /** Takes a reason to stand away; goes on when it was the last one. */
  go(reason: Reason, at: Instant): void {
    this.#axis.go(reason, at);
    this.#wake.abort();
  }

  get isStanding(): boolean {
    return this.#axis.isStanding;
  }

  /** Whether some task still has ops to give out. Between two members of a sequence there is none. */
  get isPlaying(): boolean {
    return !this.#ended && this.#play.running().length > 0;
  }

  /**
   * Multiplies the plan's rates from the next beat on.
   * @returns the factor in force, a decimal text or two with a slash between them.
   * @throws DrumlineError DRUM_COMMAND_INVALID, or DRUM_PLAN_TOO_LARGE when a task could not be played at that rate:
   * nothing has changed then.
   */
  changeRate(change: RateChange): string {
    const { clock, tasks, factors } = this.#options;
    const running = this.#play.running();
    const rates = running.map((play) => this.#plannedRate(play));
    const factor = this.#rates.factorOf(change, rates);
    checkTasks(tasks, clock.now(), factors(), [{ at: micros(0), factor }]);
    for (const play of running) play.changeRate(factor);
    this.#rates.add({ beat: this.#beat, factor });
    return factor;
  }

  get rates(): readonly RateStep[] {
    return this.#rates.steps;
  }

  get factor(): string {
    return this.#rates.factor;
  }

  /** The tasks that have begun, in the order of their beginnings. */
  get tasks(): { readonly play: TaskPlay; readonly running: boolean; readonly qps: number }[] {
    const playing = new Set(this.#play.running());
    return [...this.#started.values()].map(({ play }) => {
      const running = !this.#ended && playing.has(play);
      return { play, running, qps: running ? play.rateNow : 0 };
    });
  }

  get spans(): ReadonlyMap<number, Span> {
    return new Map([...this.#started].map(([task, { span }]) => [task, span]));
  }

  #playBeat(now: Instant): void {
    const { run, dispatcher, accounts } = this.#options;
    const kept: Batch[] = [];
    for (const due of this.#play.play(this.#beat)) {
      const { task, first, count, positions, startBeat } = due;
      const at = shift(this.#axis.beatStart(startBeat), micros(due.at));
      const batch = {
        run,
        task,
        first,
        count,
        at,
        span: micros(due.span),
        ...(positions !== undefined && { positions }),
      };
      this.planned.add(batch);
      if (this.#isTooLate(task, now - at)) accounts.skip(task, count);
      else kept.push(batch);
    }
    if (kept.length > 0) dispatcher.dispatch(kept);
    this.#extendSpans();
  }

  /** A task that a duration bounds may leave out what is too old; one that `times` bounds owes every op. */
  #isTooLate(task: number, age: number): boolean {
    const { late, times } = this.#options.tasks[task] ?? {};
    return late !== undefined && times === undefined && age > late;
  }

  #extendSpans(): void {
    for (const started of this.#started.values()) {
      if (started.over) continue;
      const { play, beat, span } = started;
      started.span = { from: span.from, to: shift(this.#axis.beatStart(beat), play.playedUntil) };
      started.over = play.isDone;
    }
  }

  #start(index: number, beat: number): TaskPlay {
    const { tasks, factors, accounts } = this.#options;
    const definition = tasks[index];
    if (definition === undefined) throw new RangeError(`the plan has no task ${index}`);
    const from = this.#axis.beatStart(beat);
    const play = new TaskPlay(index, definition, taskSpec(definition, from, factors()), this.#rates.initial);
    accounts.started(play);
    this.#started.set(index, { play, beat, span: { from, to: from }, over: false });
    return play;
  }

  /** The plan's own rate of a task now, without live factors. */
  #plannedRate(play: TaskPlay): number {
    return play.rateNow / this.#rates.number;
  }

  async #awaken(): Promise<void> {
    const { signal } = this.#wake;
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    this.#wake = new AbortController();
  }
}
