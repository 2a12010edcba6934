import type { Consumer } from '@drumline/core/bus';
import { delay } from '@drumline/core/clock';
import { DrumlineError } from '@drumline/core/errors';
import type { Log } from '@drumline/core/log';
import { type Instant, type Millis, millis } from '@drumline/core/units';
import type { Lease } from '../lease.ts';
import { Lane } from './lane.ts';
import type { Pump } from './pump.ts';
import type { Work } from './work.ts';

/** How long one blocking claim waits: bounds how long a thread takes to notice that it should end. */
const CLAIM_WAIT: Millis = millis(250);
/** Elements that one claim takes at most. */
const CLAIM_MAX = 16;
const RETRY_AFTER: Millis = millis(200);
/** How often a lapsed lease is looked at. */
const LEASE_POLL: Millis = millis(20);
/** From a new standing of the lease to the look at what is still held: who had taken this worker for dead is done by then. */
const RECLAIMED_WITHIN: Millis = millis(250);
/** A retiring thread leaves when its queue has been empty for this many claims. */
const EMPTY_CLAIMS_TO_RETIRE = 4;

export interface QueueThreadOptions {
  readonly queue: number;
  readonly consumer: Consumer;
  readonly lease: Pick<Lease, 'standing'>;
  readonly pump: Pump;
  readonly maxInFlight: () => number;
  /** Makes work of an element. Throws when nobody could, and the element is buried; faults of the bus may mend. */
  readonly read: (element: string) => Promise<Work>;
  readonly now: () => Instant;
  /** Work came at `at`, and the thread has been waiting for some, with room for it, since `waitingSince`. */
  readonly onDelivered: (work: Work, waitingSince: Instant, at: Instant) => void;
  readonly isPaused: () => boolean;
  /** Whether unsent ops of this work are to be let go (its run was stopped). */
  readonly isStopped: (work: Work) => boolean;
  readonly onBuried: () => void;
  readonly log: Log;
}

/**
 * One thread: the consumer of one queue. Claims while there is room, hands work to the pump, acknowledges what is done.
 *
 * | mode | claims | ends |
 * |---|---|---|
 * | running | while there is room and no pause | never by itself |
 * | retiring (`threads` shrank) | goes on, so that nothing strands in a queue nobody reads | when its queue stays empty |
 * | draining (the worker is to go) | no more | when everything in hand has ended |
 * | leaving (the worker is to go at once) | no more, unsent work goes back to the queue | when what was begun has ended |
 *
 * When the worker's lease has lapsed, the pump sends nothing of what is in hand and the thread claims nothing, until the lease
 * holds again and the thread has looked at what it still holds: what is gone is somebody else's by now, and is let go
 * without a word. Who is to leave lets go of everything at once then: it will be reclaimed.
 *
 * A thread that is to end in a pause, draining or leaving, gives unsent work back too. What was begun cannot be given back
 * without repeating ops, and not be finished without sending: the rest of it is dropped and counted.
 */
export class QueueThread {
  readonly queue: number;
  readonly lane: Lane;
  readonly #options: QueueThreadOptions;
  readonly #ended: Promise<void>;
  #mode: 'running' | 'retiring' | 'draining' | 'leaving' = 'running';
  #acks: Work[] = [];
  #acking: Promise<void> | undefined;
  #wake: (() => void) | undefined;

