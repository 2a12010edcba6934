import type { Ack, Consumer } from '@drumline/core/bus';
import { delay } from '@drumline/core/clock';
import { type Millis, millis } from '@drumline/core/units';
import { AckLine } from './ack-line.ts';
import type { Client, Connection } from './connection.ts';
import { failureOf } from './failures.ts';
import { HeldElements, strangers } from './held-elements.ts';
import { closedError, type Link } from './link.ts';
import { type Seat, seatMember, seatName } from './seats.ts';

/**
 * ms that one blocking claim waits at the server. Short, because `close()` lets it end, and far below any heartbeat's expiry,
 * because the server may still serve the blocked claim of a worker that has died: never after the worker was reclaimed.
 */
const SLICE = 500;
/** ms between two looks at whether the seat is registered and the list holds only what this consumer knows of. */
const LOOK_EVERY = 1_000;
/** ms before a claim goes on after its connection was lost. */
const RETRY_AFTER = 20;
const CLOSE_WITHIN = 2_000;
/** Dead letters kept a queue. */
const DEAD_CAP = 1_000;

/**
 * One consumer of one queue. Its claimed elements are on a list that nobody else adds to.
 *
 * An element is *known* from being handed out by `claim` until its ack, bury or give-back is confirmed. An element on the
 * list that is not known was moved there by a claim whose answer was lost: the next claim hands it out. The list is
 * compared with what is known after every failed command of a claim (`#suspect`), and in any case when its length says so.
 */
export class RedisConsumer implements Consumer {
  readonly #link: Link;
  /** Made again whenever it has ended: a claim must not be sent twice, and its failure must be noticed. */
  #claims: Connection | undefined;
  readonly #acks: AckLine;
  readonly #queue: string;
  readonly #list: string;
  readonly #dead: string;
  readonly #seat: Seat;
  readonly #known = new HeldElements();
  readonly #onClose: (consumer: RedisConsumer) => void;
  #suspect = true;
  #lookedAt = Number.NEGATIVE_INFINITY;
  /** The last claim in line; the next one starts when it has ended. */
  #turn: Promise<unknown> = Promise.resolve();
  #closing: Promise<void> | undefined;

  constructor(link: Link, seat: Seat, onClose: (consumer: RedisConsumer) => void) {
    this.#link = link;
    this.#seat = seat;
    this.#onClose = onClose;
    this.#queue = link.keys.queue(seat.queue);
    this.#list = link.keys.claimed(seat.queue, seatName(seat.worker, seat.thread));
    this.#dead = link.keys.dead(seat.queue);
    this.#acks = new AckLine(link, seat.queue, this.#list);
  }

