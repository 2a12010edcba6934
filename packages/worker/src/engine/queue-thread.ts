import type { Consumer } from '@drumline/core/bus';
import { delay } from '@drumline/core/clock';
import { DrumlineError } from '@drumline/core/errors';
import type { Log } from '@drumline/core/log';
import { type Millis, millis } from '@drumline/core/units';
import { Lane } from './lane.ts';
import type { Pump } from './pump.ts';
import type { Work } from './work.ts';

/** How long one blocking claim waits: bounds how long a thread takes to notice that it should end. */
const CLAIM_WAIT: Millis = millis(500);
/** Elements that one claim takes at most. */
const CLAIM_MAX = 16;
/** Faults of the element itself; anything else may mend. */
const UNREADABLE: ReadonlySet<string> = new Set(['DRUM_ELEMENT_INVALID', 'DRUM_RUN_UNKNOWN']);
const RETRY_AFTER: Millis = millis(200);
/** A retiring thread leaves when its queue has been empty for this many claims. */
const EMPTY_CLAIMS_TO_RETIRE = 4;

export interface QueueThreadOptions {
  readonly queue: number;
  readonly consumer: Consumer;
  readonly pump: Pump;
  readonly maxInFlight: () => number;
  /** Makes work of an element. @throws DrumlineError when nobody could: the element is buried with the message. */
  readonly read: (element: string) => Promise<Work>;
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
 * | leaving (the worker is to go at once) | no more, unsent work goes back to the queue | when what is in flight has ended |
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
    options.pump.addLane(this.lane);
    this.#ended = this.#run();
  }

  /** Resolves when the thread has ended, with nothing in hand. */
  get ended(): Promise<void> {
    return this.#ended;
  }

  retire(): void {
    if (this.#mode === 'running') this.#mode = 'retiring';
    this.#stir();
  }

  /** Takes a thread that was to retire back into service. */
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
    for (const work of [...this.lane.works]) {
      if (this.#options.isStopped(work)) this.lane.dropped(work, work.unsent);
    }
    this.lane.sweep();
    this.#stir();
  }

  async #run(): Promise<void> {
    const { consumer, pump } = this.#options;
    await this.#claimUntilTold();
    if (this.#mode === 'leaving') await this.#giveBack();
    while (!this.lane.isIdle || this.#acks.length > 0 || this.#acking !== undefined) await this.#stirred();
    pump.removeLane(this.lane);
    await consumer.close();
  }

  async #claimUntilTold(): Promise<void> {
    let empty = 0;
    while (this.#mode === 'running' || this.#mode === 'retiring') {
      if (!this.lane.hasRoom || this.#options.isPaused()) {
        await this.#stirred();
        continue;
      }
      const elements = await this.#claim();
      for (const element of elements) await this.#accept(element);
      if (elements.length > 0) this.#options.pump.wake();
      empty = elements.length > 0 ? 0 : empty + 1;
      if (this.#mode === 'retiring' && empty >= EMPTY_CLAIMS_TO_RETIRE) this.#mode = 'draining';
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

  async #accept(element: string): Promise<void> {
    for (;;) {
      try {
        const work = await this.#options.read(element);
        this.lane.add(work);
        if (this.#options.isStopped(work)) this.lane.dropped(work, work.unsent);
        return;
      } catch (error) {
        if (error instanceof DrumlineError && UNREADABLE.has(error.code)) return await this.#bury(element, error);
        this.#options.log.warn({ err: error, queue: this.queue }, 'reading what a batch refers to failed; trying again');
        await delay(RETRY_AFTER);
      }
    }
  }

  async #bury(element: string, error: DrumlineError): Promise<void> {
    this.#options.log.warn({ queue: this.queue, code: error.code }, `set an element aside: ${error.message}`);
    this.#options.onBuried();
    await this.#options.consumer.bury(element, `${error.code} ${error.message}`).catch((cause: unknown) => {
      this.#options.log.error({ err: cause, queue: this.queue }, 'setting an element aside failed; it stays claimed');
    });
  }

  /** Puts work of which nothing was sent back; what was begun is finished. */
  async #giveBack(): Promise<void> {
    const untouched = this.lane.works.filter((work) => work.next === 0);
    this.lane.release(untouched);
    await this.#options.consumer.giveBack(untouched.map((work) => work.element));
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
        await this.#options.consumer.ack(works.map((work) => work.ack()));
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
