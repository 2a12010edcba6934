import { randomBytes } from 'node:crypto';
import { delay } from '@drumline/core/clock';
import { DrumlineError } from '@drumline/core/errors';
import { type Millis, millis } from '@drumline/core/units';
import { Cluster } from 'ioredis';
import { type Attempt, CallWatch } from './call-watch.ts';
import { type Client, Connection, type Purpose } from './connection.ts';
import { failureOf, finalError, outageError } from './failures.ts';
import type { Keys } from './keys.ts';
import type { RedisTarget } from './options.ts';
import type { ScriptDefinitions } from './scripts.ts';

/** ms between tries of a command that the server cannot carry out now: the first, and the most. */
const RETRY_FROM = 20;
const RETRY_UP_TO = 500;

/**
 * The shared connection, and the one place where failed commands are judged: sent again for as long as an outage may last,
 * or turned into a coded error. After `close()` every call ends with `DRUM_BUS_CLOSED`, those under way included.
 */
export class Link {
  readonly keys: Keys;
  readonly #target: RedisTarget;
  readonly #scripts: ScriptDefinitions;
  readonly #watch: CallWatch;
  readonly #closing = new AbortController();
  readonly #shared: Connection;

  constructor(target: RedisTarget, scripts: ScriptDefinitions) {
    this.keys = target.keys;
    this.#target = target;
    this.#scripts = scripts;
    this.#watch = new CallWatch(millis(Math.min(target.outage, target.connectWithin)));
    this.#shared = this.open('shared');
  }

  get shared(): Client {
    return this.#shared.client;
  }

  get closed(): boolean {
    return this.#closing.signal.aborted;
  }

  /** Connects and makes sure that the server is of the expected kind and lets us in. */
  async connect(): Promise<void> {
    try {
      await this.#shared.connect();
      await this.#checkKind();
      await this.call('reading the config', () => this.shared.get(this.keys.config), this.#target.connectWithin);
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  open(purpose: Purpose): Connection {
    return new Connection(this.#target, this.#scripts, purpose);
  }

  /**
   * Runs `command`, again and again while the connection is lost or the server cannot carry it out now, but no longer than
   * `within` (default: the target's bound on outages).
   *
   * @throws `DRUM_BUS_REFUSED`, `DRUM_BUS_FULL`, `DRUM_BUS_UNREACHABLE`, `DRUM_BUS_CLOSED`
   */
  call<T>(verb: string, command: () => Promise<T>, within: Millis = this.#target.outage): Promise<T> {
    if (this.closed) return Promise.reject(closedError(verb));
    return this.#watch.run(
      within,
      (attempt) => this.#attempt(verb, command, attempt),
      (lastError) => outageError(lastError ?? this.#shared.lastError, this.#target.where, verb, within),
    );
  }

  /** The coded error for a failure that trying again would not mend. */
  refusal(error: unknown, verb: string): DrumlineError {
    if (this.closed) return closedError(verb);
    const { where, cluster } = this.#target;
    return cluster ? finalError(error, where, verb) : standaloneError(error, where, verb);
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.#closing.abort();
    await this.#shared.close();
    this.#watch.end(closedError('closing'));
  }

  async #attempt<T>(verb: string, command: () => Promise<T>, attempt: Attempt): Promise<T> {
    for (let times = 0; ; times += 1) {
      try {
        return await command();
      } catch (error) {
        if (error instanceof DrumlineError) throw error;
        if (this.closed) throw closedError(verb);
        const failure = failureOf(error);
        if ((failure !== 'again' && failure !== 'busy') || attempt.isOver) throw this.refusal(error, verb);
        attempt.lastError = error;
        if (failure === 'busy' && this.shared instanceof Cluster) this.shared.refreshSlotsCache();
        await delay(millis(Math.min(RETRY_FROM * 2 ** Math.min(times, 5), RETRY_UP_TO)), this.#closing.signal);
      }
    }
  }

  /** A node of a cluster that is addressed as a single server would answer only for its own slots. */
  async #checkKind(): Promise<void> {
    if (this.#target.cluster) return;
    const about: unknown = await this.shared.call('HELLO').catch(() => []);
    const text = JSON.stringify(about);
    if (/"mode","cluster"/.test(text)) throw standaloneError(new Error('MOVED'), this.#target.where, 'connecting');
  }
}

export const closedError = (verb: string): DrumlineError =>
  new DrumlineError('DRUM_BUS_CLOSED', `the bus is closed (${verb})`);

/** A fresh name that nobody else has. */
export const freshToken = (): string => randomBytes(8).toString('hex');

function standaloneError(error: unknown, where: string, verb: string): DrumlineError {
  if (error instanceof Error && error.message.startsWith('MOVED')) {
    return new DrumlineError(
      'DRUM_BUS_REFUSED',
      `Redis at ${where} is a node of a cluster, but was addressed as a single server`,
      {
        hint: 'Add --cluster.',
      },
    );
  }
  return finalError(error, where, verb);
}
