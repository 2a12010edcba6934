import type { Bus } from '@drumline/core/bus';
import { delay } from '@drumline/core/clock';
import { encodeWorkerInfo, type WorkerInfo } from '@drumline/core/fleet';
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
  readonly #bus: Bus;
  readonly #worker: string;
  readonly #log: Log;
  readonly #ended = new AbortController();
  readonly #beating: Promise<void>;
  #info: WorkerInfo;
  /** How many queues there are. */
  queues: number;

  private constructor(bus: Bus, worker: string, info: WorkerInfo, queues: number, log: Log) {
    this.#bus = bus;
    this.#worker = worker;
    this.#info = info;
    this.#log = log;
    this.queues = queues;
    this.#beating = this.#run();
  }

  /** Resolves when the fleet knows of the worker: only then may it claim, or others would take it for dead. */
  static async start(bus: Bus, worker: string, info: WorkerInfo, queues: number, log: Log): Promise<Heartbeat> {
    await bus.heartbeat(worker, encodeWorkerInfo(info), HEARTBEAT_TTL);
    return new Heartbeat(bus, worker, info, queues, log);
  }

  /** Says at once, and from now on, that the worker is ready. */
  async ready(): Promise<void> {
    this.#info = { ...this.#info, ready: true };
    await this.#beat();
  }

  /** Ends the heartbeat and signs off. */
  async stop(): Promise<void> {
    this.#ended.abort();
    await this.#beating;
    await this.#bus.leave(this.#worker);
  }

  async #run(): Promise<void> {
    while (!this.#ended.signal.aborted) {
      try {
        await this.#beat();
        await this.#reclaimFromDead();
      } catch (error) {
        this.#log.warn({ err: error }, 'heartbeat failed; trying again');
      }
      await delay(EVERY, this.#ended.signal);
    }
  }

  #beat(): Promise<void> {
    return this.#bus.heartbeat(this.#worker, encodeWorkerInfo(this.#info), HEARTBEAT_TTL);
  }

  async #reclaimFromDead(): Promise<void> {
    const dead = (await this.#bus.workers()).filter(({ worker, info }) => info === undefined && worker !== this.#worker);
    for (const { worker } of dead) {
      let batches = 0;
      for (let queue = 0; queue < this.queues; queue += 1) batches += await this.#bus.reclaim(queue, worker);
      await this.#bus.leave(worker);
      this.#log.warn({ worker, batches }, 'a worker died; what it had claimed was given back');
    }
  }
}
