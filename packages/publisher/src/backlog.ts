import { elapsed, type Instant, type Micros, micros } from '@drumline/core/units';

/** One queue's waiting work as the age of its head, known from push replies alone. */
export class QueueAge {
  /** Number of the element after each push (counted from the first one ever), with the intended start of the push. */
  #pushed: { end: number; at: Instant }[] = [];
  #count = 0;

  pushed(elements: number, at: Instant): void {
    this.#count += elements;
    this.#pushed.push({ end: this.#count, at });
  }

  /** How long the oldest of the `length` waiting elements has been due at `now`; 0 when none is. */
  age(length: number, now: Instant): Micros {
    const taken = this.#count - length;
    let done = 0;
    while (done < this.#pushed.length && (this.#pushed[done]?.end ?? 0) <= taken) done += 1;
    if (done > 0) this.#pushed.splice(0, done);
    const head = this.#pushed[0];
    return head === undefined ? micros(0) : micros(Math.max(0, elapsed(head.at, now)));
  }
}

export type BacklogPolicy = 'warn' | 'pause' | 'abort';
export type BacklogState = 'ok' | 'warn' | 'pause' | 'abort';

/** With `warn` the queues may grow to this many times the bound; then publishing pauses, so that Redis never fills up. */
const WARN_LIMIT = 6;

/**
 * What to do about a backlog of a given age. Pausing ends when the age is back to half the bound.
 *
 * | policy | age ≤ bound | bound < age ≤ 6 · bound | age > 6 · bound |
 * |---|---|---|---|
 * | warn | ok | warn | pause |
 * | pause | ok | pause | pause |
 * | abort | ok | abort | abort |
 */
export function backlogState(policy: BacklogPolicy, bound: Micros, age: Micros, before: BacklogState): BacklogState {
  if (before === 'pause' && age > bound / 2) return 'pause';
  if (age <= bound) return 'ok';
  if (policy !== 'warn') return policy;
  return age > WARN_LIMIT * bound ? 'pause' : 'warn';
}
