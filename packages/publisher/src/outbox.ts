import type { Bus, Push } from '@drumline/core/bus';
import type { Clock } from '@drumline/core/clock';
import { DrumlineError, type ErrorCode } from '@drumline/core/errors';
import { millis } from '@drumline/core/units';
import { lostError } from './lost-error.ts';

const RETRY_AFTER = millis(100);
/** Pushes that are under way at once; those beyond wait here, so that a server in trouble is not asked for all of them again. */
const WINDOW = 64;
/** Faults that no retry mends. The bus has tried again for as long as an outage may last before it says UNREACHABLE. */
const FINAL: ReadonlySet<ErrorCode> = new Set([
  'DRUM_BUS_REFUSED',
  'DRUM_BUS_CLOSED',
  'DRUM_BUS_LOST',
  'DRUM_BUS_UNREACHABLE',
  'DRUM_PUBLISHER_FENCED',
]);

export interface OutboxOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly queue: number;
  readonly run: string;
  readonly epoch: number;
  /** Number of the last push that the queue has; 0 (default) = none. */
  readonly last?: number;
}

/**
 * Delivers the pushes of one queue in order, each exactly once, whatever the connection does. Pushes go out without
 * waiting for each other's answers (go-back-N): the queue's script takes number n + 1 after n only, answers a repeated
 * number like the first time, and a gap with the last number it has. So an answer to a push is one to all before it, and
 * after a fault everything without an answer is simply sent again, in order.
 *
 * A server that is out of memory is no fault: the oldest push is offered again until there is room, and `isFull` says so.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  #seq: number;
  /** Pushes without an answer, in order; those from `#unsent` on are not under way. */
  #pushes: Push[] = [];
  #unsent = 0;
  /** Grows with every fault: what is heard of pushes that were sent before it says nothing new. */
  #round = 0;
  #recovering = false;
  #failure: DrumlineError | undefined;
  #isFull = false;
  #length = 0;
  #unanswered = 0;
  #confirmed = 0;
  #onChange: (() => void)[] = [];

  constructor(options: OutboxOptions) {
    this.#options = options;
    this.#seq = options.last ?? 0;
  }

  /** Elements in the queue as of the last answer, or of what was read since. */
  get length(): number {
    return this.#length;
  }

  /** Elements that have been put here and have no answer. */
  get unanswered(): number {
    return this.#unanswered;
  }

  /** The beat of the oldest push without an answer, if there is one. */
  get oldestBeat(): number | undefined {
    return this.#pushes[0]?.beat;
  }

  /** Elements that wait: in the queue, or on their way to it. */
  get waiting(): number {
    return this.#length + this.#unanswered;
  }

  /** Ops that the queue has confirmed as published. */
  get confirmed(): number {
    return this.#confirmed;
  }

  /** Whether the server has no memory for what is to be pushed. */
  get isFull(): boolean {
    return this.#isFull;
  }

  /** Takes over a length that was read. */
  learn(length: number): void {
    this.#length = length;
  }

  /** Why nothing more can be delivered, if so: fenced, refused, gone, or the server has lost what it had. */
  get failure(): DrumlineError | undefined {
    return this.#failure;
  }

  /** Puts what a beat has for this queue in line. `published`: ops in it by task. */
  put(elements: readonly string[], published: ReadonlyMap<number, number>, beat: number): void {
    this.#seq += 1;
    const { run, epoch } = this.#options;
    this.#pushes.push({ run, epoch, seq: this.#seq, beat, elements, published });
    this.#unanswered += elements.length;
    this.#sendOn();
  }

  /** Resolves when every push has its answer, or none will come (see `failure`). */
  async flushed(): Promise<void> {
    while (this.#pushes.length > 0 && this.#failure === undefined) await this.changed();
  }

  /** Resolves when the next push has its answer, or none will come. */
  changed(): Promise<void> {
    if (this.#failure !== undefined) return Promise.resolve();
    return new Promise((resolve) => this.#onChange.push(resolve));
  }

  /** Sends what waits here, as far as the window allows. */
  #sendOn(): void {
    if (this.#recovering || this.#failure !== undefined) return;
    for (; this.#unsent < Math.min(this.#pushes.length, WINDOW); this.#unsent += 1) {
      const push = this.#pushes[this.#unsent];
      const round = this.#round;
      if (push !== undefined) this.#send(push).catch((error: unknown) => this.#fault(error, round));
    }
  }

  async #send(push: Push): Promise<void> {
    const { bus, queue, epoch } = this.#options;
    const before = (this.#pushes[0]?.seq ?? this.#seq + 1) - 1;
    const reply = await bus.push(queue, push);
    if (reply.kind === 'pushed') return this.#confirm(push.seq, reply.length);
    if (reply.kind === 'fenced') {
      const why = `queue ${queue} takes pushes of epoch ${reply.epoch}; this is ${epoch}`;
      throw new DrumlineError('DRUM_PUBLISHER_FENCED', why);
    }
    if (reply.last < before) {
      throw lostError(`queue ${queue} has pushes up to number ${reply.last}, but had confirmed ${before}`);
    }
    throw new Error(`gap after ${reply.last}`);
  }

  /** The queue has everything up to number `seq`. */
  #confirm(seq: number, length: number): void {
    const first = this.#pushes[0]?.seq ?? seq + 1;
    const answered = this.#pushes.splice(0, Math.max(0, seq + 1 - first));
    for (const { elements, published } of answered) {
      this.#unanswered -= elements.length;
      for (const ops of published.values()) this.#confirmed += ops;
    }
    this.#unsent = Math.max(0, this.#unsent - answered.length);
    this.#length = length;
    this.#isFull = false;
    this.#sendOn();
    this.#tell();
  }

  #fault(error: unknown, round: number): void {
    if (this.#failure !== undefined) return;
    if (error instanceof DrumlineError && FINAL.has(error.code)) {
      this.#failure = error;
      return this.#tell();
    }
    // Whatever else went wrong shows again when everything is sent again.
    if (round === this.#round) void this.#recover(error);
  }

  /** Offers the oldest push until it is taken; then the window opens again. */
  async #recover(why: unknown): Promise<void> {
    this.#round += 1;
    this.#recovering = true;
    this.#isFull = isFullError(why);
    for (let oldest = this.#pushes[0]; oldest !== undefined; oldest = this.#pushes[0]) {
      try {
        await this.#send(oldest);
        break;
      } catch (error) {
        this.#isFull = isFullError(error);
        this.#fault(error, -1);
        if (this.#failure !== undefined) return;
        await this.#options.clock.sleep(RETRY_AFTER);
      }
    }
    this.#recovering = false;
    this.#unsent = 0;
    this.#sendOn();
  }

  #tell(): void {
    for (const resolve of this.#onChange.splice(0)) resolve();
  }
}

const isFullError = (error: unknown): boolean => error instanceof DrumlineError && error.code === 'DRUM_BUS_FULL';
