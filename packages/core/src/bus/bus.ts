import type { Instant, Micros, Millis } from '../units/index.ts';

/** Outcome counts of ops of one task. */
export interface TaskCounts {
  readonly published: number;
  readonly ok: number;
  readonly failed: number;
  readonly dropped: number;
  /**
   * Ops that may have run twice: those of batches that were given back from a worker that had died holding them. An upper
   * bound, counted when the batch is given back; outside the balance.
   */
  readonly duplicate: number;
  /** Digest of the ops that ended ok or failed, as acknowledged: 16 hex digits, zeros when no worker keeps digests. */
  readonly digest: string;
}

/** All that one beat puts on one queue. */
export interface Push {
  readonly run: string;
  /** The publisher's fencing number. */
  readonly epoch: number;
  /** Number of this push within (run, queue), from 1 without gaps. */
  readonly seq: number;
  /** The run's beat that the elements belong to: a publisher that takes over learns from it what the queue has. */
  readonly beat: number;
  readonly elements: readonly string[];
  /** Ops in `elements` by task. */
  readonly published: ReadonlyMap<number, number>;
}

/**
 * What became of a push: the queue's length after it (a `seq` that this epoch has pushed already answers with the present
 * length: a retry is harmless). `fenced`: a newer publisher took over. `gap`: the queue stands at `last`; send again from
 * `last` + 1. A new epoch that pushes a number its predecessor has used gets a `gap` too: it must learn where it is.
 */
export type PushReply =
  | { readonly kind: 'pushed'; readonly length: number }
  | { readonly kind: 'fenced'; readonly epoch: number }
  | { readonly kind: 'gap'; readonly last: number };

/** Where a queue stands in a run, once no older publisher can push to it any more. */
export type FenceReply =
  | { readonly kind: 'fenced'; readonly epoch: number }
  /** Number and beat of the last push; 0 and −1 = none. */
  | { readonly kind: 'ready'; readonly last: number; readonly beat: number };

/** The outcome of one claimed element, whole: every op of it has ended. */
export interface Ack {
  readonly element: string;
  /** Absent for an element of the original's form: it belongs to no run and is in no ledger. */
  readonly run?: string;
  readonly task: number;
  readonly ok: number;
  readonly failed: number;
  readonly dropped: number;
  /** Digest of the ops that ended ok or failed (`OpDigest`), 16 hex digits; absent when the worker keeps none. */
  readonly digest?: string;
}

/** The fleet's clock at one instant. */
export interface ClockReading {
  /** Redis TIME plus `correction`. */
  readonly time: Instant;
  /** What cancels the steps that Redis TIME has made during the run; 0 when it has made none. */
  readonly correction: Micros;
}

/** One process's account of a command that it has judged: the run's audit log is made of these. */
export interface AuditEntry {
  /** Wall time of the bus, ISO 8601. */
  readonly at: string;
  /** JSON, written by whoever judged the command. */
  readonly text: string;
}

/**
 * One consumer's end of one queue; owns the connection that its blocking claim needs, and its own list of claimed
 * elements, so that an element whose claim lost its answer is known to be nobody else's and comes with the next claim.
 * Calls may overlap; claims are served one after the other.
 */
export interface Consumer {
  /**
   * Moves up to `max` elements from the head of the queue to this consumer's own list; waits up to `wait` for the first.
   * Empty when none came. Rejects with `DRUM_BUS_CLOSED` after `close()`, also when it was waiting then.
   */
  claim(max: number, wait: Millis): Promise<string[]>;
  /**
   * Takes elements off this consumer's list and their counts into the ledger. What is no longer there was given to somebody
   * else, who accounts for it: nothing is counted. Answers how many of `acks` were such; those of no run are not told apart.
   */
  ack(acks: readonly Ack[]): Promise<number>;
  /** Sets an element that nobody could read aside in the queue's dead-letter list, with the reason. */
  bury(element: string, reason: string): Promise<void>;
  /** Puts claimed elements back to the head of the queue, in their order: this worker will not execute them. */
  giveBack(elements: readonly string[]): Promise<void>;
  /** What is on this consumer's list now: claimed and not yet acknowledged. */
  held(): Promise<string[]>;
  /** Ends within a bound of seconds. What is held stays claimed until somebody reclaims it. */
  close(): Promise<void>;
}

export interface QueueStatus {
  readonly queue: number;
  /** Elements waiting. */
  readonly length: number;
  /** Elements in the dead-letter list. */
  readonly dead: number;
}

export interface DeadLetter {
  readonly element: string;
  readonly reason: string;
  /** Who set it aside. */
  readonly worker: string;
  /** Wall time of the bus, ISO 8601. */
  readonly at: string;
}

export type LockReply =
  | { readonly kind: 'acquired'; readonly epoch: number }
  /** Somebody else holds it; `holder` is what they wrote. */
  | { readonly kind: 'held'; readonly holder: string };

export interface Registered {
  readonly worker: string;
  /**
   * What the worker wrote with its last heartbeat; `undefined` = it has expired, or the worker has left, but has not
   * been reclaimed: it may hold claimed elements.
   */
  readonly info: string | undefined;
}

