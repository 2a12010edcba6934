import type { Bus, Push } from '@drumline/core/bus';
import type { Clock } from '@drumline/core/clock';
import { DrumlineError, type ErrorCode } from '@drumline/core/errors';
import { millis } from '@drumline/core/units';

const RETRY_AFTER = millis(100);
/** Faults that no retry mends. */
const FINAL: ReadonlySet<ErrorCode> = new Set([
  'DRUM_BUS_REFUSED',
  'DRUM_BUS_CLOSED',
  'DRUM_BUS_FULL',
  'DRUM_BUS_LOST',
  'DRUM_PUBLISHER_FENCED',
]);

export interface OutboxOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly queue: number;
  readonly run: string;
  readonly epoch: number;
}

/**
 * Delivers the pushes of one queue in order, each exactly once, whatever the connection does. Pushes go out without
 * waiting for each other's answers (go-back-N): the queue's script takes number n + 1 after n only, answers a repeated
 * number like the first time, and a gap with the last number it has. So after a fault everything without an answer
 * is simply sent again, in order.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  #seq = 0;
  /** Pushes without an answer, in order. */
  #unanswered: Push[] = [];
  #recovering = false;
  #failure: DrumlineError | undefined;
  #length = 0;
  #onFlushed: (() => void)[] = [];

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** Elements in the queue as of the last answer, or of what was read since. */
  get length(): number {
    return this.#length;
  }

  /** Elements that wait: in the queue, or on their way to it. */
  get waiting(): number {
    return this.#unanswered.reduce((sum, { elements }) => sum + elements.length, this.#length);
  }

  /** Takes over a length that was read. */
  learn(length: number): void {
    this.#length = length;
  }

  /** Why nothing more can be delivered, if so: fenced, refused, full, or the server has lost what it had. */
  get failure(): DrumlineError | undefined {
    return this.#failure;
  }

  put(elements: readonly string[], published: ReadonlyMap<number, number>): void {
    this.#seq += 1;
    const { run, epoch } = this.#options;
    const push = { run, epoch, seq: this.#seq, elements, published };
    this.#unanswered.push(push);
    if (this.#recovering || this.#failure !== undefined) return;
    // Whatever went wrong shows again when everything is sent again.
    this.#send(push).catch(() => void this.#recover());
  }

  /** Resolves when every push has its answer, or none will come (see `failure`). */
  async flushed(): Promise<void> {
    if (this.#isFlushed) return;
    await new Promise<void>((resolve) => this.#onFlushed.push(resolve));
  }

  get #isFlushed(): boolean {
    return this.#unanswered.length === 0 || this.#failure !== undefined;
  }

  async #send(push: Push): Promise<void> {
    const { bus, queue, epoch } = this.#options;
    const reply = await bus.push(queue, push);
    if (reply.kind === 'pushed') {
      this.#length = reply.length;
      this.#unanswered = this.#unanswered.filter((other) => other.seq !== push.seq);
      return this.#tellFlushed();
    }
    if (reply.kind === 'fenced') {
      const why = `queue ${queue} takes pushes of epoch ${reply.epoch}; this is ${epoch}`;
      throw new DrumlineError('DRUM_PUBLISHER_FENCED', why);
    }
    const confirmed = (this.#unanswered[0]?.seq ?? push.seq) - 1;
    if (reply.last < confirmed) {
      const why = `queue ${queue} has pushes up to ${reply.last} of this run, but had confirmed ${confirmed}`;
      throw new DrumlineError('DRUM_BUS_LOST', why);
    }
    throw new Error(`gap after ${reply.last}`);
  }

  /** Sends everything without an answer again, oldest first, until there is nothing left of it. */
  async #recover(): Promise<void> {
    if (this.#recovering) return;
    this.#recovering = true;
    for (let oldest = this.#unanswered[0]; oldest !== undefined; oldest = this.#unanswered[0]) {
      try {
        await this.#send(oldest);
      } catch (error) {
        if (error instanceof DrumlineError && FINAL.has(error.code)) {
          this.#failure = error;
          break;
        }
        await this.#options.clock.sleep(RETRY_AFTER);
      }
    }
    this.#recovering = false;
    this.#tellFlushed();
  }

  #tellFlushed(): void {
    if (!this.#isFlushed) return;
    for (const resolve of this.#onFlushed.splice(0)) resolve();
  }
}
