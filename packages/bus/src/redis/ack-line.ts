import type { Ack } from '@drumline/core/bus';
import { freshToken, type Link } from './link.ts';

/** Acks a script call; each is five arguments. */
const CHUNK = 500;

interface Waiting {
  readonly acks: readonly Ack[];
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Sends a consumer's acks one call at a time, all that came meanwhile in the next: the ledger remembers only the number of
 * the last ack it took from this consumer, which makes a repeat harmless if nothing can overtake it.
 */
export class AckLine {
  readonly #link: Link;
  readonly #queue: number;
  readonly #list: string;
  /** Its own name, never used before: a consumer that takes over a dead one's seat counts from 1 again. */
  readonly #token = freshToken();
  #seq = 0;
  #waiting: Waiting[] = [];
  #sending: Promise<void> | undefined;

  constructor(link: Link, queue: number, list: string) {
    this.#link = link;
    this.#queue = queue;
    this.#list = list;
  }

  send(acks: readonly Ack[]): Promise<void> {
    if (acks.length === 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#waiting.push({ acks, resolve, reject });
      this.#sending ??= this.#drain().finally(() => {
        this.#sending = undefined;
      });
    });
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    while (this.#sending !== undefined) await this.#sending;
  }

  async #drain(): Promise<void> {
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      try {
        await this.#sendAll(batch.flatMap(({ acks }) => acks));
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
  }

  async #sendAll(acks: readonly Ack[]): Promise<void> {
    const runs = Map.groupBy(acks, ({ run }) => run);
    const sent = [...runs].map(([run, group]) => (run === undefined ? this.#remove(group) : this.#count(run, group)));
    // All of them end before the next batch starts, also when one fails.
    const failed = (await Promise.allSettled(sent)).find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  async #count(run: string, acks: readonly Ack[]): Promise<void> {
    const share = this.#link.keys.share(this.#queue, run);
    for (let from = 0; from < acks.length; from += CHUNK) {
      this.#seq += 1;
      const seq = this.#seq;
      const outcomes = acks
        .slice(from, from + CHUNK)
        .flatMap((ack) => [ack.element, ack.task, ack.ok, ack.failed, ack.dropped]);
      await this.#link.call('acknowledging', () =>
        this.#link.shared.drumAck(this.#list, share, this.#token, seq, ...outcomes),
      );
    }
  }

  /** Elements of no run: nothing to count, so nothing to number. */
  async #remove(acks: readonly Ack[]): Promise<void> {
    await Promise.all(
      acks.map(({ element }) => this.#link.call('acknowledging', () => this.#link.shared.lrem(this.#list, 1, element))),
    );
  }
}
