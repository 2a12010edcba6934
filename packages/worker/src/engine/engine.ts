import type { Bus, Consumer } from '@drumline/core/bus';
import type { ClockKeeper, SystemClock } from '@drumline/core/clock';
import { bytesColumn, valueOf } from '@drumline/core/data';
import type { Log } from '@drumline/core/log';
import { Pauses } from '@drumline/core/run';
import type { Seconds } from '@drumline/core/stats';
import type { Instant } from '@drumline/core/units';
import { type Driver, type DriverOptions, type Executor, type HttpTarget, openHttpTarget } from '@drumline/targets';
import type { EngineReport, EngineSettings, EngineSetup } from '../host/protocol.ts';
import { Lease } from '../lease.ts';
import { LoopDelay } from './loop-delay.ts';
import { Pump } from './pump.ts';
import { QueueThread } from './queue-thread.ts';
import { Reader } from './reader.ts';
import type { Work } from './work.ts';

export interface EngineParts {
  readonly setup: EngineSetup;
  readonly bus: Bus;
  readonly clock: SystemClock;
  /** Keeps it; ends with the engine. */
  readonly keeper: Pick<ClockKeeper, 'bar' | 'stop'>;
  readonly seconds: Seconds;
  readonly log: Log;
  /** Makes a driver that is not open yet. */
  readonly driverOf: (options: DriverOptions) => Driver;
}

/**
 * Everything that one OS thread of a worker does: the threads of its queues, the pump that sends their ops, and the
 * driver that speaks to the target. Settings are applied while it runs: ops that were sent end with the driver that sent
 * them, later ones use the new.
 */
export class Engine {
  readonly #parts: EngineParts;
  readonly #reader: Reader;
  readonly #pump: Pump;
  readonly #lease: Lease;
  readonly #pauses: Pauses;
  readonly #threads = new Map<number, QueueThread>();
  /** Queues whose thread is about to be there. */
  readonly #opening = new Set<number>();
  /** The queues that are to be consumed. */
  #queues: ReadonlySet<number> = new Set();
  readonly #stopped: Set<string>;
  readonly #loopDelay = new LoopDelay();
  /** Drivers that were replaced and have ops under way. */
  readonly #closing = new Set<Promise<void>>();
  #settings: EngineSettings;
  #driver: Driver;
  /** Present once a run with an http task was heard of. */
  #http: HttpTarget | undefined;
  #buried = 0;
  #ending: Promise<void> | undefined;

