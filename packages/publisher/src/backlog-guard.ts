import { DrumlineError } from '@drumline/core/errors';
import type { Log } from '@drumline/core/log';
import { elapsed, type Instant, type Micros, type Millis, microsOf } from '@drumline/core/units';
import { type BacklogPolicy, type BacklogState, backlogState } from './backlog.ts';

export interface BacklogGuardOptions {
  readonly policy: BacklogPolicy;
  readonly bound: Micros;
  /** How long Redis may be out of memory. */
  readonly outage: Millis;
  readonly log: Log;
}

/** Why publishing is held up: batches that nobody takes, or a Redis that has no memory for more of them. */
export type HeldUpBy = 'workers' | 'memory';

/**
 * Watches the age of the oldest waiting batch, and says what is to be done about it. A Redis that is out of memory is a
 * backlog that is as long as it can be: whatever the policy, publishing pauses until workers have made room.
 */
export class BacklogGuard {
  readonly #options: BacklogGuardOptions;
  #state: BacklogState = 'ok';
  #fullSince: Instant | undefined;

  constructor(options: BacklogGuardOptions) {
    this.#options = options;
  }

  get state(): BacklogState {
    return this.#state;
  }

  /** Why publishing pauses, if it does. */
  get heldUpBy(): HeldUpBy | undefined {
    if (this.#state !== 'pause') return undefined;
    return this.#fullSince === undefined ? 'workers' : 'memory';
  }

  /**
   * @param age of the oldest waiting batch
   * @param isFull whether Redis is out of memory
   * @throws DrumlineError DRUM_BACKLOG when the policy is to abort; DRUM_BUS_FULL when Redis had no room for `outage`
   */
  judge(now: Instant, age: Micros, isFull: boolean): BacklogState {
    const { policy, bound } = this.#options;
    const [before, heldUpBefore] = [this.#state, this.heldUpBy];
    this.#judgeMemory(now, isFull);
    this.#state = this.#fullSince === undefined ? backlogState(policy, bound, age, before) : 'pause';
    if (this.#state !== before || this.heldUpBy !== heldUpBefore) this.#tell(age);
    return this.#state;
  }

  #judgeMemory(now: Instant, isFull: boolean): void {
    if (!isFull) {
      this.#fullSince = undefined;
      return;
    }
    this.#fullSince ??= now;
    const { outage } = this.#options;
    if (elapsed(this.#fullSince, now) <= microsOf(outage)) return;
    throw new DrumlineError('DRUM_BUS_FULL', `Redis is out of memory, and had no room for ${outage / 1_000} s`, {
      hint: 'Raise maxmemory, lower the rate, or add workers so that the queues stay short.',
    });
  }

  #tell(age: Micros): void {
    const { policy, bound, log } = this.#options;
    const seconds = (age / 1e6).toFixed(1);
    if (this.#state === 'abort') {
      const why = `the queues are ${seconds} s behind; at most ${bound / 1e6} s are allowed`;
      throw new DrumlineError('DRUM_BACKLOG', why, {
        hint: 'Add workers, lower the rate, or choose --backlog warn or pause.',
      });
    }
    if (this.#state === 'ok') log.info({ seconds }, 'the backlog is back within its bound');
    else if (this.heldUpBy === 'memory')
      log.warn({ seconds }, 'Redis is out of memory (maxmemory): publishing waits until workers have made room');
    else if (this.#state === 'pause')
      log.warn({ seconds, policy }, `the queues are ${seconds} s behind: waiting for workers`);
    else log.warn({ seconds, policy }, `the queues are ${seconds} s behind: workers do not keep up`);
  }
}
