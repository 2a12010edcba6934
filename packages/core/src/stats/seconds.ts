import { type Instant, type Micros, micros } from '../units/index.ts';

/** Why a second's figures are not the target's alone, in the order in which they are shown. */
export const DISTURBANCES = ['stall', 'redelivery', 'clock'] as const;
export type Disturbance = (typeof DISTURBANCES)[number];

/** One second of one run on one OS thread: `reasons` has bit *i* set for `DISTURBANCES[i]`, and is 0 when it was clean. */
export interface SecondMark {
  readonly run: string;
  /** ⌊instant / 1 s⌋ on the fleet's axis. */
  readonly second: number;
  readonly reasons: number;
}

/** So late may the event loop, or a batch, be before it counts as a stall. */
export const STALL: Micros = micros(50_000);
/** A clock that may be farther off than this disturbs. */
export const CLOCK_BAR: Micros = micros(5_000);

/** Seconds that are remembered, so that those who put threads together need not listen exactly once a second. */
const REMEMBERED = 60;
const SECOND = 1_000_000;
const NEVER = Number.POSITIVE_INFINITY;

/** Figures that are kept second by second. */
export interface KeptBySecond {
  readonly run: string;
  /** Whether anything was recorded in the second that is on. */
  readonly isTouched: boolean;
  /** The second is over. */
  close(disturbed: boolean): void;
}

/**
 * The seconds of one OS thread, and what disturbed them. Whoever records a figure calls `pass` with its instant first: the
 * second that a figure belongs to is the one in which it was recorded, so lateness goes to the second of the send, response
 * and service to that of the end.
 *
 * A **stall** is a stretch of time in which this thread could not send although it had to: its event loop stood, or what it
 * was waiting for was not delivered. It disturbs the seconds in which it is noticed, and every later one in which an op
 * that was due in it is sent or ends: the catching-up is as little the target's work as the stall.
 */
export class Seconds {
  readonly #kept = new Set<KeptBySecond>();
  readonly #bar: () => Micros;
  #marks: SecondMark[] = [];
  #second = 0;
  #begin = 0;
  #reasons = 0;
  /** The first instant at which `pass` has something to do: the second ends, or the event loop is late. */
  #limit = 0;
  /** When the event loop promised to come round. */
  #promised = NEVER;
  /** When it was last seen going round. */
  #seen = 0;
  /** The last stall. */
  #from = NEVER;
  #until = Number.NEGATIVE_INFINITY;

  /** @param bar error bar of the thread's clock, now */
  constructor(bar: () => Micros = () => micros(0)) {
    this.#bar = bar;
  }

  keep(kept: KeptBySecond): void {
    this.#kept.add(kept);
  }

  /** Forgets figures that nobody reads any more. */
  release(kept: KeptBySecond): void {
    this.#kept.delete(kept);
  }

  /** To be called before anything is recorded at `at`. On the hot path: two comparisons. */
  pass(at: Instant): void {
    if (at >= this.#limit || at < this.#begin) this.#turn(at);
  }

  /** Like `pass`, for an op that was due at `due` and was sent at `sent`: what a stall has delayed disturbs this second too. */
  passOp(at: Instant, due: Instant, sent: Instant): void {
    this.pass(at);
    if (sent >= this.#until && this.isOwed(due)) this.mark('stall');
  }

  /** Whether an op that was due at `due` came due during the last stall. */
  isOwed(due: Instant): boolean {
    return due < this.#until && due >= this.#from;
  }

  /** The second that is on was disturbed. */
  mark(reason: Disturbance): void {
    this.#reasons |= 1 << DISTURBANCES.indexOf(reason);
  }

  /** The event loop has come round at `at`, and will again until `next`; without it nothing is promised. */
  tick(at: Instant, next?: Instant): void {
    this.pass(at);
    this.#seen = at;
    this.#promised = next ?? NEVER;
    this.#limit = Math.min(this.#begin + SECOND, this.#promised + STALL);
  }

  /** What this thread was waiting for came at `at` and was due at `due`. */
  delivered(due: Instant, at: Instant): void {
    this.pass(at);
    if (at - due > STALL) this.#stalled(due, at);
  }

  /** The seconds of about the last minute in which anything was recorded, the one that is on included. */
  marks(at: Instant): readonly SecondMark[] {
    this.pass(at);
    return [...this.#marks, ...this.#present()];
  }

  /** Whether the second that is on has been disturbed so far. */
  get isDisturbed(): boolean {
    return this.#reasons !== 0;
  }

  #turn(at: Instant): void {
    const second = Math.floor(at / SECOND);
    const stalled = at >= this.#promised + STALL;
    if (second !== this.#second) this.#close(second);
    if (stalled) {
      this.#stalled(this.#seen, at);
      this.#promised = NEVER;
    }
    this.#limit = Math.min(this.#begin + SECOND, this.#promised + STALL);
  }

  #stalled(from: number, until: number): void {
    // Several queues wait for the same publisher: their stalls are one.
    this.#from = from <= this.#until ? Math.min(this.#from, from) : from;
    this.#until = Math.max(this.#until, until);
    this.mark('stall');
  }

  #close(next: number): void {
    if (this.#bar() > CLOCK_BAR) this.mark('clock');
    this.#marks.push(...this.#present());
    this.#marks = this.#marks.filter(({ second }) => second > next - REMEMBERED);
    for (const kept of this.#kept) if (kept.isTouched) kept.close(this.isDisturbed);
    this.#second = next;
    this.#begin = next * SECOND;
    this.#reasons = 0;
  }

  #present(): SecondMark[] {
    const runs = new Set<string>();
    for (const kept of this.#kept) if (kept.isTouched) runs.add(kept.run);
    return [...runs].map((run) => ({ run, second: this.#second, reasons: this.#reasons }));
  }
}
