import type { Ack } from '@drumline/core/bus';
import { freshToken, type Link } from './link.ts';

/** Acks a script call; each is six arguments. */
const CHUNK = 500;
/** Runs whose last ack is remembered. A worker has a few at a time in hand. */
const RUNS_KEPT = 16;

interface Waiting {
  readonly acks: readonly Ack[];
  readonly resolve: (gone: number) => void;
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
  /** Number of the last ack that was answered, by run: an older mark in the ledger means that the server has lost some. */
  readonly #confirmed = new Map<string, number>();
  #waiting: Waiting[] = [];
  #sending: Promise<void> | undefined;

  constructor(link: Link, queue: number, list: string) {
    this.#link = link;
    this.#queue = queue;
    this.#list = list;
  }

  /** Answers how many of the acks of runs came too late: their elements were no longer on the list. */
  send(acks: readonly Ack[]): Promise<number> {
    if (acks.length === 0) return Promise.resolve(0);
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
        const gone = await this.#sendAll(batch.flatMap(({ acks }) => acks));
        for (const { acks, resolve } of batch) resolve(acks.filter((ack) => gone.has(ack)).length);
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
  }

  /** Answers which came too late. */
  async #sendAll(acks: readonly Ack[]): Promise<ReadonlySet<Ack>> {
    const runs = Map.groupBy(acks, ({ run }) => run);
    const sent = [...runs].map(([run, group]) => (run === undefined ? this.#remove(group) : this.#count(run, group)));
    // All of them end before the next batch starts, also when one fails.
    const ended = await Promise.allSettled(sent);
    const failed = ended.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    return new Set(ended.flatMap((result) => (result.status === 'fulfilled' ? result.value : [])));
  }

  async #count(run: string, acks: readonly Ack[]): Promise<Ack[]> {
    const share = this.#link.keys.share(this.#queue, run);
    const gone: Ack[] = [];
    for (let from = 0; from < acks.length; from += CHUNK) {
      this.#seq += 1;
      const seq = this.#seq;
      const chunk = acks.slice(from, from + CHUNK);
      const outcomes = chunk.flatMap((ack) => [
        ack.element,
        ack.task,
        ack.ok,
        ack.failed,
        ack.dropped,
        ack.digest ?? '',
      ]);
      const before = this.#confirmed.get(run) ?? 0;
      const places = await this.#link.call('acknowledging', () =>
        this.#link.shared.drumAck(this.#list, share, this.#token, seq, before, ...outcomes),
      );
      this.#confirm(run, seq);
      for (const place of places) gone.push(...chunk.slice(place - 1, place));
    }
    return gone;
  }

  #confirm(run: string, seq: number): void {
    this.#confirmed.delete(run);
    this.#confirmed.set(run, seq);
    const [oldest] = this.#confirmed.keys();
    if (this.#confirmed.size > RUNS_KEPT && oldest !== undefined) this.#confirmed.delete(oldest);
  }

  /** Elements of no run: nothing to count, so nothing to number, and no telling a late ack from a repeated one. */
  async #remove(acks: readonly Ack[]): Promise<Ack[]> {
    await Promise.all(
      acks.map(({ element }) => this.#link.call('acknowledging', () => this.#link.shared.lrem(this.#list, 1, element))),
    );
    return [];
  }
}
