import type { Abort } from '../driver.ts';
import { Tally } from '../tally.ts';

/** A request under way that can be let go of. */
export interface Abortable {
  abort(): void;
}

/** One op under way: what it came to so far, and all that must stop when its time-out passes. */
export class Flight {
  readonly tally = new Tally();
  readonly #abort: Abort;
  /** What has been started; to abort what has ended does nothing. */
  readonly #started: Abortable[] = [];

  constructor(abort: Abort) {
    this.#abort = abort;
    abort.onAbort(() => {
      this.tally.fail('DRUM_OP_TIMEOUT');
      for (const one of this.#started) one.abort();
    });
  }

  get aborted(): boolean {
    return this.#abort.aborted;
  }

  started(one: Abortable): void {
    this.#started.push(one);
    if (this.aborted) one.abort();
  }

  /** Waits before attempt `attempt` + 1 (from 0): a random time up to 50 ms · 2^attempt, at most a second. */
  pause(attempt: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, Math.random() * Math.min(50 * 2 ** attempt, 1_000));
    this.started({
      abort: () => {
        clearTimeout(timer);
        resolve();
      },
    });
    return promise;
  }
}
