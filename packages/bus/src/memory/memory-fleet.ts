import type { AuditEntry, ClockReading, LockReply } from '@drumline/core/bus';
import { type Clock, SystemClock } from '@drumline/core/clock';
import { type Instant, type Micros, type Millis, micros, microsOf, shift } from '@drumline/core/units';
import { MemoryQueue } from './memory-queue.ts';

type Listener = (message: string) => void;

interface Expiring<T> {
  readonly value: T;
  readonly until: Instant;
}

interface StoredRun {
  /** The newest that has written to it. */
  readonly epoch: number;
  readonly fields: Readonly<Record<string, string>>;
  readonly until: Instant | undefined;
  readonly queues: number;
}

const NO_RUN: StoredRun = { epoch: 0, fields: {}, until: undefined, queues: 0 };
/** Entries of the audit log. */
const AUDIT_CAP = 10_000;

/** The seat of a consumer: whose list of claimed elements it is, on which queue. */
export interface Seat {
  readonly worker: string;
  readonly thread: string;
  readonly queue: number;
}

/** What the handles of one process share: the place of the Redis server. */
export class MemoryFleet {
  readonly clock: Clock;
  config: string | undefined;
  readonly notified = new Set<Listener>();
  readonly reported = new Set<Listener>();
  readonly #workers = new Map<string, Expiring<string> | undefined>();
  readonly #seats = new Map<string, Seat>();
  readonly #queues = new Map<number, MemoryQueue>();
  readonly #runs = new Map<string, StoredRun>();
  readonly #audit: AuditEntry[] = [];
  #lastRun: { readonly epoch: number; readonly run: string } | undefined;
  #lock: Expiring<{ readonly epoch: number; readonly holder: string }> | undefined;
  #epoch = 0;
  #correction: Micros = micros(0);

  constructor(clock: Clock = new SystemClock()) {
    this.clock = clock;
  }

  readClock(): ClockReading {
    const correction = this.#correction;
    return { time: shift(this.clock.now(), correction), correction };
  }

  /** For ever: with this process everything ends. */
  correctClock(from: Micros, to: Micros): boolean {
    if (this.#correction === from) this.#correction = to;
    return this.#correction === to;
  }

  queue(number: number): MemoryQueue {
    const queue = this.#queues.get(number) ?? new MemoryQueue();
    this.#queues.set(number, queue);
    return queue;
  }

  acquireLock(holder: string, ttl: Millis): LockReply {
    const present = this.#presentLock();
    if (present !== undefined) return { kind: 'held', holder: present.holder };
    this.#epoch += 1;
    this.#lock = this.#expiring({ epoch: this.#epoch, holder }, ttl);
    return { kind: 'acquired', epoch: this.#epoch };
  }

  renewLock(epoch: number, holder: string, ttl: Millis): boolean {
    if (this.#presentLock()?.epoch !== epoch) return false;
    this.#lock = this.#expiring({ epoch, holder }, ttl);
    return true;
  }

  releaseLock(epoch: number): void {
    if (this.#presentLock()?.epoch === epoch) this.#lock = undefined;
  }

  lockHolder(): string | undefined {
    return this.#presentLock()?.holder;
  }

  writeRun(run: string, fields: Readonly<Record<string, string>>, epoch: number): boolean {
    this.forgetExpired();
    const present = this.#runs.get(run) ?? NO_RUN;
    if (epoch < present.epoch) return false;
    this.#runs.set(run, { ...present, epoch, fields: { ...present.fields, ...fields } });
    if (epoch >= (this.#lastRun?.epoch ?? 0)) this.#lastRun = { epoch, run };
    return true;
  }

  lastRun(): string | undefined {
    return this.#lastRun?.run;
  }

  readRun(run: string): Readonly<Record<string, string>> | undefined {
    this.forgetExpired();
    const fields = this.#runs.get(run)?.fields;
    return fields === undefined || Object.keys(fields).length === 0 ? undefined : fields;
  }

  expireRun(run: string, queues: number, ttl: Millis): void {
    const present = this.#runs.get(run) ?? NO_RUN;
    this.#runs.set(run, { ...present, until: this.#after(ttl), queues });
    this.forgetExpired();
  }

  heartbeat(worker: string, info: string, ttl: Millis): void {
    this.#workers.set(worker, this.#expiring(info, ttl));
  }

  leave(worker: string): void {
    this.#workers.delete(worker);
  }

  workers(): Map<string, string | undefined> {
    const seated = [...this.#seats.values()].map(({ worker }) => worker);
    const names = [...new Set([...this.#workers.keys(), ...seated])].sort();
    return new Map(names.map((worker) => [worker, this.#live(this.#workers.get(worker))]));
  }

  takeSeat(seat: Seat): void {
    this.#seats.set(seatName(seat), seat);
  }

  leaveSeat(seat: Seat): void {
    this.#seats.delete(seatName(seat));
  }

  seats(): Seat[] {
    return [...this.#seats.values()];
  }

  audit(text: string): void {
    this.#audit.push({ at: new Date(this.clock.now() / 1_000).toISOString(), text });
    if (this.#audit.length > AUDIT_CAP) this.#audit.shift();
  }

  readAudit(max: number): AuditEntry[] {
    return this.#audit.slice(Math.max(0, this.#audit.length - max));
  }

  /** Drops what has expired; called before the ledger or a run is read or written. */
  forgetExpired(): void {
    const now = this.clock.now();
    for (const [run, { until, queues }] of this.#runs) {
      if (until === undefined || until > now) continue;
      this.#runs.delete(run);
      for (let queue = 0; queue < queues; queue += 1) this.queue(queue).forget(run);
    }
  }

  #presentLock(): { readonly epoch: number; readonly holder: string } | undefined {
    return this.#live(this.#lock);
  }

  #expiring<T>(value: T, ttl: Millis): Expiring<T> {
    return { value, until: this.#after(ttl) };
  }

  #live<T>(entry: Expiring<T> | undefined): T | undefined {
    return entry !== undefined && entry.until > this.clock.now() ? entry.value : undefined;
  }

  #after(ttl: Millis): Instant {
    return shift(this.clock.now(), microsOf(ttl));
  }
}

/** The name of a seat's list. */
export const seatName = ({ worker, thread, queue }: Seat): string => JSON.stringify([worker, thread, queue]);
