import type { Bus } from '../bus/index.ts';
import { delay } from '../clock/index.ts';
import type { Log } from '../log/index.ts';
import { type Millis, millis } from '../units/index.ts';
import { LOOK_AGAIN, LOOK_EVERY, LOOKERS, SETTLING } from './heartbeat-times.ts';

export type WatchedBus = Pick<Bus, 'workers' | 'queuesOf' | 'reclaim' | 'leave'>;

/** ms. A look that is answered so much later than planned: the looker itself was cut off, or stood still. */
const CONTACT_GAP = 1_500;

/**
 * Looks for workers that have died, and gives what they had claimed back to the heads of its queues. Workers and publishers look
 * alike, for a fleet whose last worker has died has nobody else; the scripts make it harmless that several do. How soon: see
 * heartbeat-times.ts.
 */
export class DeathWatch {
  readonly #bus: WatchedBus;
  readonly #log: Log;
  readonly #self: string | undefined;
  readonly #ended = new AbortController();
  readonly #watching: Promise<void>;
  /** Who had no sign of life at the last look. */
  #missing: ReadonlySet<string> = new Set();
  /** When the next look is planned, ms. */
  #planned = performance.now();
  /** Nobody is taken for dead before, ms. */
  #settled = 0;
  #workers = 0;

  /** @param self the worker that looks: it never takes itself for dead. */
  constructor(bus: WatchedBus, log: Log, self?: string) {
    this.#bus = bus;
    this.#log = log;
    this.#self = self;
    this.#watching = this.#watch();
  }

  /** Resolves when no look is under way any more. */
  stop(): Promise<void> {
    this.#ended.abort();
    return this.#watching;
  }

  async #watch(): Promise<void> {
    const { signal } = this.#ended;
    while (!signal.aborted) {
      try {
        await this.#look();
      } catch (error) {
        if (signal.aborted) return;
        this.#log.warn({ err: error }, 'looking for dead workers failed; trying again');
      }
      const pause = this.#missing.size > 0 ? LOOK_AGAIN : this.#pause();
      this.#planned = performance.now() + pause;
      await delay(pause, signal);
    }
  }

  /** Random within a fifth, so that lookers that started together do not look together. */
  #pause(): Millis {
    return millis(LOOK_EVERY * Math.max(1, this.#workers / LOOKERS) * (1 - Math.random() / 5));
  }

  async #look(): Promise<void> {
    const registered = await this.#bus.workers();
    const now = performance.now();
    if (now - this.#planned > CONTACT_GAP) this.#settled = now + SETTLING;
    this.#workers = registered.length;
    const missing = registered.filter(({ worker, info }) => info === undefined && worker !== this.#self);
    const before = now < this.#settled ? new Set<string>() : this.#missing;
    this.#missing = new Set(missing.map(({ worker }) => worker));
    for (const { worker } of missing) if (before.has(worker)) await this.#bury(worker);
  }

  async #bury(worker: string): Promise<void> {
    const batches = await reclaimFrom(this.#bus, worker);
    // One that has come back meanwhile (it was only slow) has registered again: that must stay.
    const back = (await this.#bus.workers()).some((known) => known.worker === worker && known.info !== undefined);
    if (!back) await this.#bus.leave(worker);
    if (batches > 0 || !back) this.#log.warn({ worker, batches }, 'a worker died; what it had claimed was given back');
  }
}

/** Gives back all that the worker has claimed, on whatever queue. @returns the number of elements. */
export async function reclaimFrom(bus: Pick<Bus, 'queuesOf' | 'reclaim'>, worker: string): Promise<number> {
  const queues = await bus.queuesOf(worker);
  const moved = await Promise.all(queues.map((queue) => bus.reclaim(queue, worker)));
  return moved.reduce((sum, count) => sum + count, 0);
}
