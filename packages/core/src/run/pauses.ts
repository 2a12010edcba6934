import { elapsed, type Instant, shift } from '../units/index.ts';
import type { Pause } from './run.ts';

/**
 * Stretches of time in which nothing is sent and the intended-time axis stands. An op that was not sent before a pause
 * is intended later by as long as the pause lasted, so no op is late because of one.
 *
 * The publisher moves its own axis by the same stretches, so batches that it publishes after a pause need no moving:
 * their intended starts lie behind its end.
 */
export class Pauses {
  readonly #all: Pause[];

  constructor(known: readonly Pause[] = []) {
    this.#all = [...known];
  }

  /** In the order of their times; only the last one can be without an end. */
  get all(): readonly Pause[] {
    return this.#all;
  }

  get isPaused(): boolean {
    const last = this.#all.at(-1);
    return last !== undefined && last.to === undefined;
  }

  /** A pause within a pause changes nothing. */
  begin(at: Instant): void {
    if (!this.isPaused) this.#all.push({ from: at });
  }

  end(at: Instant): void {
    const last = this.#all.at(-1);
    if (last === undefined || last.to !== undefined) return;
    this.#all[this.#all.length - 1] = { from: last.from, to: at < last.from ? last.from : at };
  }

  /** The intended start of an op that has not been sent yet, after all pauses that ended before or behind it. */
  shifted(intended: Instant): Instant {
    let at = intended;
    for (const { from, to } of this.#all) if (to !== undefined && at < to) at = shift(at, elapsed(from, to));
    return at;
  }
}
