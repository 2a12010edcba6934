import { DrumlineError } from '@drumline/core/errors';
import type { Log } from '@drumline/core/log';
import type { Micros } from '@drumline/core/units';
import { type BacklogPolicy, type BacklogState, backlogState } from './backlog.ts';

export interface BacklogGuardOptions {
  readonly policy: BacklogPolicy;
  readonly bound: Micros;
  readonly log: Log;
}

/** Watches the age of the oldest waiting batch, and says what is to be done about it. */
export class BacklogGuard {
  readonly #options: BacklogGuardOptions;
  #state: BacklogState = 'ok';

  constructor(options: BacklogGuardOptions) {
    this.#options = options;
  }

  get state(): BacklogState {
    return this.#state;
  }

  /** @throws DrumlineError DRUM_BACKLOG when the policy is to abort. */
  judge(age: Micros): BacklogState {
    const { policy, bound, log } = this.#options;
    const before = this.#state;
    this.#state = backlogState(policy, bound, age, before);
    if (this.#state === before) return before;
    const seconds = (age / 1e6).toFixed(1);
    if (this.#state === 'abort') {
      const why = `the queues are ${seconds} s behind; at most ${bound / 1e6} s are allowed`;
      throw new DrumlineError('DRUM_BACKLOG', why, {
        hint: 'Add workers, lower the rate, or choose --backlog warn or pause.',
      });
    }
    if (this.#state === 'ok') log.info({ seconds }, 'the backlog is back within its bound');
    else if (this.#state === 'pause')
      log.warn({ seconds, policy }, `the queues are ${seconds} s behind: waiting for workers`);
    else log.warn({ seconds, policy }, `the queues are ${seconds} s behind: workers do not keep up`);
    return this.#state;
  }
}
