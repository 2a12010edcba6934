import type { Ack, Consumer } from '@drumline/core/bus';
import { DrumlineError } from '@drumline/core/errors';
import type { Millis } from '@drumline/core/units';
import { type MemoryFleet, type Seat, seatName } from './memory-fleet.ts';
import type { MemoryQueue } from './memory-queue.ts';

/** One consumer of one queue of a `MemoryFleet`. */
export class MemoryConsumer implements Consumer {
  readonly #fleet: MemoryFleet;
  readonly #seat: Seat;
  readonly #name: string;
  readonly #queue: MemoryQueue;
  readonly #onClose: (consumer: MemoryConsumer) => void;
  /** What the consumer whose seat this takes over had claimed. */
  #inherited: string[];
  #turn: Promise<unknown> = Promise.resolve();
  /** Ends the claim that waits, if one does. */
  #wake: (() => void) | undefined;
  #closed = false;

  constructor(fleet: MemoryFleet, seat: Seat, onClose: (consumer: MemoryConsumer) => void) {
    this.#fleet = fleet;
    this.#seat = seat;
    this.#name = seatName(seat);
    this.#queue = fleet.queue(seat.queue);
    this.#onClose = onClose;
    this.#inherited = this.#queue.held(this.#name);
    fleet.takeSeat(seat);
  }

  claim(max: number, wait: Millis): Promise<string[]> {
    const deadline = performance.now() + wait;
    const turn = this.#turn.then(() => this.#claim(max, deadline));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async ack(acks: readonly Ack[]): Promise<number> {
    this.#assertOpen('acknowledging');
    this.#fleet.forgetExpired();
    return acks.filter((ack) => this.#queue.ack(this.#name, ack)).length;
  }

  async bury(element: string, reason: string): Promise<void> {
    this.#assertOpen('burying');
    const at = new Date(this.#fleet.clock.now() / 1_000).toISOString();
    this.#queue.bury(this.#name, { element, reason, worker: this.#seat.worker, at });
  }

  async giveBack(elements: readonly string[]): Promise<void> {
    this.#assertOpen('giving back');
    this.#queue.giveBack(this.#name, elements);
  }

  async held(): Promise<string[]> {
    return this.#queue.held(this.#name);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#wake?.();
    this.#queue.giveBack(this.#name, this.#inherited);
    if (this.#queue.held(this.#name).length === 0) this.#fleet.leaveSeat(this.#seat);
    this.#onClose(this);
  }

  async #claim(max: number, deadline: number): Promise<string[]> {
    this.#assertOpen('claiming');
    // Somebody may have taken this consumer for dead.
    this.#fleet.takeSeat(this.#seat);
    if (this.#inherited.length > 0) return this.#inherited.splice(0, max);
    const elements = this.#queue.claim(this.#name, max);
    const left = deadline - performance.now();
    if (elements.length > 0 || left <= 0) return elements;
    const late = await this.#wait(max, left);
    this.#assertOpen('claiming');
    return late;
  }

  #wait(max: number, ms: number): Promise<string[]> {
    return new Promise((resolve) => {
      const end = (elements: string[]): void => {
        clearTimeout(timer);
        leave();
        this.#wake = undefined;
        resolve(elements);
      };
      const timer = setTimeout(() => end([]), ms);
      const leave = this.#queue.wait(this.#name, max, end);
      this.#wake = () => end([]);
    });
  }

  #assertOpen(verb: string): void {
    if (this.#closed) throw new DrumlineError('DRUM_BUS_CLOSED', `the bus is closed (${verb})`);
  }
}
