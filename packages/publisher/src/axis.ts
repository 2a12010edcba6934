import type { StandReason } from '@drumline/core/run';
import { BEAT, elapsed, type Instant, type Micros, micros, shift } from '@drumline/core/units';

/**
 * The run's own time: beat *b* begins at `origin + b · 10 ms + all the time that the axis has stood`. All instants come
 * from this one sum, so an error never accumulates. The axis stands as long as there is any reason to.
 */
export class Axis {
  readonly origin: Instant;
  readonly #reasons = new Set<StandReason>();
  /** Since when it stands, if it does. */
  #from: Instant;
  #stood: Micros;

  constructor(origin: Instant, stood: Micros = micros(0)) {
    this.origin = origin;
    this.#from = origin;
    this.#stood = stood;
  }

  /** When the given beat begins, or would if the axis went on now. */
  beatStart(beat: number): Instant {
    return shift(this.origin, micros(beat * BEAT + this.#stood));
  }

  /** The first beat that begins at `at` or later. */
  beatAt(at: Instant): number {
    return Math.ceil((at - this.origin - this.#stood) / BEAT);
  }

  /** How long it has stood in all, up to the last time that it went on. */
  get stood(): Micros {
    return this.#stood;
  }

  /** Since when it stands, and why; `undefined` when it does not. */
  get standing(): { readonly from: Instant; readonly reasons: readonly StandReason[] } | undefined {
    return this.isStanding ? { from: this.#from, reasons: [...this.#reasons] } : undefined;
  }

  get isStanding(): boolean {
    return this.#reasons.size > 0;
  }

  /**
   * Stops the axis at `at`; the instants of all later beats move by as long as it stands.
   * @param next the next beat to be played. If it is owed already (a stall came before), the axis stands from its start
   * on: no beat that is played after a pause may be intended before the pause's end, or workers would move it once more.
   */
  stand(reason: StandReason, at: Instant, next: number): void {
    if (!this.isStanding) {
      const start = this.beatStart(next);
      this.#from = start < at ? start : at;
    }
    this.#reasons.add(reason);
  }

  go(reason: StandReason, at: Instant): void {
    if (!this.#reasons.delete(reason) || this.isStanding) return;
    if (at > this.#from) this.#stood = micros(this.#stood + elapsed(this.#from, at));
  }

  /** What another publisher's axis had stood in all. */
  setStood(stood: Micros): void {
    this.#stood = stood;
  }
}
