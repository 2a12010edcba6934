import type { Clock } from '@drumline/core/clock';
import type { RunTask, StandReason } from '@drumline/core/run';
import { Histogram } from '@drumline/core/stats';
import { type Instant, type Micros, micros, shift } from '@drumline/core/units';
import type { Accounts } from './accounts.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { PlannedWindows } from './planned-windows.ts';
import type { Moment, Score } from './score.ts';

export interface ConductorOptions {
  readonly score: Score;
  readonly tasks: readonly RunTask[];
  readonly clock: Clock;
  /** How far ahead of its first op a beat's batches are on the queues. */
  readonly lead: Micros;
  readonly dispatcher: Dispatcher;
  readonly accounts: Accounts;
  readonly planned: PlannedWindows;
}

/**
 * The beat loop: plays each beat of the score a lead ahead of its time, puts what comes of it on the queues, and sleeps
 * until the next. Instants come from the score's axis, so an error never accumulates; after a stall the loop sends what is
 * owed with the intended times unchanged.
 */
export class Conductor {
  /** Actual minus due instant of every beat, µs. */
  readonly beatError = new Histogram();
  readonly #options: ConductorOptions;
  readonly #moment: Moment;
  #now: Instant;
  #ended: boolean;
  /** Aborted when what the loop waits for may have changed. */
  #wake = new AbortController();

  constructor(options: ConductorOptions) {
    const { score, clock, accounts } = options;
    this.#options = options;
    this.#now = clock.now();
    this.#ended = score.log.all.end !== null;
    this.#moment = {
      isSettled: (task) => accounts.isSettled(task),
      isTooLate: (task, beat) => this.#isTooLate(task, beat),
    };
  }

  /** Plays until every op of the plan is out and has its outcome, or until `end()`. */
  async conduct(): Promise<void> {
    const { score, clock, lead, dispatcher } = this.#options;
    while (!this.#ended && !score.isOver(this.#moment)) {
      const room = score.axis.isStanding ? new Promise<void>(() => undefined) : dispatcher.room();
      if (room !== undefined) {
        await this.#awaitChange(room);
        continue;
      }
      const due = shift(score.axis.beatStart(score.beat), micros(0 - lead));
      await clock.sleepUntil(due, this.#wake.signal);
      if (this.#wake.signal.aborted) {
        this.#wake = new AbortController();
        continue;
      }
      this.#now = clock.now();
      this.beatError.record(micros(Math.max(0, this.#now - due)));
      this.#playBeat();
    }
  }

  /** Ends the loop: no beat is played any more. */
  end(): void {
    const { score } = this.#options;
    if (!this.#ended) score.log.end(score.beat);
    this.#ended = true;
    this.#wake.abort();
  }

  /** Plays nothing from now on; the instants of all beats to come move by as long as that lasts. */
  stand(reason: StandReason, at: Instant): void {
    this.#options.score.stand(reason, at);
    this.#wake.abort();
  }

  /** Takes a reason to stand away; goes on when it was the last one. */
  go(reason: StandReason, at: Instant): void {
    this.#options.score.go(reason, at);
    this.#wake.abort();
  }

  get isStanding(): boolean {
    return this.#options.score.axis.isStanding;
  }

  /** Whether some task still has ops to give out. Between two members of a sequence there is none. */
  get isPlaying(): boolean {
    return !this.#ended && this.#options.score.running().length > 0;
  }

  #playBeat(): void {
    const { score, dispatcher, planned } = this.#options;
    const { beat, batches, parcels } = score.play(this.#moment);
    for (const batch of batches) planned.add(batch);
    dispatcher.dispatch(parcels, beat);
  }

  /** A task that a duration bounds may leave out what is too old; one that `times` bounds owes every op. */
  #isTooLate(task: number, beat: number): boolean {
    const { score, tasks } = this.#options;
    const { late, times } = tasks[task] ?? {};
    return late !== undefined && times === undefined && this.#now - score.axis.beatStart(beat + 1) > late;
  }

  async #awaitChange(change: Promise<void>): Promise<void> {
    const { signal } = this.#wake;
    if (!signal.aborted) {
      const woken = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
      await Promise.race([change, woken]);
    }
    this.#wake = new AbortController();
  }
}
