import type { Bus } from '@drumline/core/bus';
import type { Clock } from '@drumline/core/clock';
import type { DrumlineError } from '@drumline/core/errors';
import { type Instant, type Micros, micros } from '@drumline/core/units';
import { type Batch, encodeBatch } from '@drumline/core/wire';
import { QueueAge } from './backlog.ts';
import { Outbox } from './outbox.ts';

interface Slot {
  readonly outbox: Outbox;
  readonly age: QueueAge;
}

export interface DispatcherOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly run: string;
  readonly epoch: number;
}

/** Deals batches round the queues and keeps an eye on how full they are. */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #slots: Slot[] = [];
  #queues = 0;
  #next = 0;

  constructor(options: DispatcherOptions, queues: number) {
    this.#options = options;
    this.useQueues(queues);
  }

  /** Deals to queues 0…`queues`−1 from now on. */
  useQueues(queues: number): void {
    for (let queue = this.#slots.length; queue < queues; queue += 1) {
      this.#slots.push({ outbox: new Outbox({ ...this.#options, queue }), age: new QueueAge() });
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

  /** Why nothing more can be delivered, if so. */
  get failure(): DrumlineError | undefined {
    return this.#slots.find(({ outbox }) => outbox.failure !== undefined)?.outbox.failure;
  }

  /** The age of the oldest batch that waits anywhere. */
  backlog(now: Instant): Micros {
    return micros(Math.max(0, ...this.#slots.map(({ outbox, age }) => age.age(outbox.waiting, now))));
  }

  /** The workers were not to work for so long: what waits is no older for it. */
  postpone(by: Micros): void {
    for (const { age } of this.#slots) age.postpone(by);
  }

  /** Reads how long the queues are: the answers to pushes say so only where something is pushed. */
  async look(): Promise<void> {
    for (const { queue, length } of await this.#options.bus.queues(this.#slots.length)) {
      this.#slots[queue]?.outbox.learn(length);
    }
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

  /** Resolves when every push has its answer, or none will come (see `failure`). */
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
