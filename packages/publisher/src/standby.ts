import type { Bus } from '@drumline/core/bus';
import type { Clock } from '@drumline/core/clock';
import { DrumlineError } from '@drumline/core/errors';
import type { Log } from '@drumline/core/log';
import type { RunState } from '@drumline/core/run';
import { type Millis, millis } from '@drumline/core/units';
import { findRun, isOver } from './run-finder.ts';

const LOOK_EVERY: Millis = millis(200);

/** What has become of the run that was watched. */
export type Watched =
  /** Nobody plays it, and it is not over. */
  | { readonly kind: 'orphan'; readonly run: string }
  | { readonly kind: 'over'; readonly run: string; readonly state: RunState }
  | { readonly kind: 'interrupted' };

export interface StandbyOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: Log;
  /** The run to watch; absent = the one that is being played, or the next one, or the last one if nobody has ended it. */
  readonly run?: string | undefined;
}

/** Watches a run until it is over, or until its publisher is gone: then the lock of the prefix has expired. */
export class Standby {
  readonly #options: StandbyOptions;
  #watched: string | undefined;
  #said = '';

  constructor(options: StandbyOptions) {
    this.#options = options;
    this.#watched = options.run;
  }

  /** @throws DrumlineError DRUM_RESUME_UNKNOWN when the run that was named is not there, or what the bus says. */
  async watch(signal: AbortSignal): Promise<Watched> {
    const { bus, clock } = this.#options;
    while (!signal.aborted) {
      const seen = await this.#look(runOf(await bus.lockHolder()));
      if (seen !== undefined) return seen;
      await clock.sleep(LOOK_EVERY, signal);
    }
    return { kind: 'interrupted' };
  }

  /** @param played the run whose publisher holds the lock; `undefined` = nobody does. */
  async #look(played: string | undefined): Promise<Watched | undefined> {
    if (this.#watched === undefined && played === STRANGER) return this.#say('standing by: somebody holds the lock');
    const run = this.#watched ?? played ?? (await this.#lastOpen());
    if (run === undefined) return this.#say('standing by: no run is being played on this prefix');
    this.#watched = run;
    if (run === played) return this.#say(`standing by for run ${run}: its publisher is alive`);
    const state = await this.#stateOf(run);
    if (state.kind === 'over') return { ...state, run };
    if (state.kind === 'unknown') return this.#giveUp(run);
    if (played === undefined) return { kind: 'orphan', run };
    return this.#say(`standing by for run ${run}: the publisher of run ${played} holds the lock`);
  }

  async #lastOpen(): Promise<string | undefined> {
    const last = await this.#options.bus.lastRun();
    return last !== undefined && (await this.#stateOf(last)).kind === 'open' ? last : undefined;
  }

  async #stateOf(
    run: string,
  ): Promise<{ readonly kind: 'unknown' | 'open' } | { readonly kind: 'over'; readonly state: RunState }> {
    try {
      const found = await findRun(this.#options.bus, run);
      return isOver(found) ? { kind: 'over', state: found.record.state } : { kind: 'open' };
    } catch (error) {
      if (error instanceof DrumlineError && error.code === 'DRUM_RESUME_UNKNOWN') return { kind: 'unknown' };
      throw error;
    }
  }

  /** A publisher that died before it had written a record leaves nothing to go on with. */
  #giveUp(run: string): undefined {
    if (this.#options.run !== undefined) {
      throw new DrumlineError('DRUM_RESUME_UNKNOWN', `there is no run ${run} on this prefix`);
    }
    this.#watched = undefined;
  }

  #say(sentence: string): undefined {
    if (sentence !== this.#said) this.#options.log.info({}, sentence);
    this.#said = sentence;
  }
}

/** Holds a lock, and its text is none of a publisher's. */
const STRANGER = '?';

/** What a lock says about its run. */
function runOf(holder: string | undefined): string | undefined {
  if (holder === undefined) return undefined;
  try {
    const { run } = JSON.parse(holder) as { readonly run?: unknown };
    return typeof run === 'string' ? run : STRANGER;
  } catch {
    return STRANGER;
  }
}
