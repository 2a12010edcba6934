import type { Ack } from '@drumline/core/bus';
import { type Op, OpDigest, type OpHasher } from '@drumline/core/data';
import type { CountedOutcome, TaskStats } from '@drumline/core/stats';
import type { Instant, Micros } from '@drumline/core/units';
import type { PlayedHttp } from '@drumline/targets';

/** Which ledger column its ops go to: absent for elements of the original's form, which are in no ledger. */
export interface LedgerPlace {
  readonly run: string;
  readonly task: number;
}

/** Where the ops of one task are counted. */
export interface Account {
  readonly stats: TaskStats;
  /** Absent unless digests are to be kept. */
  readonly hasher: OpHasher | undefined;
  /** What its ops send, when they are HTTP requests. */
  readonly http?: PlayedHttp | undefined;
}

/** A claimed element under execution: its ops in order, and what has become of them. Acknowledged when all have ended. */
export class Work {
  readonly element: string;
  readonly place: LedgerPlace | undefined;
  readonly ops: readonly Op[];
  readonly #account: Account;
  /** Age past which an op is dropped instead of sent. */
  readonly late: Micros | undefined;
  /** It was given back by a worker that died holding it. */
  readonly isRedelivered: boolean;
  /** Index of the next op to send. */
  next = 0;
  #ok = 0;
  #failed = 0;
  #dropped = 0;
  /** Of the ops that were sent: all of them have ended when it is read. */
  readonly #digest: OpDigest | undefined;

  constructor(
    element: string,
    place: LedgerPlace | undefined,
    ops: readonly Op[],
    account: Account,
    late?: Micros,
    isRedelivered = false,
  ) {
    this.element = element;
    this.place = place;
    this.ops = ops;
    this.#account = account;
    this.late = late;
    this.isRedelivered = isRedelivered;
    this.#digest = account.hasher && new OpDigest(account.hasher);
  }

  /** What its ops send, when they are HTTP requests. */
  get http(): PlayedHttp | undefined {
    return this.#account.http;
  }

  get unsent(): number {
    return this.ops.length - this.next;
  }

  /** Every op has ended in one of the three columns. */
  get isDone(): boolean {
    return this.#ok + this.#failed + this.#dropped === this.ops.length;
  }

  /** The next op is on its way. */
  sent(op: Op, intended: Instant, at: Instant, hasWaited = false): void {
    this.next += 1;
    if (this.isRedelivered) this.#account.stats.mark('redelivery', at);
    this.#account.stats.recordSend(intended, at, hasWaited);
    this.#digest?.add(this.place?.task ?? 0, op);
  }

  ended(outcome: CountedOutcome, intended: Instant, sent: Instant, end: Instant): void {
    if (outcome.error === undefined) this.#ok += 1;
    else this.#failed += 1;
    if (this.isRedelivered) this.#account.stats.mark('redelivery', end);
    this.#account.stats.recordEnd(outcome, intended, sent, end);
  }

  /** The next op is dropped, at `at`, for its age. */
  missed(intended: Instant, at: Instant, hasWaited: boolean): void {
    this.#account.stats.recordMissed(intended, at, hasWaited);
  }

  /** Lets `count` unsent ops go. */
  drop(count: number): void {
    this.next += count;
    this.#dropped += count;
    this.#account.stats.recordDropped(count);
  }

  ack(): Ack {
    const counts = { ok: this.#ok, failed: this.#failed, dropped: this.#dropped };
    return {
      element: this.element,
      task: this.place?.task ?? 0,
      ...counts,
      ...(this.place && { run: this.place.run }),
      ...(this.#digest && { digest: this.#digest.toString() }),
    };
  }
}
