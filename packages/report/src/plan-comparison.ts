import { WINDOW, windowOf } from '@drumline/core/stats';
import { type Instant, instant } from '@drumline/core/units';
import type { SentWindows } from './sent-windows.ts';

/** Ops of a task that the schedule has in [from, to). */
export type PlannedBetween = (task: number, from: Instant, to: Instant) => number;

export interface RateSummary {
  /** Ops per second that the schedule had, on average over the task's span. */
  readonly planned: number;
  /** Ops per second that were sent and ended, over the span and whatever longer the sending took. */
  readonly achieved: number;
  /** Share (0 … 1) of the 100 ms windows in which the sends were within 5 % of the plan, or one op. */
  readonly held: number;
}

/** The 100 ms window whose sends were farthest from the plan. */
export interface WindowDeviation {
  /** ISO 8601, its beginning. */
  readonly at: string;
  readonly planned: number;
  readonly sent: number;
  /** sent − planned, in ops. */
  readonly deviation: number;
}

const TOLERANCE = 0.05;
/** Whether the sends in a window were within 5 % of the plan, or within one op. */
export const isHeld = (planned: number, sent: number): boolean =>
  Math.abs(sent - planned) <= Math.max(1, planned * TOLERANCE);

/** Ten minutes: sends that are farther outside the task's span are a clock's fault, not lateness that a window shows. */
const FARTHEST = 6_000;

/** Holds what was sent in each window against the schedule. */
export function compareWithPlan(
  task: number,
  ended: number,
  span: { readonly from: Instant; readonly to: Instant } | undefined,
  sent: SentWindows | undefined,
  plannedBetween: PlannedBetween,
): { readonly rate: RateSummary; readonly worstWindow: WindowDeviation | null } {
  if (span === undefined) return { rate: { planned: 0, achieved: 0, held: 0 }, worstWindow: null };
  const first = windowOf(span.from);
  const planEnd = Math.max(first, Math.ceil(span.to / WINDOW) - 1);
  const last = Math.max(planEnd, Math.min(sent?.last ?? planEnd, planEnd + FARTHEST));
  let held = 0;
  let worst: { window: number; planned: number; deviation: number } | undefined;
  for (let window = first; window <= last; window += 1) {
    const planned = plannedBetween(task, startOf(window), startOf(window + 1));
    const deviation = (sent?.at(window) ?? 0) - planned;
    if (isHeld(planned, planned + deviation)) held += 1;
    if (worst === undefined || Math.abs(deviation) > Math.abs(worst.deviation)) worst = { window, planned, deviation };
  }
  const until = last > planEnd ? startOf(last + 1) : span.to;
  return {
    rate: {
      planned: perSecond(plannedBetween(task, span.from, span.to), span.to - span.from),
      achieved: perSecond(ended, until - span.from),
      held: held / (last - first + 1),
    },
    worstWindow:
      worst === undefined
        ? null
        : {
            at: new Date(startOf(worst.window) / 1_000).toISOString(),
            planned: worst.planned,
            sent: worst.planned + worst.deviation,
            deviation: worst.deviation,
          },
  };
}

const startOf = (window: number): Instant => instant(window * WINDOW);
const perSecond = (ops: number, us: number): number => (us > 0 ? (ops * 1e6) / us : 0);
