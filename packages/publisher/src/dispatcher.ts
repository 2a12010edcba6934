import type { Bus } from '@drumline/core/bus';
import type { Clock } from '@drumline/core/clock';
import type { DrumlineError } from '@drumline/core/errors';
import { type Instant, type Micros, micros } from '@drumline/core/units';
import { type Batch, encodeBatch } from '@drumline/core/wire';
import { QueueAge } from './backlog.ts';
import type { Journal } from './journal.ts';
import { Outbox } from './outbox.ts';

/** Elements without an answer, all queues together, beyond which no beat is computed: some 10 MB. */
const MOST_UNANSWERED = 50_000;

interface Slot {
  readonly outbox: Outbox;
  readonly age: QueueAge;
}

/** A parcel that waits for decisions to be in the bus. */
interface Held {
  readonly slot: Slot;
  readonly parcel: readonly Batch[];
  readonly beat: number;
  /** Number of the last decision that it depends on. */
  readonly decision: number;
}

export interface DispatcherOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly run: string;
  readonly epoch: number;
  readonly journal: Journal;
}

/** Where a queue stood when another publisher left it. */
export interface Inherited {
  /** Number of the last push. */
  readonly last: number;
  /** Elements that wait there, and the intended start of the newest. */
  readonly length: number;
  readonly at: Instant;
}

/**
 * Puts what each beat has for each queue on it, and keeps an eye on how full they are. A push goes out only once every
 * decision that it depends on is in the bus; until then it is held here, and the beats go on.
 */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #slots: Slot[] = [];
  readonly #inherited: readonly Inherited[];
  #held: Held[] = [];
  #onRelease: (() => void)[] = [];

  constructor(options: DispatcherOptions, queues: number, inherited: readonly Inherited[] = []) {
    this.#options = options;
    this.#inherited = inherited;
    this.useQueues(queues);
    options.journal.onConfirmed(() => this.#release());
  }

  /** There are queues 0…`queues`−1 at least from now on. */
  useQueues(queues: number): void {
    for (let queue = this.#slots.length; queue < queues; queue += 1) {
      const { last = 0, length = 0, at } = this.#inherited[queue] ?? {};
      const slot = { outbox: new Outbox({ ...this.#options, queue, last }), age: new QueueAge() };
      slot.outbox.learn(length);
      if (at !== undefined) slot.age.pushed(length, at);
      this.#slots.push(slot);
    }
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

  /** Whether Redis has no memory for what is to be pushed. */
  get isFull(): boolean {
    return this.#slots.some(({ outbox }) => outbox.isFull);
  }

  /** Ops that the queues have confirmed as published. */
  get confirmed(): number {
    return this.#slots.reduce((sum, { outbox }) => sum + outbox.confirmed, 0);
  }

  /** Whether the queues have confirmed everything of the beats before the given one. */
  hasDelivered(before: number): boolean {
    const [held] = this.#held;
    if (held !== undefined && held.beat < before) return false;
    return this.#slots.every(({ outbox }) => (outbox.oldestBeat ?? before) >= before);
  }

  /**
   * Resolves when the next beat may be dispatched; `undefined` when it may be now. While Redis is away, no more than some
   * 50,000 elements are kept for it here; beats beyond are computed when it is back.
   */
  room(): Promise<void> | undefined {
    return this.#hasRoom ? undefined : this.#awaitRoom();
  }

  /** The age of the oldest batch that waits anywhere. */
  backlog(now: Instant): Micros {
    const held = new Map<Slot, number>();
    for (const { slot, parcel } of this.#held) held.set(slot, (held.get(slot) ?? 0) + parcel.length);
    const ages = this.#slots.map((slot) => slot.age.age(slot.outbox.waiting + (held.get(slot) ?? 0), now));
    return micros(Math.max(0, ...ages));
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

  /** Puts a beat's batches on their queues: one push a queue. */
  dispatch(parcels: ReadonlyMap<number, readonly Batch[]>, beat: number): void {
    const { decided, confirmed } = this.#options.journal;
    for (const [queue, parcel] of parcels) {
      const slot = this.#slots[queue];
      const [first] = parcel;
      if (slot === undefined || first === undefined) continue;
      slot.age.pushed(parcel.length, first.at);
      // A later decision does not overtake what waits for an earlier one.
      if (confirmed < decided) this.#held.push({ slot, parcel, beat, decision: decided });
      else put(slot, parcel, beat);
    }
  }

  /** Resolves when every push has its answer, or none will come (see `failure`). */
  async flushed(): Promise<void> {
    while (this.#held.length > 0) await new Promise<void>((resolve) => this.#onRelease.push(resolve));
    await Promise.all(this.#slots.map(({ outbox }) => outbox.flushed()));
  }

  #release(): void {
    const { confirmed } = this.#options.journal;
    const waiting = this.#held.findIndex(({ decision }) => decision > confirmed);
    const free = this.#held.splice(0, waiting < 0 ? this.#held.length : waiting);
    for (const { slot, parcel, beat } of free) put(slot, parcel, beat);
    for (const resolve of this.#onRelease.splice(0)) resolve();
  }

  get #hasRoom(): boolean {
    const held = this.#held.reduce((sum, { parcel }) => sum + parcel.length, 0);
    const unanswered = this.#slots.reduce((sum, { outbox }) => sum + outbox.unanswered, held);
    // After a failure there will be no answers to wait for.
    return unanswered < MOST_UNANSWERED || this.failure !== undefined;
  }

  async #awaitRoom(): Promise<void> {
    while (!this.#hasRoom) {
      const outboxes = this.#slots.map(({ outbox }) => outbox).filter(({ unanswered }) => unanswered > 0);
      const changes = outboxes.map((outbox) => outbox.changed());
      if (this.#held.length > 0) changes.push(new Promise<void>((resolve) => this.#onRelease.push(resolve)));
      await Promise.race(changes);
    }
  }
}

function put({ outbox }: Slot, parcel: readonly Batch[], beat: number): void {
  const published = new Map<number, number>();
  for (const { task, count } of parcel) published.set(task, (published.get(task) ?? 0) + count);
  outbox.put(parcel.map(encodeBatch), published, beat);
}
