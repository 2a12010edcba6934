import type { Pause } from '@drumline/core/run';
import { BEAT, type Instant, type Micros, shift, micros } from '@drumline/core/units';

/**
 * The run's own time: beat *b* begins at `origin + b · 10 ms + everything that was paused before it`. All instants come
 * from this one sum, so an error never accumulates.
 */
export class Axis {
  readonly origin: Instant;
  #paused: Micros = micros(0);
  #pauses: Pause[] = [];

  constructor(origin: Instant) {
    this.origin = origin;
  }

  /** When the given beat begins. */
  beatStart(beat: number): Instant {
    return shift(this.origin, micros(beat * BEAT + this.#paused));
  }

  get pauses(): readonly Pause[] {
    return this.#pauses;
  }

  get isPaused(): boolean {
    const last = this.#pauses.at(-1);
    return last !== undefined && last.to === undefined;
  }

  /** Stops the axis at `at`; the instants of all later beats move by as long as it stands. */
  pause(at: Instant): void {
    if (!this.isPaused) this.#pauses.push({ from: at });
  }

  resume(at: Instant): void {
    const last = this.#pauses.at(-1);
    if (last === undefined || last.to !== undefined) return;
    const to = at < last.from ? last.from : at;
    this.#pauses[this.#pauses.length - 1] = { from: last.from, to };
    this.#paused = micros(this.#paused + (to - last.from));
  }
}
