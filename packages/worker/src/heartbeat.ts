import type { Bus } from '@drumline/core/bus';
import { delay } from '@drumline/core/clock';
import type { Log } from '@drumline/core/log';
import { type Millis, millis } from '@drumline/core/units';

const EVERY: Millis = millis(1_000);
/** A worker that has not been heard of for so long is dead: its claimed batches go to others. */
export const HEARTBEAT_TTL: Millis = millis(5_000);

/**
 * Says every second that this worker is alive, and looks for others that are not: their claimed batches are given back
 * to the heads of their queues and they are forgotten. Every worker looks; the scripts make it harmless that several do.
 */
export class Heartbeat {
  readonly #ended = new AbortController();
  readonly #beating: Promise<void>;

  /** @param queues how many queues there are now. */
  constructor(bus: Bus, worker: string, info: () => string, queues: () => number, log: Log) {
    this.#beating = this.#beat(bus, worker, info, queues, log);
  }

  /** Ends the heartbeat and signs off. */
  async stop(bus: Bus, worker: string): Promise<void> {
    this.#ended.abort();
    await this.#beating;
    await bus.leave(worker);
  }

  async #beat(bus: Bus, worker: string, info: () => string, queues: () => number, log: Log): Promise<void> {
    while (!this.#ended.signal.aborted) {
      try {
        await bus.heartbeat(worker, info(), HEARTBEAT_TTL);
        await buryDead(bus, worker, queues(), log);
      } catch (error) {
        log.warn({ err: error }, 'heartbeat failed; trying again');
      }
      await delay(EVERY, this.#ended.signal);
    }
  }
}

async function buryDead(bus: Bus, self: string, queues: number, log: Log): Promise<void> {
  const dead = (await bus.workers()).filter(({ worker, info }) => info === undefined && worker !== self);
  for (const { worker } of dead) {
    let batches = 0;
    for (let queue = 0; queue < queues; queue += 1) batches += await bus.reclaim(queue, worker);
    await bus.leave(worker);
    log.warn({ worker, batches }, 'a worker died; what it had claimed was given back');
  }
}
