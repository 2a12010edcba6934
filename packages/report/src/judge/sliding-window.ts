import type { Slo } from '@drumline/core/slo';
import { Histogram } from '@drumline/core/stats';
import type { Instant } from '@drumline/core/units';
import type { TimelinePoint } from '../timeline.ts';
import { histogramOf, type SloFigures } from './slo-figures.ts';

/** Whether a task counts for a threshold. */
export const isInScope = ({ scope }: Pick<Slo, 'scope'>, { task, action }: { task: number; action: string }): boolean =>
  scope === undefined || scope === task || scope === action;

/** What a threshold's tasks did in one point of the timeline. */
export function figuresOf(slo: Slo, point: TimelinePoint): SloFigures {
  const sum = { planned: 0, sent: 0, ended: 0, failed: 0, dropped: 0 };
  const histogram = new Histogram();
  const name = histogramOf(slo);
  for (const task of point.tasks) {
    if (!isInScope(slo, task)) continue;
    sum.planned += task.planned;
    sum.sent += task.sent;
    sum.ended += task.ok + task.failed;
    sum.failed += task.failed;
    sum.dropped += task.dropped;
    if (name !== undefined) histogram.merge(task[name]);
  }
  return { ...sum, length: point.length, histogram };
}

interface Pane extends SloFigures {
  readonly at: Instant;
}

/**
 * The sum over the last so many seconds of a timeline: each point is added once and taken away once, whatever the
 * length of the window.
 */
export class SlidingWindow {
  readonly #slo: Slo;
  /** `undefined` = all since the beginning. */
  readonly #length: number | undefined;
  readonly #panes: Pane[] = [];
  readonly #sum = { planned: 0, sent: 0, ended: 0, failed: 0, dropped: 0, length: 0, histogram: new Histogram() };
  #began: Instant | undefined;
  #end = 0;

  constructor(slo: Slo) {
    this.#slo = slo;
    this.#length = slo.over;
  }

  add(point: TimelinePoint): void {
    this.#began ??= point.at;
    this.#end = point.at + point.length;
    const pane = { at: point.at, ...figuresOf(this.#slo, point) };
    this.#count(pane, 1);
    this.#sum.histogram.merge(pane.histogram);
    if (this.#length === undefined) return;
    this.#panes.push(pane);
    for (;;) {
      const [oldest] = this.#panes;
      if (oldest === undefined || oldest.at >= this.#end - this.#length) return;
      this.#panes.shift();
      this.#count(oldest, -1);
      this.#sum.histogram.subtract(oldest.histogram);
    }
  }

  /** Whether there was time enough for a whole window. */
  get isWhole(): boolean {
    return this.#began !== undefined && (this.#length === undefined || this.#end - this.#began >= this.#length);
  }

  /** Go on counting: for use at once. */
  get figures(): SloFigures {
    return this.#sum;
  }

  /** When the window that ends with the last point began. */
  get at(): Instant | undefined {
    return this.#panes[0]?.at ?? this.#began;
  }

  #count(pane: SloFigures, sign: 1 | -1): void {
    this.#sum.planned += sign * pane.planned;
    this.#sum.sent += sign * pane.sent;
    this.#sum.ended += sign * pane.ended;
    this.#sum.failed += sign * pane.failed;
    this.#sum.dropped += sign * pane.dropped;
    this.#sum.length += sign * pane.length;
  }
}
