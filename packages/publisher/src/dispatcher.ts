import type { Bus, QueueStatus } from '@drumline/core/bus';
import { type Instant, type Micros, micros } from '@drumline/core/units';
import { type Batch, encodeBatch } from '@drumline/core/wire';
import { QueueAge } from './backlog.ts';
import { Outbox } from './outbox.ts';

interface Slot {
  readonly outbox: Outbox;
  readonly age: QueueAge;
}

/** Deals batches round the queues and keeps an eye on how full they are. */
export class Dispatcher {
  readonly #bus: Bus;
  readonly #run: string;
  readonly #epoch: number;
  readonly #slots: Slot[] = [];
  #queues = 0;
  #next = 0;

  constructor(bus: Bus, run: string, epoch: number, queues: number) {
    this.#bus = bus;
    this.#run = run;
    this.#epoch = epoch;
    this.useQueues(queues);
  }

  /** Deals to queues 0…`queues`−1 from now on. */
  useQueues(queues: number): void {
    for (let queue = this.#slots.length; queue < queues; queue += 1) {
      const outbox = new Outbox(this.#bus, queue, this.#run, this.#epoch);
      this.#slots.push({ outbox, age: new QueueAge() });
    }
    this.#queues = queues;
    this.#next %= queues;
  }

  /** Queues that were ever dealt to: the ledger is their sum. */
  get queuesUsed(): number {
    return this.#slots.length;
  }

  /** Elements waiting, by queue. */
  get lengths(): number[] {
    return this.#slots.map(({ outbox }) => outbox.length);
  }

  /** Pushes that have no answer yet. */
  get unanswered(): number {
    return this.#slots.reduce((sum, { outbox }) => sum + outbox.unanswered, 0);
  }

  /** Why nothing more can be delivered, if so. */
  get failure(): unknown {
    return this.#slots.map(({ outbox }) => outbox.failure).find((failure) => failure !== undefined);
  }

  /** The age of the oldest batch that waits anywhere. */
  backlog(now: Instant): Micros {
    return micros(Math.max(0, ...this.#slots.map(({ outbox, age }) => age.age(outbox.length, now))));
  }

  /** Takes over what was read of the queues: without pushes no answers come that would say. */
  learn(queues: readonly QueueStatus[]): void {
    for (const { queue, length } of queues) this.#slots[queue]?.outbox.learn(length);
  }

  /** Puts a beat's batches on the queues: one push a queue. */
  dispatch(batches: readonly Batch[]): void {
    const parcels = new Map<number, Batch[]>();
    for (const batch of batches) {
      const parcel = parcels.get(this.#next);
      if (parcel === undefined) parcels.set(this.#next, [batch]);
      else parcel.push(batch);
      this.#next = (this.#next + 1) % this.#queues;
    }
    for (const [queue, parcel] of parcels) this.#push(queue, parcel);
  }

  async flushed(): Promise<void> {
    await Promise.all(this.#slots.map(({ outbox }) => outbox.flushed()));
  }

  #push(queue: number, parcel: readonly Batch[]): void {
    const slot = this.#slots[queue];
    const [first] = parcel;
    if (slot === undefined || first === undefined) return;
    const published = new Map<number, number>();
    for (const { task, count } of parcel) published.set(task, (published.get(task) ?? 0) + count);
    slot.outbox.put(parcel.map(encodeBatch), published);
    slot.age.pushed(parcel.length, first.at);
  }
}
