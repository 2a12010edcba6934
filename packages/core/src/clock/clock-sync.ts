import { type Instant, type Micros, micros } from '../units/index.ts';
import type { SystemClock } from './clock.ts';

/** How far this process's clock is from the fleet's, and how sure that is. */
export interface ClockError {
  /** µs to add to the clock. */
  readonly offset: Micros;
  /** Half the round trip of the best sample: the true offset lies within ± this. */
  readonly bar: Micros;
}

/**
 * Measures the clock against `time` (Redis TIME). Of several samples the one with the shortest round trip counts
 * (Cristian 1989): its answer was made at its middle, give or take half of it.
 */
export async function measureClock(
  clock: SystemClock,
  time: () => Promise<Instant>,
  samples: number,
): Promise<ClockError> {
  let best: ClockError | undefined;
  for (let i = 0; i < samples; i += 1) {
    const before = clock.now();
    const theirs = await time();
    const after = clock.now();
    const bar = micros((after - before) / 2);
    if (best === undefined || bar < best.bar) best = { offset: micros(theirs - (before + after) / 2), bar };
  }
  return best ?? { offset: micros(0), bar: micros(Number.POSITIVE_INFINITY) };
}

/**
 * Sets the clock to the fleet's at start (`samples` large), or later moves it only when the measurement says that it is
 * certainly off: otherwise the noise of every measurement would go into every latency.
 * @returns the error bar.
 */
export async function syncClock(clock: SystemClock, time: () => Promise<Instant>, samples: number): Promise<Micros> {
  const { offset, bar } = await measureClock(clock, time, samples);
  if (Math.abs(offset) > bar) clock.adjust(offset);
  return bar;
}
