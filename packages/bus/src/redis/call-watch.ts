import type { DrumlineError } from '@drumline/core/errors';
import type { Millis } from '@drumline/core/units';

/** One call under way, as the code that repeats it sees it. */
export interface Attempt {
  /** Whether its caller has been answered already, so that nobody wants another try. */
  readonly isOver: boolean;
  /** Why the last try failed. */
  lastError: unknown;
}

interface Entry extends Attempt {
  isOver: boolean;
  readonly until: number;
  readonly expire: () => void;
  readonly reject: (error: DrumlineError) => void;
}

/** ms between two looks at the calls under way, at most and at least. */
const LOOK_EVERY = 250;
const LOOK_AT_LEAST_EVERY = 10;

/**
 * Gives up calls that stay without an answer for too long, wherever they wait: for a connection, for the server, for the
 * next try. Time counts only while this process runs: one that was stopped and goes on must not take its own absence for the
 * server's.
 */
export class CallWatch {
  readonly #every: number;
  readonly #entries = new Set<Entry>();
  #timer: NodeJS.Timeout | undefined;
  /** ms that this watch has been awake. */
  #awake = 0;
  #lookedAt = 0;

  /** @param shortest the shortest bound that calls will have */
  constructor(shortest: Millis) {
    this.#every = Math.max(LOOK_AT_LEAST_EVERY, Math.min(LOOK_EVERY, shortest / 8));
  }

  /** Runs `work`; rejects with what `late` makes of the last failure when that takes longer than `within`. */
  run<T>(
    within: Millis,
    work: (attempt: Attempt) => Promise<T>,
    late: (lastError: unknown) => DrumlineError,
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const entry: Entry = {
        isOver: false,
        lastError: undefined,
        until: this.#awake + within,
        expire: () => reject(late(entry.lastError)),
        reject,
      };
      this.#entries.add(entry);
      this.#start();
      const done = (): void => {
        entry.isOver = true;
        this.#entries.delete(entry);
      };
      work(entry).then(resolve, reject).finally(done);
    });
  }

  /** Rejects all that is under way. */
  end(error: DrumlineError): void {
    clearInterval(this.#timer);
    for (const entry of this.#entries) {
      entry.isOver = true;
      entry.reject(error);
    }
    this.#entries.clear();
  }

  #start(): void {
    if (this.#timer !== undefined) return;
    this.#lookedAt = performance.now();
    this.#timer = setInterval(() => this.#look(), this.#every);
    this.#timer.unref();
  }

  #look(): void {
    const now = performance.now();
    this.#awake += Math.min(now - this.#lookedAt, 2 * this.#every);
    this.#lookedAt = now;
    for (const entry of this.#entries) {
      if (this.#awake < entry.until) continue;
      entry.isOver = true;
      this.#entries.delete(entry);
      entry.expire();
    }
  }
}
