import type { Bus } from '@drumline/core/bus';
import { delay } from '@drumline/core/clock';
import { DrumlineError } from '@drumline/core/errors';
import { decodeWorkerInfo, encodeWorkerInfo, type WorkerInfo } from '@drumline/core/fleet';
import type { Log } from '@drumline/core/log';
import { type Millis, millis } from '@drumline/core/units';

const EVERY: Millis = millis(1_000);
const LOOK_EVERY: Millis = millis(250);
/** A worker that has not been heard of for so long is dead: its claimed batches go to others. */
const HEARTBEAT_TTL: Millis = millis(5_000);

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
  /** The most queues that there were. */
  #queues: number;
  /** Who had no sign of life at the last look. */
  #missing: ReadonlySet<string> = new Set();

  private constructor(bus: Bus, worker: string, info: WorkerInfo, queues: number, log: Log) {
    this.#bus = bus;
    this.#worker = worker;
    this.#info = info;
    this.#log = log;
    this.#queues = queues;
    this.#beating = this.#run();
  }

  /**
   * Resolves when the fleet knows of the worker: only then may it claim, or others would take it for dead. When its id is
   * still in use, as it is for some seconds after a crash, waits for its end.
   * @throws DrumlineError DRUM_WORKER_TAKEN when the other one lives.
   */
  static async start(bus: Bus, worker: string, info: WorkerInfo, queues: number, log: Log): Promise<Heartbeat> {
    await awaitFree(bus, worker, log);
    await bus.heartbeat(worker, encodeWorkerInfo(info), HEARTBEAT_TTL);
    return new Heartbeat(bus, worker, info, queues, log);
  }

  /** There are so many queues now. Those beyond may still hold what a dead worker had claimed. */
  useQueues(queues: number): void {
    this.#queues = Math.max(this.#queues, queues);
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

  /** Dead is who was missing twice: one look may fall between the two steps of somebody's leaving. */
  async #reclaimFromDead(): Promise<void> {
    const others = (await this.#bus.workers()).filter(({ worker }) => worker !== this.#worker);
    const missing = others.filter(({ info }) => info === undefined).map(({ worker }) => worker);
    for (const worker of missing) if (this.#missing.has(worker)) await this.#reclaim(worker);
    this.#missing = new Set(missing);
  }

  async #reclaim(worker: string): Promise<void> {
    let batches = 0;
    for (let queue = 0; queue < this.#queues; queue += 1) batches += await this.#bus.reclaim(queue, worker);
    await this.#bus.leave(worker);
    this.#log.warn({ worker, batches }, 'a worker died; what it had claimed was given back');
  }
}

async function awaitFree(bus: Bus, worker: string, log: Log): Promise<void> {
  for (let waited = 0; ; waited += LOOK_EVERY) {
    const other = (await bus.workers()).find((registered) => registered.worker === worker)?.info;
    if (other === undefined) return;
    if (waited === 0) log.info({ worker }, 'a worker with this id was alive a moment ago; waiting for its end');
    if (waited > HEARTBEAT_TTL) {
      const { host = '?', pid = '?' } = decodeWorkerInfo(other) ?? {};
      throw new DrumlineError('DRUM_WORKER_TAKEN', `worker ${worker} is alive on ${host}, pid ${pid}`, {
        hint: 'Give each worker an --id of its own, or none.',
      });
    }
    await delay(LOOK_EVERY);
  }
}