  constructor(options: QueueThreadOptions) {
    this.queue = options.queue;
    this.#options = options;
    this.lane = new Lane(options.maxInFlight, this.#done, this.#stir);
    this.lane.standing = options.lease.standing;
    options.pump.addLane(this.lane);
    this.#ended = this.#run().catch((error: unknown) => {
      options.log.error(
        { err: error, queue: options.queue },
        'a thread ended badly; what it had claimed stays claimed',
      );
    });
  }

  /** Resolves when the thread has ended, with nothing in hand. */
  get ended(): Promise<void> {
    return this.#ended;
  }

  retire(): void {
    if (this.#mode === 'running') this.#mode = 'retiring';
    this.#stir();
  }

  /** Takes a thread that was to retire back into service, unless it has found its queue empty already. */
  keep(): void {
    if (this.#mode === 'retiring') this.#mode = 'running';
    this.#stir();
  }

  drain(): void {
    if (this.#mode !== 'leaving') this.#mode = 'draining';
    this.#stir();
  }

  leave(): void {
    this.#mode = 'leaving';
    this.#stir();
  }

  /** Lets go of unsent ops whose run was stopped, and looks again at whether to claim. */
  reconsider(): void {
    for (const work of this.lane.works) if (this.#options.isStopped(work)) this.lane.dropped(work, work.unsent);
    this.lane.sweep();
    this.#stir();
  }

  async #run(): Promise<void> {
    const { consumer, pump } = this.#options;
    await this.#claimUntilTold();
    for (;;) {
      if (this.lane.unsent > 0 && !this.#isCertain) {
        await this.#makeCertain();
        continue;
      }
      if (this.#mode === 'leaving' || this.#options.isPaused()) await this.#letGo();
      if (this.#isIdle) break;
      await this.#stirred();
    }
    pump.removeLane(this.lane);
    await consumer.close();
  }

  get #isIdle(): boolean {
    return this.lane.isIdle && this.#acks.length === 0 && this.#acking === undefined;
  }

  async #claimUntilTold(): Promise<void> {
    let empty = 0;
    let waitingSince: Instant | undefined;
    while (this.#mode === 'running' || this.#mode === 'retiring') {
      if (!this.#isCertain) {
        waitingSince = undefined;
        await this.#makeCertain();
        continue;
      }
      if (!this.lane.hasRoom || this.#options.isPaused()) {
        waitingSince = undefined;
        await this.#stirred();
        continue;
      }
      waitingSince ??= this.#options.now();
      const elements = await this.#claim();
      if (elements.length > 0) {
        await this.#acceptAll(elements, waitingSince);
        waitingSince = undefined;
      }
      empty = elements.length > 0 ? 0 : empty + 1;
      if (this.#mode === 'retiring' && empty >= EMPTY_CLAIMS_TO_RETIRE) this.#mode = 'draining';
    }
  }

  /** What is in hand is this thread's: the lease has not lapsed since that was last looked at. */
  get #isCertain(): boolean {
    const { standing } = this.#options.lease;
    return standing !== undefined && standing === this.lane.standing;
  }

  /** Takes a step towards certainty: waits for the lease, then lets go of what is gone. */
  async #makeCertain(): Promise<void> {
    const { consumer, lease, log, pump } = this.#options;
    const { standing } = lease;
    if (standing === undefined) {
      if (this.#mode === 'leaving') this.lane.release([...this.lane.works]);
      return delay(LEASE_POLL);
    }
    await delay(RECLAIMED_WITHIN);
    try {
      const gone = missingFrom(await consumer.held(), this.lane.works);
      const ops = gone.reduce((sum, work) => sum + work.unsent, 0);
      this.lane.release(gone);
      this.lane.standing = standing;
      log.warn(
        { queue: this.queue, batches: gone.length, ops },
        'back after a silence: let go of what others were given',
      );
      pump.wake();
    } catch (error) {
      log.warn({ err: error, queue: this.queue }, 'reading what is still held failed; trying again');
      await delay(RETRY_AFTER);
    }
  }

  async #claim(): Promise<string[]> {
    try {
      return await this.#options.consumer.claim(CLAIM_MAX, CLAIM_WAIT);
    } catch (error) {
      this.#options.log.warn({ err: error, queue: this.queue }, 'claiming failed; trying again');
      await delay(RETRY_AFTER);
      return [];
    }
  }

  async #acceptAll(elements: readonly string[], waitingSince: Instant): Promise<void> {
    const { now, onDelivered, pump } = this.#options;
    const at = now();
    for (const element of elements) {
      const work = await this.#accept(element);
      if (work !== undefined) onDelivered(work, waitingSince, at);
    }
    pump.wake();
  }

  /** The work that it has become, unless it was set aside or given back. */
  async #accept(element: string): Promise<Work | undefined> {
    for (;;) {
      try {
        const work = await this.#options.read(element);
        this.lane.add(work);
        if (this.#options.isStopped(work)) this.lane.dropped(work, work.unsent);
        return work;
      } catch (error) {
        if (!mayMend(error)) {
          await this.#bury(element, error);
          return undefined;
        }
        if (this.#mode === 'leaving') {
          await this.#giveBack([element]);
          return undefined;
        }
        const fields = { err: error, queue: this.queue };
        this.#options.log.warn(fields, 'reading what a batch refers to failed; trying again');
        await delay(RETRY_AFTER);
      }
    }
  }

  async #bury(element: string, error: unknown): Promise<void> {
    const reason = error instanceof DrumlineError ? `${error.code} ${error.message}` : String(error);
    this.#options.log.warn({ queue: this.queue }, `set an element aside: ${reason}`);
    this.#options.onBuried();
    await this.#options.consumer.bury(element, reason).catch((cause: unknown) => {
      this.#options.log.error({ err: cause, queue: this.queue }, 'setting an element aside failed; it stays claimed');
    });
  }

  /** Puts work of which nothing was sent back. What was begun is finished, or in a pause cut off. */
  async #letGo(): Promise<void> {
    const untouched = this.lane.works.filter((work) => work.next === 0);
    this.lane.release(untouched);
    if (this.#options.isPaused()) for (const work of this.lane.works) this.lane.dropped(work, work.unsent);
    await this.#giveBack(untouched.map((work) => work.element));
  }

  async #giveBack(elements: readonly string[]): Promise<void> {
    if (elements.length === 0) return;
    await this.#options.consumer.giveBack(elements).catch((cause: unknown) => {
      this.#options.log.error({ err: cause, queue: this.queue }, 'giving back failed; it stays claimed');
    });
  }

  readonly #done = (work: Work): void => {
    this.#acks.push(work);
    this.#acking ??= this.#acknowledge();
  };

  /** One ack at a time; whatever ends meanwhile goes with the next. */
  async #acknowledge(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#acks.length > 0) {
      const works = this.#acks;
      this.#acks = [];
      try {
        const gone = await this.#options.consumer.ack(works.map((work) => work.ack()));
        if (gone > 0) this.#options.log.warn({ queue: this.queue, batches: gone }, TOO_LATE);
      } catch (error) {
        this.#options.log.warn({ err: error, queue: this.queue }, 'acknowledging failed; trying again');
        this.#acks = [...works, ...this.#acks];
        await delay(RETRY_AFTER);
      }
    }
    this.#acking = undefined;
    this.#stir();
  }

  readonly #stir = (): void => {
    this.#wake?.();
  };

  #stirred(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = undefined;
        resolve();
      };
    });
  }
}

const TOO_LATE = 'finished batches that others had been given meanwhile: their ops ran twice, and count once';

/** Those of `works` whose elements are not in `held`; a text that is there twice is there for two of them. */
function missingFrom(held: readonly string[], works: readonly Work[]): Work[] {
  const left = new Map<string, number>();
  for (const element of held) left.set(element, (left.get(element) ?? 0) + 1);
  return works.filter(({ element }) => {
    const count = left.get(element) ?? 0;
    left.set(element, count - 1);
    return count <= 0;
  });
}

/** Whether the fault is the bus's, and not the element's. */
const mayMend = (error: unknown): boolean => error instanceof DrumlineError && error.code.startsWith('DRUM_BUS_');
