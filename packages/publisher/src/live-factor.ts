import { DrumlineError } from '@drumline/core/errors';
import type { RateChange as Request } from '@drumline/core/notify';
import type { RateChange } from '@drumline/core/schedule';
import { micros } from '@drumline/core/units';

/** The factor that live commands have put on the plan's rates. */
export class LiveFactor {
  #text: string;

  constructor(text = '1') {
    this.#text = text;
  }

  /** A decimal text, or two with a slash between them. */
  get text(): string {
    return this.#text;
  }

  get number(): number {
    const [over = 1, under = 1] = this.#text.split('/').map(Number);
    return over / under;
  }

  /** What a task that starts now begins with. */
  get initial(): RateChange[] {
    return this.#text === '1' ? [] : [{ at: micros(0), factor: this.#text }];
  }

  set(text: string): void {
    this.#text = text;
  }

  /**
   * The factor that a request amounts to. Ops a second are shared by the running tasks in proportion to their planned
   * rates, exactly: the factor is a fraction.
   *
   * @param planned ops per second of each running task by the plan
   * @throws DrumlineError DRUM_COMMAND_INVALID when no task runs that a rate could be divided among.
   */
  factorOf(request: Request, planned: readonly number[]): string {
    if (request.kind === 'factor') return request.factor;
    const sum = planned.reduce((total, rate) => total + rate, 0);
    if (sum > 0) return `${request.qps}/${sum.toFixed(6)}`;
    throw new DrumlineError('DRUM_COMMAND_INVALID', 'no task has a rate now that could be set to so many a second', {
      hint: 'Give a factor instead, for instance 2x.',
    });
  }
}
