import type { Bus, Push } from '@drumline/core/bus';
import { delay } from '@drumline/core/clock';
import { DrumlineError } from '@drumline/core/errors';
import { millis } from '@drumline/core/units';

const RETRY_AFTER = millis(100);
const FINAL = new Set(['DRUM_BUS_REFUSED', 'DRUM_BUS_CLOSED', 'DRUM_BUS_FULL']);

/**
 * Delivers the pushes of one queue in order, each exactly once, whatever the connection does. Pushes go out without
 * waiting for each other's answers (go-back-N): the queue's script takes number n + 1 after n only, answers a repeated
 * number like the first time, and a gap with the last number it has. So after a fault everything without an answer
 * is simply sent again, in order.
 */
export class Outbox {
  readonly #bus: Bus;
  readonly #queue: number;
  readonly #run: string;
  readonly #epoch: number;
  #seq = 0;
  #unanswered: Push[] = [];
  #recovering: Promise<void> | undefined;
  #failure: unknown;
  #length = 0;

  constructor(bus: Bus, queue: number, run: string, epoch: number) {
    this.#bus = bus;
    this.#queue = queue;
    this.#run = run;
    this.#epoch = epoch;
  }

  /** Elements in the queue after the last answered push. */
  get length(): number {
    return this.#length;
  }

  /** Takes over a length that was read. */
  learn(length: number): void {
    this.#length = length;
  }

  /** Pushes without an answer. */
  get unanswered(): number {
    return this.#unanswered.length;
  }

  /** Why nothing more can be delivered, if so: fenced, refused, or the server is full. */
  get failure(): unknown {
    return this.#failure;
  }

  put(elements: readonly string[], published: ReadonlyMap<number, number>): void {
    this.#seq += 1;
    const push = { run: this.#run, epoch: this.#epoch, seq: this.#seq, elements, published };
    this.#unanswered.push(push);
    if (this.#recovering === undefined && this.#failure === undefined) {
      this.#send(push).catch(() => this.#recover());
    }
  }

  /** Resolves when every push has its answer, or none will come (see `failure`). */
  async flushed(): Promise<void> {
    while (this.#unanswered.length > 0 && this.#failure === undefined) await delay(millis(1));
  }

  async #send(push: Push): Promise<void> {
    const reply = await this.#bus.push(this.#queue, push);
    if (reply.kind === 'pushed') {
      this.#length = reply.length;
      this.#unanswered = this.#unanswered.filter((other) => other.seq !== push.seq);
    } else if (reply.kind === 'fenced') {
      throw new DrumlineError('DRUM_PUBLISHER_FENCED', `queue ${this.#queue} takes pushes of epoch ${reply.epoch}; this is ${this.#epoch}`);
    } else {
      throw new Error(`gap after ${reply.last}`);
    }
  }

  #recover(): void {
    this.#recovering ??= this.#sendAllAgain().finally(() => {
      this.#recovering = undefined;
    });
  }

  async #sendAllAgain(): Promise<void> {
    while (this.#unanswered.length > 0) {
      const [oldest] = this.#unanswered;
      try {
        if (oldest !== undefined) await this.#send(oldest);
      } catch (error) {
        if (error instanceof DrumlineError && (FINAL.has(error.code) || error.code === 'DRUM_PUBLISHER_FENCED')) {
          this.#failure = error;
          return;
        }
        await delay(RETRY_AFTER);
      }
    }
  }
}
