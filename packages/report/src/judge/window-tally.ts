import { type Instant, type Micros, micros } from '@drumline/core/units';
import { isHeld } from '../plan-comparison.ts';

/** A window of one task: what was to be sent in it, and what was sent. */
export interface Window {
  readonly at: Instant;
  readonly task: number;
  readonly planned: number;
  readonly sent: number;
}

/** How many windows of one width there were, in how many of them the plan was held, and the one farthest from it. */
export class WindowTally {
  readonly width: Micros;
  #count = 0;
  #held = 0;
  #worst: Window | undefined;

  constructor(width: Micros) {
    this.width = width;
  }

  /** Takes a window in. One in which nothing was planned and nothing sent says nothing. */
  add(window: Window): void {
    const { planned, sent } = window;
    if (planned === 0 && sent === 0) return;
    this.#count += 1;
    if (isHeld(planned, sent)) this.#held += 1;
    this.#consider(window);
  }

  merge(other: WindowTally): void {
    this.#count += other.#count;
    this.#held += other.#held;
    if (other.#worst !== undefined) this.#consider(other.#worst);
  }

  copy(): WindowTally {
    const copy = new WindowTally(this.width);
    copy.merge(this);
    return copy;
  }

  get count(): number {
    return this.#count;
  }

  /** Share (0 … 1) of the windows in which the plan was held; 1 when there was none. */
  get held(): number {
    return this.#count === 0 ? 1 : this.#held / this.#count;
  }

  /** The one whose sends were farthest from the plan, the first of several. */
  get worst(): Window | undefined {
    return this.#worst;
  }

  #consider(window: Window): void {
    if (this.#worst === undefined || deviation(window) > deviation(this.#worst)) this.#worst = window;
  }
}

const deviation = ({ planned, sent }: Window): number => Math.abs(sent - planned);

export const TEN_MS: Micros = micros(10_000);
export const SECOND: Micros = micros(1_000_000);
