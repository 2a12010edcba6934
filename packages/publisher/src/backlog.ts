import { elapsed, type Instant, type Micros, micros, shift } from '@drumline/core/units';

/** One queue's waiting work as the age of its head, known from push replies alone. */
export class QueueAge {
  /** Number of the last element of each push (counted from the first one ever), with the intended start of the push. */
  #pushed: { readonly end: number; readonly at: Instant }[] = [];
  #count = 0;

  pushed(elements: number, at: Instant): void {
    this.#count += elements;
    this.#pushed.push({ end: this.#count, at });
  }

  /** What waits is due later by so much: nobody was to take it meanwhile. */
  postpone(by: Micros): void {
    this.#pushed = this.#pushed.map(({ end, at }) => ({ end, at: shift(at, by) }));
  }

  /** How long the oldest of the `length` waiting elements has been due at `now`; 0 when none is. */
  age(length: number, now: Instant): Micros {
    const taken = this.#count - length;
    const done = this.#pushed.findIndex(({ end }) => end > taken);
    this.#pushed = done < 0 ? [] : this.#pushed.slice(done);
    const head = this.#pushed[0];
    return head === undefined ? micros(0) : micros(Math.max(0, elapsed(head.at, now)));
  }
}

export type BacklogPolicy = 'warn' | 'pause' | 'abort';
export type BacklogState = 'ok' | BacklogPolicy;

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