  private constructor(parts: EngineParts, driver: Driver) {
    const { bus, clock, log, seconds, setup } = parts;
    this.#parts = parts;
    this.#driver = driver;
    this.#settings = setup.settings;
    this.#pauses = new Pauses(setup.pauses);
    this.#stopped = new Set(setup.stopped);
    this.#reader = new Reader({
      bus,
      clock,
      config: () => this.#settings.config,
      digests: setup.digest,
      seconds,
      needHttp: () => this.#needHttp(),
    });
    this.#lease = new Lease(setup.lease);
    this.#pump = new Pump({
      clock,
      pauses: this.#pauses,
      lease: this.#lease,
      seconds,
      loop: this.#loopDelay,
      executorOf: (work) => this.#executorOf(work),
      timeout: () => this.#settings.config.timeout,
      log,
    });
  }

  /** @throws DrumlineError when the target cannot be used. */
  static async start(parts: EngineParts): Promise<Engine> {
    // The first value makes the pool that all come from, which takes some 20 ms: not the first op's.
    valueOf({ word: 0 }, bytesColumn('', 1));
    const engine = new Engine(parts, await opened(parts.driverOf(parts.setup.settings.driver)));
    try {
      if (isForHttp(parts.setup.settings)) await engine.#needHttp();
      await engine.setQueues(parts.setup.queues);
      return engine;
    } catch (error) {
      await engine.end('leave');
      throw error;
    }
  }

  /** Consumes exactly these queues from now on; threads of others retire once their queue stays empty. */
  async setQueues(queues: readonly number[]): Promise<void> {
    if (this.#ending !== undefined) return;
    this.#queues = new Set(queues);
    for (const [queue, thread] of this.#threads) {
      if (this.#queues.has(queue)) thread.keep();
      else thread.retire();
    }
    await Promise.all(queues.map((queue) => this.#consume(queue)));
  }

  /** @throws DrumlineError when the new target cannot be used: nothing has changed then. */
  async apply(settings: EngineSettings): Promise<void> {
    const before = this.#driver;
    const changed = JSON.stringify(settings.driver) !== JSON.stringify(this.#settings.driver);
    const driver = changed ? await opened(this.#parts.driverOf(settings.driver)) : before;
    const http = this.#http;
    if (changed && http !== undefined) this.#http = await openHttpTarget(settings.driver);
    this.#settings = settings;
    this.#driver = driver;
    this.#reconsider();
    if (!changed) return;
    this.#closeWhenIdle(before);
    if (http !== undefined) this.#closeWhenIdle(http);
  }

  #executorOf({ http }: Work): Executor {
    if (http === undefined) return this.#driver;
    if (this.#http === undefined) throw new Error('an op of an http task before its target was loaded');
    return this.#http.executorOf(http);
  }

  async #needHttp(): Promise<void> {
    const http = await openHttpTarget(this.#settings.driver);
    this.#http ??= http;
  }

  pause(at: Instant): void {
    this.#pauses.begin(at);
    this.#reconsider();
  }

  resume(at: Instant): void {
    this.#pauses.end(at);
    this.#reconsider();
  }

  /** Lets go of every op of the run that was not sent yet, now and when more of them are claimed. */
  stopRun(run: string): void {
    this.#stopped.add(run);
    this.#reconsider();
  }

  /**
   * Resolves when nothing is in hand any more and every connection is closed. Called again, it turns a drain into a leave
   * and resolves with the first.
   */
  end(how: 'drain' | 'leave'): Promise<void> {
    for (const thread of this.#threads.values()) thread[how]();
    this.#pump.wake();
    this.#ending ??= this.#end();
    return this.#ending;
  }

  report(): EngineReport {
    const lanes = [...this.#threads.values()].map((thread) => thread.lane);
    const now = this.#parts.clock.now();
    return {
      tasks: this.#reader.figures(now),
      seconds: this.#parts.seconds.marks(now),
      queues: [...this.#threads.keys()],
      inFlight: this.#pump.inFlight,
      pending: lanes.reduce((sum, lane) => sum + lane.unsent, 0),
      buried: this.#buried,
      clockBar: this.#parts.keeper.bar,
      loopDelay: this.#loopDelay.read(),
    };
  }

  async #end(): Promise<void> {
    await Promise.all([...this.#threads.values()].map((thread) => thread.ended));
    await Promise.all([this.#pump.stop(), this.#parts.keeper.stop(), ...this.#closing]);
    this.#loopDelay.stop();
    await closed(this.#driver, this.#parts.log);
    if (this.#http !== undefined) await closed(this.#http, this.#parts.log);
    await this.#parts.bus.close();
  }

  #reconsider(): void {
    for (const thread of this.#threads.values()) thread.reconsider();
    this.#pump.wake();
  }

  /** Sees to it that the queue has a thread. */
  async #consume(queue: number): Promise<void> {
    if (this.#threads.has(queue) || this.#opening.has(queue)) return;
    const { bus, setup } = this.#parts;
    this.#opening.add(queue);
    try {
      const thread = this.#threadOf(queue, await bus.consumer(queue, setup.worker, setup.thread));
      this.#threads.set(queue, thread);
      void thread.ended.then(() => this.#ended(queue));
    } finally {
      this.#opening.delete(queue);
    }
  }

  /** A thread that had retired when its queue came back could not be kept: another follows it. */
  #ended(queue: number): void {
    this.#threads.delete(queue);
    if (this.#ending !== undefined || !this.#queues.has(queue)) return;
    this.#consume(queue).catch((error: unknown) => {
      this.#parts.log.error({ err: error, queue }, 'a queue could not be consumed again');
    });
  }

  #threadOf(queue: number, consumer: Consumer): QueueThread {
    return new QueueThread({
      queue,
      consumer,
      lease: this.#lease,
      pump: this.#pump,
      maxInFlight: () => this.#settings.config.maxInFlight,
      read: (element) => this.#reader.read(element),
      now: () => this.#parts.clock.now(),
      onDelivered: (work, waitingSince, at) => this.#delivered(work, waitingSince, at),
      isPaused: () => this.#pauses.isPaused,
      isStopped: (work) => work.place !== undefined && this.#stopped.has(work.place.run),
      onBuried: () => {
        this.#buried += 1;
      },
      log: this.#parts.log,
    });
  }

  /** A batch that came too late although its thread was waiting: who publishes or delivers stood still, not the target. */
  #delivered(work: Work, waitingSince: Instant, at: Instant): void {
    const [first] = work.ops;
    if (first === undefined || work.isRedelivered) return;
    const due = this.#pauses.shifted(first.intended);
    if (waitingSince <= due) this.#parts.seconds.delivered(due, at);
  }

  /** Closes what was replaced when the last op that it was given has ended or timed out. */
  #closeWhenIdle(driver: Closeable): void {
    const closing = this.#pump
      .quiet()
      .then(() => closed(driver, this.#parts.log))
      .finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }
}

async function opened(driver: Driver): Promise<Driver> {
  try {
    await driver.open();
    return driver;
  } catch (error) {
    await driver.close();
    throw error;
  }
}

/** Loading the client takes a second on a busy machine: not at the first op's cost, when such ops are to be expected. */
const isForHttp = ({ config, driver }: EngineSettings): boolean =>
  driver.db === 'http' || config.http.baseUrl !== undefined;

type Closeable = Pick<Driver, 'close'>;

async function closed(driver: Closeable, log: Log): Promise<void> {
  await driver.close().catch((error: unknown) => log.warn({ err: error }, 'closing a driver failed'));
}
