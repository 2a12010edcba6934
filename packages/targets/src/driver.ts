import type { Op } from '@drumline/core/data';
import type { ErrorCode } from '@drumline/core/errors';
import type { HttpOutcome } from '@drumline/core/stats';

/** What an operation came to. Drivers reuse frozen outcomes where they can: the hot path allocates little. */
export interface Outcome {
  /** Absent = ok. */
  readonly error?: ErrorCode;
  /** Items (keys) that the target read or wrote. */
  readonly items: number;
  /** Keys that were asked for and are not there. Neither an error nor a hit. */
  readonly misses: number;
  /** Answers of the target that said "slow down", including those that a retry mended. */
  readonly throttles: number;
  /** Items that a batch handed back and that were still undone after the bounded retries. */
  readonly unprocessed: number;
  /** DynamoDB capacity units; 0 elsewhere. */
  readonly capacity: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  /** Of an HTTP request. */
  readonly http?: HttpOutcome;
}

/**
 * Tells one operation in flight that its time-out passed. Far cheaper than a DOM AbortSignal, of which a fast worker
 * would make hundreds of thousands a second.
 */
export class Abort {
  #aborted = false;
  #listener: (() => void) | undefined;

  get aborted(): boolean {
    return this.#aborted;
  }

  /** Sets the one listener; called at once when already aborted. */
  onAbort(listener: () => void): void {
    if (this.#aborted) listener();
    else this.#listener = listener;
  }

  abort(): void {
    if (this.#aborted) return;
    this.#aborted = true;
    this.#listener?.();
  }
}

/**
 * Executes the ops of one kind of task. `execute` never rejects for a reason that lies with the target: that is an outcome
 * with a code. What it rejects with is a bug and counted as `DRUM_OP_CRASHED`. A driver that never answers cannot stop
 * the worker: the pump aborts the op after its time-out, counts it as `DRUM_OP_TIMEOUT` and lets go of it.
 */
export interface Executor {
  execute(op: Op, abort: Abort): Promise<Outcome>;
}

/** Speaks the protocol of a database: executes the data actions of all tasks. */
export interface Driver extends Executor {
  readonly name: string;
  /** Checks that the target can be reached and has what the ops need (a table, say). Rejects with a coded error. */
  open(): Promise<void>;
  /** Lets go of every connection. Called once, after the last op has ended or was let go. */
  close(): Promise<void>;
}

/** The outcome of an op that failed before anything was sent. */
export const failed = (error: ErrorCode): Outcome =>
  Object.freeze({
    error,
    items: 0,
    misses: 0,
    throttles: 0,
    unprocessed: 0,
    capacity: 0,
    bytesSent: 0,
    bytesReceived: 0,
  });
