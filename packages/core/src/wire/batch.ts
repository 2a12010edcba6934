import type { Instant, Micros } from '../units/index.ts';

/**
 * A contiguous range of ops of one task whose intended starts lie in one beat: one list element.
 *
 * Op `first + i` is intended at `at + round(span · i / (count − 1))` (at `at` when `count` is 1) with even arrivals.
 */
export interface Batch {
  readonly run: string;
  /** Index into the plan's tasks. */
  readonly task: number;
  /** Number of the first op. */
  readonly first: number;
  /** Ops, ≥ 1. */
  readonly count: number;
  /** Intended start of the first op. */
  readonly at: Instant;
  /** From the first op's intended start to the last one's. */
  readonly span: Micros;
  /** For `seeds`: how often each stream was picked by the ops before `first`. */
  readonly positions?: readonly number[];
}
