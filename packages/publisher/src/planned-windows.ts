import { WINDOW } from '@drumline/core/stats';
import type { Instant } from '@drumline/core/units';
import type { Batch } from '@drumline/core/wire';

/** How many ops of each task are intended in each 100 ms window of the fleet's clock: what was really sent is held against it. */
export class PlannedWindows {
  readonly #tasks = new Map<number, { first: number; counts: number[] }>();

  add(batch: Pick<Batch, 'task' | 'at' | 'span' | 'count'>): void {
    const { task, at, span, count } = batch;
    const window = Math.floor(at / WINDOW);
    const boundary = (window + 1) * WINDOW;
    // A beat is shorter than a window, so a batch touches two at most.
    // A lone op with a span is one of Poisson arrivals, which may lie anywhere in it.
    const gaps = Math.max(1, count - 1);
    const before = span === 0 || at + span < boundary ? count : Math.ceil(((boundary - at) * gaps) / span);
    this.#count(task, window, before);
    if (before < count) this.#count(task, window + 1, count - before);
  }

  /** Adds what another count has of later beats. */
  addAll(later: PlannedWindows): void {
    for (const [task, { first, counts }] of later.#tasks) {
      for (const [i, ops] of counts.entries()) this.#count(task, first + i, ops);
    }
  }

  /** Ops of the task intended in the windows that [from, to) touches. */
  between(task: number, from: Instant, to: Instant): number {
    const windows = this.#tasks.get(task);
    if (windows === undefined) return 0;
    let sum = 0;
    for (let window = Math.floor(from / WINDOW); window < Math.ceil(to / WINDOW); window += 1) {
      sum += windows.counts[window - windows.first] ?? 0;
    }
    return sum;
  }

  /** Ops of the task intended in the window of `from`, or later. */
  since(task: number, from: Instant): number {
    const windows = this.#tasks.get(task);
    if (windows === undefined) return 0;
    const begin = Math.max(0, Math.floor(from / WINDOW) - windows.first);
    return windows.counts.slice(begin).reduce((sum, count) => sum + count, 0);
  }

  /** From the first to the last window with a planned op; `undefined` when there is none. */
  extent(task: number): { readonly first: number; readonly last: number } | undefined {
    const windows = this.#tasks.get(task);
    return windows && { first: windows.first, last: windows.first + windows.counts.length - 1 };
  }

  #count(task: number, window: number, ops: number): void {
    let windows = this.#tasks.get(task);
    if (windows === undefined) {
      windows = { first: window, counts: [] };
      this.#tasks.set(task, windows);
    }
    while (windows.counts.length <= window - windows.first) windows.counts.push(0);
    windows.counts[window - windows.first] = (windows.counts[window - windows.first] ?? 0) + ops;
  }
}
