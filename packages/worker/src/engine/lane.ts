import type { Instant } from '@drumline/core/units';
import type { Work } from './work.ts';

/**
 * What one thread has in hand: claimed work whose ops are not all sent, and how many ops are in flight. The pump moves
 * ops from one to the other; the thread claims more when there is room and acknowledges what is done.
 */
export class Lane {
  readonly #maxInFlight: () => number;
  readonly #onDone: (work: Work) => void;
  readonly #onRoom: () => void;
  /** In the order of claims. */
  works: Work[] = [];
  unsent = 0;
  /** That of the worker's lease when what is in hand was known to be this thread's. */
  standing: number | undefined;
  inFlight = 0;
  #full = Number.NEGATIVE_INFINITY;

  constructor(maxInFlight: () => number, onDone: (work: Work) => void, onRoom: () => void) {
    this.#maxInFlight = maxInFlight;
    this.#onDone = onDone;
    this.#onRoom = onRoom;
  }

  /** Whether one more op may be sent. */
  get canSend(): boolean {
    return this.inFlight < this.#maxInFlight();
  }

  /**
   * Whether to claim more. What is in hand and unsent stays below the bound on ops in flight: enough to bridge the
   * publisher's lead, too little to hoard work that an idle worker could do.
   */
  get hasRoom(): boolean {
    return this.canSend && this.unsent < this.#maxInFlight();
  }

  /** At `at` it has as much in flight as it may, for no other reason than that the target has not answered yet. */
  isFullAt(at: Instant): void {
    this.#full = at;
  }

  /** Whether an op that is due since `due` has found the lane full, here or while it was still in the queue. */
  hasWaitedSince(due: Instant): boolean {
    return this.#full >= due;
  }

  /** What is in hand may be somebody else's: the thread is to find out. Answers whether there is anything unsent. */
  hold(): boolean {
    if (this.unsent === 0) return false;
    this.#onRoom();
    return true;
  }

  get isIdle(): boolean {
    return this.unsent === 0 && this.inFlight === 0;
  }

  add(work: Work): void {
    this.works.push(work);
    this.unsent += work.unsent;
  }

  /** Takes works out of hand again. What was sent of them ends without being said. */
  release(works: readonly Work[]): void {
    this.works = this.works.filter((work) => !works.includes(work));
    for (const work of works) this.unsent -= work.unsent;
  }

  /** Forgets works whose ops are all sent; they live on in their flights. */
  sweep(): void {
    if (this.works.some((work) => work.unsent === 0)) this.works = this.works.filter((work) => work.unsent > 0);
  }

  sent(): void {
    this.unsent -= 1;
    this.inFlight += 1;
    if (this.hasRoom) this.#onRoom();
  }

  dropped(work: Work, count: number): void {
    // A work whose ops are all sent may be done already: it must not be said twice.
    if (count === 0) return;
    work.drop(count);
    this.unsent -= count;
    if (work.isDone) this.#onDone(work);
    if (this.hasRoom) this.#onRoom();
  }

  ended(work: Work): void {
    this.inFlight -= 1;
    if (work.isDone) this.#onDone(work);
    if (this.hasRoom) this.#onRoom();
  }
}
