import { DrumlineError } from '@drumline/core/errors';
import type { RateChange as Request } from '@drumline/core/notify';
import type { RateStep } from '@drumline/core/run';
import type { RateChange } from '@drumline/core/schedule';
import { micros } from '@drumline/core/units';

/** The factors that live commands have put on the plan's rates. */
export class RateHistory {
  #steps: RateStep[] = [];

  get steps(): readonly RateStep[] {
    return this.#steps;
  }

  /** The factor in force: a decimal text, or two with a slash between them. */
  get factor(): string {
    return this.#steps.at(-1)?.factor ?? '1';
  }

  get number(): number {
    const [over = 1, under = 1] = this.factor.split('/').map(Number);
    return over / under;
  }

  /** What a task that starts now begins with. */
  get initial(): RateChange[] {
    return this.factor === '1' ? [] : [{ at: micros(0), factor: this.factor }];
  }

  add(step: RateStep): void {
    this.#steps.push(step);
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