  /** Makes the seat known before anything can be claimed on it. */
  async register(): Promise<void> {
    await this.#link.call('registering a consumer', () =>
      this.#link.shared.drumRegister(this.#link.keys.workers, seatMember(this.#seat)),
    );
  }

  claim(max: number, wait: Millis): Promise<string[]> {
    const deadline = performance.now() + wait;
    const turn = this.#turn.then(() => this.#claim(max, deadline));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async ack(acks: readonly Ack[]): Promise<number> {
    this.#assertOpen('acknowledging');
    const gone = await this.#acks.send(acks);
    for (const { element } of acks) this.#known.remove(element);
    return gone;
  }

  async bury(element: string, reason: string): Promise<void> {
    this.#assertOpen('burying');
    const letter = JSON.stringify({ element, reason, worker: this.#seat.worker });
    await this.#link.call('burying', () =>
      this.#link.shared.drumBury(this.#list, this.#dead, element, letter, DEAD_CAP),
    );
    this.#known.remove(element);
  }

  async giveBack(elements: readonly string[]): Promise<void> {
    this.#assertOpen('giving back');
    await this.#return(elements);
  }

  held(): Promise<string[]> {
    return this.#link.call('reading claimed elements', () => this.#link.shared.lrange(this.#list, 0, -1));
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #claim(max: number, deadline: number): Promise<string[]> {
    try {
      for (;;) {
        this.#assertOpen('claiming');
        await this.#look();
        const lost = this.#suspect ? await this.#findLost(max) : [];
        this.#assertOpen('claiming');
        if (lost.length > 0) return this.#handOut(lost);
        const elements = await this.#take(max);
        this.#assertOpen('claiming');
        // Moved twice, perhaps, as the connection was lost meanwhile: all of them are found on the list.
        if (this.#suspect) continue;
        if (elements.length > 0) return this.#handOut(elements);
        const left = deadline - performance.now();
        if (left <= 0) return [];
        const first = await this.#await(Math.min(left, SLICE));
        if (first === undefined) continue;
        const rest = max > 1 ? await this.#take(max - 1) : [];
        this.#assertOpen('claiming');
        if (!this.#suspect) return this.#handOut([first, ...rest]);
      }
    } catch (error) {
      // Whatever was moved and not handed out is found by the next claim, or given back by close().
      this.#suspect = true;
      throw error;
    }
  }

  async #return(elements: readonly string[]): Promise<void> {
    if (elements.length === 0) return;
    await this.#link.call('giving back', () => this.#link.shared.drumGiveBack(this.#list, this.#queue, ...elements));
    for (const element of elements) this.#known.remove(element);
  }

  #handOut(elements: string[]): string[] {
    for (const element of elements) this.#known.add(element);
    return elements;
  }

  #take(max: number): Promise<string[]> {
    return this.#ask((client) => client.drumClaim(this.#queue, this.#list, max));
  }

  /** Waits up to `wait` ms for one element; not again after a failure, as that would start the wait anew. */
  async #await(wait: number): Promise<string | undefined> {
    try {
      return (
        (await this.#client().blmove(this.#queue, this.#list, 'LEFT', 'RIGHT', Math.max(wait, 1) / 1_000)) ?? undefined
      );
    } catch (error) {
      this.#suspect = true;
      const failure = failureOf(error);
      if (failure === 'refused') throw this.#link.refusal(error, 'claiming');
      // A full server refuses this command, but not the script: what is there can still be taken.
      await delay(millis(Math.min(wait, failure === 'full' ? wait : RETRY_AFTER)));
      return undefined;
    }
  }

  /** A short command on the claims' connection, again until it is answered. */
  #ask<T>(command: (client: Client) => Promise<T>): Promise<T> {
    return this.#link.call('claiming', async () => {
      try {
        return await command(this.#client());
      } catch (error) {
        this.#suspect = true;
        throw error;
      }
    });
  }

  #client(): Client {
    if (this.#claims === undefined || this.#claims.client.status === 'end') this.#claims = this.#link.open('claims');
    return this.#claims.client;
  }

  /**
   * Registers again, as somebody may have taken this consumer for dead meanwhile; and notices elements that no failure
   * announced (the server may serve a blocked claim after its connection broke).
   */
  async #look(): Promise<void> {
    const now = performance.now();
    if (now - this.#lookedAt < LOOK_EVERY) return;
    const { keys, shared } = this.#link;
    const [length, registered] = await Promise.all([
      this.#ask((client) => client.llen(this.#list)),
      this.#link.call('claiming', () => shared.sismember(keys.workers, seatMember(this.#seat))),
    ]);
    if (registered === 0) await this.register();
    this.#lookedAt = now;
    if (length > this.#known.size) this.#suspect = true;
  }

  /** Elements on the list that nobody was given; at most `max`, and `#suspect` stays set when there are more. */
  async #findLost(max: number): Promise<string[]> {
    this.#suspect = false;
    // Before the question: what is confirmed gone by then is not on the list, what leaves it later cancels itself.
    const known = this.#known.snapshot();
    const list = await this.#ask((client) => client.lrange(this.#list, 0, -1));
    const lost = strangers(list, known);
    if (lost.length > max) this.#suspect = true;
    return lost.slice(0, max);
  }

  async #close(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const bound = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, CLOSE_WITHIN);
    });
    // What fails here stays on the list, registered, and is reclaimed like a dead worker's.
    await Promise.race([this.#windUp().catch(() => undefined), bound]);
    clearTimeout(timer);
    this.#claims?.end();
    this.#onClose(this);
  }

  async #windUp(): Promise<void> {
    await Promise.resolve();
    await Promise.all([this.#turn, this.#acks.idle()]);
    const list = await this.held();
    const lost = strangers(list, this.#known.snapshot());
    await this.#return(lost);
    if (lost.length < list.length) return;
    await this.#link.call('closing a consumer', () =>
      this.#link.shared.srem(this.#link.keys.workers, seatMember(this.#seat)),
    );
  }

  #assertOpen(verb: string): void {
    if (this.#closing !== undefined || this.#link.closed) throw closedError(verb);
  }
}
