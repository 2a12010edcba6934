import { type ELDHistogram, type EventLoopUtilization, monitorEventLoopDelay, performance } from 'node:perf_hooks';

/** How finely the delay of the event loop is looked at, ms. */
const TICK = 10;

/** A loop that is busy for more than this part of its time is the bottleneck, whatever waits for it. */
const SATURATED = 0.95;
/** ms */
const LONG_ENOUGH = 500;

/** Figures of the event loop's delay since they were last read, ms. */
export interface LoopDelayFigures {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** Part (0 … 1) of the time in which it was not idle. */
  readonly busy: number;
}

/** How late this thread's event loop comes round. */
export class LoopDelay {
  readonly #monitor: ELDHistogram = monitorEventLoopDelay({ resolution: TICK });

  #utilization: EventLoopUtilization = performance.eventLoopUtilization();
  #isSaturated = false;

  constructor() {
    this.#monitor.enable();
  }

  read(): LoopDelayFigures {
    const monitor = this.#monitor;
    const [p50, p99, max] = [monitor.percentile(50), monitor.percentile(99), monitor.max].map(delayOf);
    monitor.reset();
    const before = this.#utilization;
    this.#utilization = performance.eventLoopUtilization();
    const { active, idle, utilization } = performance.eventLoopUtilization(this.#utilization, before);
    const busy = Math.min(1, Math.max(0, utilization));
    // Of a short time, such as that of its start, it says nothing.
    if (active + idle > LONG_ENOUGH) this.#isSaturated = busy > SATURATED;
    return { p50: p50 ?? 0, p99: p99 ?? 0, max: max ?? 0, busy };
  }

  /** Between the last two readings this thread had hardly a moment to spare: answers wait for it, not it for them. */
  get isSaturated(): boolean {
    return this.#isSaturated;
  }

  stop(): void {
    this.#monitor.disable();
  }
}

/** The monitor measures from one of its ticks to the next, in ns. */
const delayOf = (ns: number): number => Math.max(0, Math.round(ns / 1e4) / 100 - TICK);