export type Unsubscribe = () => Promise<void>;

/**
 * Everything that publisher, workers and control say to each other goes through this port. Two implementations, one
 * conformance suite. Only they know key names. `prefix` is fixed at construction. Queues are numbered from 0.
 *
 * Errors: `DRUM_BUS_UNREACHABLE` after bounded retries of the first connection, and of a call while the server is away or
 * cannot serve; `DRUM_BUS_REFUSED` for what the server refuses (authentication, rights), `DRUM_BUS_FULL` when it is out of
 * memory for a push (all else gets through), `DRUM_BUS_CLOSED` after `close()`, which also ends every wait.
 *
 * Every call may be carried out twice when a connection breaks before the answer; all are made so that this is harmless,
 * except that a message of `notify` or `report` can then arrive twice (and, as with any broadcast, not at all).
 */
export interface Bus {
  /** Now on the clock that all agree on: Redis TIME plus the correction in force. */
  time(): Promise<Instant>;
  /** The same with its parts, read at one instant. */
  readClock(): Promise<ClockReading>;
  /**
   * Puts the correction `to` in force for `ttl`, in place of `from`. `false`: it is not `from` that is in force, and nothing
   * changes. Only for the publisher that holds the lock: docs/design/007-clocks.md.
   */
  correctClock(from: Micros, to: Micros, ttl: Millis): Promise<boolean>;

  readConfig(): Promise<string | undefined>;
  writeConfig(text: string): Promise<void>;

  /** Sends a command to everybody; answers how many were listening. */
  notify(message: string): Promise<number>;
  onNotify(listener: (message: string) => void): Promise<Unsubscribe>;
  /** Sends a report or a reply to everybody who listens. */
  report(message: string): Promise<void>;
  onReport(listener: (message: string) => void): Promise<Unsubscribe>;

  /** Takes the publisher's lock for `ttl` and a new epoch, greater than all before. `holder` is free text (JSON). */
  acquireLock(holder: string, ttl: Millis): Promise<LockReply>;
  /** Extends the lock, if it is still held with this epoch; `holder` replaces what was written. */
  renewLock(epoch: number, holder: string, ttl: Millis): Promise<boolean>;
  releaseLock(epoch: number): Promise<void>;
  /** What the lock's present holder wrote. */
  lockHolder(): Promise<string | undefined>;

  /**
   * Sets fields of the run's hash, all or none of them. `false`: a publisher of a newer epoch has written to it, and nothing
   * is set. The first write of an epoch shuts all older ones out; it also makes the run the prefix's `lastRun`.
   */
  writeRun(run: string, fields: Readonly<Record<string, string>>, epoch: number): Promise<boolean>;
  /** The run that was written to last by a publisher that had not written to it before; `undefined` when there is none. */
  lastRun(): Promise<string | undefined>;
  /** All fields of the run's hash; `undefined` when there is none. */
  readRun(run: string): Promise<Readonly<Record<string, string>> | undefined>;
  /** Lets the run's hash and its share in queues 0…`queues`−1 expire after `ttl`. */
  expireRun(run: string, queues: number, ttl: Millis): Promise<void>;

  /** Registers the worker, or says that it is still alive; it counts as dead `ttl` after the last call. */
  heartbeat(worker: string, info: string, ttl: Millis): Promise<void>;
  leave(worker: string): Promise<void>;
  workers(): Promise<Registered[]>;
  /** The queues on which the worker has consumers that were not closed: where it may hold claimed elements. */
  queuesOf(worker: string): Promise<number[]>;

  /** Shuts publishers of older epochs out of the queue and says where it stands: the start of a publisher that takes over. */
  fence(queue: number, run: string, epoch: number): Promise<FenceReply>;
  push(queue: number, push: Push): Promise<PushReply>;
  /**
   * A consumer of the queue for the worker. `thread` names it among the worker's consumers of this queue (default: a fresh
   * name); one that is opened under the name of a consumer that died takes over what that one held, with its first claims.
   */
  consumer(queue: number, worker: string, thread?: string): Promise<Consumer>;
  /**
   * Gives what a dead worker (or only its dead `thread`) has claimed back to the head of the queue, in its order; answers how
   * many elements. Batches are marked as redelivered (`redelivered` of core/wire), so their text changes, and their ops count
   * as duplicates: they may have been sent. Anyone may call it, several at once too.
   */
  reclaim(queue: number, worker: string, thread?: string): Promise<number>;
  queues(count: number): Promise<QueueStatus[]>;
  deadLetters(queue: number, max: number): Promise<DeadLetter[]>;
  /**
   * The run's ledger summed over queues 0…`queues`−1, by task. Rejects with `DRUM_BUS_LOST` when the bus knows that it has
   * forgotten outcomes that it had confirmed.
   */
  readLedger(run: string, queues: number): Promise<Map<number, TaskCounts>>;

  /** Adds to the audit log, which holds the newest 10,000 entries. */
  audit(text: string): Promise<void>;
  /** The newest `max` entries of the audit log, oldest first. */
  readAudit(max: number): Promise<AuditEntry[]>;

  close(): Promise<void>;
}
