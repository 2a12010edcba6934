import { type ELDHistogram, monitorEventLoopDelay } from 'node:perf_hooks';

/** How finely the delay of the event loop is looked at, ms. */
const TICK = 10;

/** Figures of the event loop's delay since they were last read, ms. */
export interface LoopDelayFigures {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** How late this thread's event loop comes round. */
export class LoopDelay {
  readonly #monitor: ELDHistogram = monitorEventLoopDelay({ resolution: TICK });

  constructor() {
    this.#monitor.enable();
  }

  read(): LoopDelayFigures {
    const monitor = this.#monitor;
    const [p50, p99, max] = [monitor.percentile(50), monitor.percentile(99), monitor.max].map(delayOf);
    monitor.reset();
    return { p50: p50 ?? 0, p99: p99 ?? 0, max: max ?? 0 };
  }

  stop(): void {
    this.#monitor.disable();
  }
}

/** The monitor measures from one of its ticks to the next, in ns. */
const delayOf = (ns: number): number => Math.max(0, Math.round(ns / 1e4) / 100 - TICK);
