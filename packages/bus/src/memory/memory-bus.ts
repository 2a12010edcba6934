import { randomUUID } from 'node:crypto';
import type {
  AuditEntry,
  Bus,
  ClockReading,
  DeadLetter,
  FenceReply,
  LockReply,
  Push,
  PushReply,
  QueueStatus,
  Registered,
  TaskCounts,
  Unsubscribe,
} from '@drumline/core/bus';
import { addDigests } from '@drumline/core/data';
import { DrumlineError } from '@drumline/core/errors';
import type { Instant, Micros, Millis } from '@drumline/core/units';
import { MemoryConsumer } from './memory-consumer.ts';
import { type MemoryFleet, seatName } from './memory-fleet.ts';

type Listener = (message: string) => void;

/** One participant's handle on a `MemoryFleet`: what a connection is to Redis. Several live in one process. */
export class MemoryBus implements Bus {
  readonly #shared: MemoryFleet;
  readonly #consumers = new Set<MemoryConsumer>();
  readonly #unsubscribes = new Set<Unsubscribe>();
  #closed = false;

  constructor(fleet: MemoryFleet) {
    this.#shared = fleet;
  }

  async time(): Promise<Instant> {
    return this.#fleet.readClock().time;
  }

  async readClock(): Promise<ClockReading> {
    return this.#fleet.readClock();
  }

  async correctClock(from: Micros, to: Micros): Promise<boolean> {
    return this.#fleet.correctClock(from, to);
  }

  async readConfig(): Promise<string | undefined> {
    return this.#fleet.config;
  }

  async writeConfig(text: string): Promise<void> {
    this.#fleet.config = text;
  }

  async notify(message: string): Promise<number> {
    return deliver(this.#fleet.notified, message);
  }

  async onNotify(listener: Listener): Promise<Unsubscribe> {
    return this.#listen(this.#fleet.notified, listener);
  }

  async report(message: string): Promise<void> {
    deliver(this.#fleet.reported, message);
  }

  async onReport(listener: Listener): Promise<Unsubscribe> {
    return this.#listen(this.#fleet.reported, listener);
  }

  async acquireLock(holder: string, ttl: Millis): Promise<LockReply> {
    return this.#fleet.acquireLock(holder, ttl);
  }

  async renewLock(epoch: number, holder: string, ttl: Millis): Promise<boolean> {
    return this.#fleet.renewLock(epoch, holder, ttl);
  }

  async releaseLock(epoch: number): Promise<void> {
    this.#fleet.releaseLock(epoch);
  }

  async lockHolder(): Promise<string | undefined> {
    return this.#fleet.lockHolder();
  }

  async writeRun(run: string, fields: Readonly<Record<string, string>>, epoch: number): Promise<boolean> {
    return this.#fleet.writeRun(run, fields, epoch);
  }

  async lastRun(): Promise<string | undefined> {
    return this.#fleet.lastRun();
  }

  async readRun(run: string): Promise<Readonly<Record<string, string>> | undefined> {
    return this.#fleet.readRun(run);
  }

  async expireRun(run: string, queues: number, ttl: Millis): Promise<void> {
    this.#fleet.expireRun(run, queues, ttl);
  }

  async heartbeat(worker: string, info: string, ttl: Millis): Promise<void> {
    this.#fleet.heartbeat(worker, info, ttl);
  }

  async leave(worker: string): Promise<void> {
    this.#fleet.leave(worker);
  }

  async workers(): Promise<Registered[]> {
    return [...this.#fleet.workers()].map(([worker, info]) => ({ worker, info }));
  }

  async queuesOf(worker: string): Promise<number[]> {
    const seats = this.#fleet.seats().filter((seat) => seat.worker === worker);
    return [...new Set(seats.map(({ queue }) => queue))].sort((a, b) => a - b);
  }

  async fence(queue: number, run: string, epoch: number): Promise<FenceReply> {
    return this.#fleet.queue(queue).fence(run, epoch);
  }

  async push(queue: number, push: Push): Promise<PushReply> {
    return this.#fleet.queue(queue).push(push);
  }

  async consumer(queue: number, worker: string, thread: string = randomUUID()): Promise<MemoryConsumer> {
    const consumer = new MemoryConsumer(this.#fleet, { worker, thread, queue }, (closed) =>
      this.#consumers.delete(closed),
    );
    this.#consumers.add(consumer);
    return consumer;
  }

  async reclaim(queue: number, worker: string, thread?: string): Promise<number> {
    const fleet = this.#fleet;
    const seats = fleet
      .seats()
      .filter((seat) => seat.worker === worker && seat.queue === queue && (thread ?? seat.thread) === seat.thread);
    let moved = 0;
    for (const seat of seats) {
      moved += fleet.queue(queue).reclaim(seatName(seat));
      fleet.leaveSeat(seat);
    }
    return moved;
  }

  async queues(count: number): Promise<QueueStatus[]> {
    const fleet = this.#fleet;
    return Array.from({ length: count }, (_, queue) => ({
      queue,
      length: fleet.queue(queue).length,
      dead: fleet.queue(queue).dead.length,
    }));
  }

  async deadLetters(queue: number, max: number): Promise<DeadLetter[]> {
    const { dead } = this.#fleet.queue(queue);
    return dead.slice(Math.max(0, dead.length - max));
  }

  async readLedger(run: string, queues: number): Promise<Map<number, TaskCounts>> {
    const fleet = this.#fleet;
    fleet.forgetExpired();
    const sums = new Map<number, TaskCounts>();
    for (let queue = 0; queue < queues; queue += 1) {
      for (const [task, counts] of fleet.queue(queue).ledger(run)) sums.set(task, add(counts, sums.get(task)));
    }
    return new Map([...sums].sort(([a], [b]) => a - b));
  }

  async audit(text: string): Promise<void> {
    this.#fleet.audit(text);
  }

  async readAudit(max: number): Promise<AuditEntry[]> {
    return this.#fleet.readAudit(max);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    await Promise.all([...this.#unsubscribes].map((unsubscribe) => unsubscribe()));
    await Promise.all([...this.#consumers].map((consumer) => consumer.close()));
    this.#closed = true;
  }

  get #fleet(): MemoryFleet {
    if (this.#closed) throw new DrumlineError('DRUM_BUS_CLOSED', 'the bus is closed');
    return this.#shared;
  }

  #listen(listeners: Set<Listener>, listener: Listener): Unsubscribe {
    // A wrapper, so that the same function may listen twice.
    const entry: Listener = (message) => listener(message);
    listeners.add(entry);
    const unsubscribe = async (): Promise<void> => {
      listeners.delete(entry);
      this.#unsubscribes.delete(unsubscribe);
    };
    this.#unsubscribes.add(unsubscribe);
    return unsubscribe;
  }
}

/** Later, as over a network: nobody hears a message before the call that sent it has returned. */
function deliver(listeners: ReadonlySet<Listener>, message: string): number {
  for (const listener of listeners) {
    setImmediate(() => {
      if (listeners.has(listener)) listener(message);
    });
  }
  return listeners.size;
}

const add = (a: TaskCounts, b: TaskCounts | undefined): TaskCounts =>
  b === undefined
    ? a
    : {
        published: a.published + b.published,
        ok: a.ok + b.ok,
        failed: a.failed + b.failed,
        dropped: a.dropped + b.dropped,
        duplicate: a.duplicate + b.duplicate,
        digest: addDigests(a.digest, b.digest),
      };
