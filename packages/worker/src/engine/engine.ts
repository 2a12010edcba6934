import { type ELDHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import type { Bus } from '@drumline/core/bus';
import { type SystemClock, syncClock } from '@drumline/core/clock';
import type { Log } from '@drumline/core/log';
import type { Instant, Micros } from '@drumline/core/units';
import { valueOf } from '@drumline/core/data';
import { type Driver, openDriver } from '@drumline/targets';
import type { EngineReport, EngineSettings, EngineSetup } from '../host/protocol.ts';
import { Pauses } from './pauses.ts';
import { Pump } from './pump.ts';
import { QueueThread } from './queue-thread.ts';
import { Reader } from './reader.ts';

export interface EngineParts {
  readonly setup: EngineSetup;
  readonly bus: Bus;
  readonly clock: SystemClock;
  readonly clockBar: Micros;
  readonly log: Log;
}

/** How often the clock is measured again, and with how many samples. */
const CLOCK_EVERY_MS = 10_000;
const CLOCK_SAMPLES = 9;
/** How finely the delay of the event loop is looked at. */
const LOOP_TICK_MS = 10;

/**
 * Everything that one OS thread of a worker does: the threads of its queues, the pump that sends their ops, and the
 * driver that speaks to the target. Settings are applied while it runs: ops that were sent end with the driver that sent
 * them, later ones use the new.
 */
export class Engine {
  readonly #parts: EngineParts;
  readonly #reader: Reader;
  readonly #pump: Pump;
  readonly #pauses: Pauses;
  readonly #threads = new Map<number, QueueThread>();
  readonly #stopped = new Set<string>();
  readonly #loopDelay: ELDHistogram;
  readonly #measuring: NodeJS.Timeout;
  #settings: EngineSettings;
  #driver: Driver;
  #clockBar: Micros;
  #buried = 0;

  private constructor(parts: EngineParts, driver: Driver) {
    this.#parts = parts;
    this.#driver = driver;
    this.#settings = parts.setup.settings;
    this.#clockBar = parts.clockBar;
    this.#pauses = new Pauses(parts.setup.pauses);
    this.#reader = new Reader(parts.bus, parts.clock, () => this.#settings.config, parts.setup.digest);
    this.#pump = new Pump({
      clock: parts.clock,
      pauses: this.#pauses,
      driver: () => this.#driver,
      timeout: () => this.#settings.config.timeout,
      log: parts.log,
    });
    this.#loopDelay = monitorEventLoopDelay({ resolution: LOOP_TICK_MS });
    this.#loopDelay.enable();
    this.#measuring = setInterval(() => this.#measureClock(), CLOCK_EVERY_MS);
  }

  /** @throws DrumlineError when the target cannot be used. */
  static async start(parts: EngineParts): Promise<Engine> {
    const driver = await opened(parts.setup.settings);
    const engine = new Engine(parts, driver);
    await engine.setQueues(parts.setup.queues);
    return engine;
  }

  /** Consumes exactly these queues from now on; threads of others retire once their queue stays empty. */
  async setQueues(queues: readonly number[]): Promise<void> {
    for (const [queue, thread] of this.#threads) if (!queues.includes(queue)) thread.retire();
    for (const queue of queues) {
      const present = this.#threads.get(queue);
      if (present === undefined) await this.#addThread(queue);
      else present.keep();
    }
  }

  /** @throws DrumlineError when the new target cannot be used: nothing has changed then. */
  async apply(settings: EngineSettings): Promise<void> {
    const before = this.#driver;
    const changed = JSON.stringify(settings.driver) !== JSON.stringify(this.#settings.driver);
    const driver = changed ? await opened(settings) : before;
    this.#settings = settings;
    this.#driver = driver;
    for (const thread of this.#threads.values()) thread.reconsider();
    this.#pump.wake();
    if (changed) void this.#closeWhenIdle(before);
  }

  pause(at: Instant): void {
    this.#pauses.begin(at);
  }

  resume(at: Instant): void {
    this.#pauses.end(at);
    for (const thread of this.#threads.values()) thread.reconsider();
    this.#pump.wake();
  }

  /** Lets go of every op of the run that was not sent yet, now and when more of them are claimed. */
  stopRun(run: string): void {
    this.#stopped.add(run);
    for (const thread of this.#threads.values()) thread.reconsider();
  }

  /** Resolves when nothing is in hand any more and every connection is closed. */
  async end(how: 'drain' | 'leave'): Promise<void> {
    clearInterval(this.#measuring);
    for (const thread of this.#threads.values()) thread[how]();
    this.#pump.wake();
    await Promise.all([...this.#threads.values()].map((thread) => thread.ended));
    this.#pump.stop();
    this.#loopDelay.disable();
    await this.#driver.close();
    await this.#parts.bus.close();
  }

  report(): EngineReport {
    const delay = this.#loopDelay;
    // The monitor measures from one of its ticks to the next.
    const ms = (ns: number): number => Math.max(0, Math.round(ns / 1e4) / 100 - LOOP_TICK_MS);
    const loopDelay = { p50: ms(delay.percentile(50)), p99: ms(delay.percentile(99)), max: ms(delay.max) };
    delay.reset();
    const lanes = [...this.#threads.values()].map((thread) => thread.lane);
    return {
      tasks: this.#reader.figures(this.#parts.clock.now()),
      queues: [...this.#threads.keys()],
      inFlight: this.#pump.inFlight,
      pending: lanes.reduce((sum, lane) => sum + lane.unsent, 0),
      buried: this.#buried,
      clockBar: this.#clockBar,
      loopDelay,
    };
  }

  async #addThread(queue: number): Promise<void> {
    const { bus, setup, log } = this.#parts;
    const consumer = await bus.consumer(queue, setup.worker);
    const thread = new QueueThread({
      queue,
      consumer,
      pump: this.#pump,
      maxInFlight: () => this.#settings.config.maxInFlight,
      read: (element) => this.#reader.read(element),
      isPaused: () => this.#pauses.isPaused,
      isStopped: (work) => work.place !== undefined && this.#stopped.has(work.place.run),
      onBuried: () => {
        this.#buried += 1;
      },
      log,
    });
    this.#threads.set(queue, thread);
    void thread.ended.then(() => this.#threads.delete(queue));
  }

  #measureClock(): void {
    const { clock, bus, log } = this.#parts;
    syncClock(clock, () => bus.time(), CLOCK_SAMPLES).then(
      (bar) => {
        this.#clockBar = bar;
      },
      (error: unknown) => log.debug({ err: error }, 'measuring the clock failed; trying again later'),
    );
  }

  /** A driver that was replaced is closed when the last op that it was given has ended or timed out. */
  async #closeWhenIdle(driver: Driver): Promise<void> {
    await this.#pump.quiet();
    await driver.close();
  }
}

async function opened(settings: EngineSettings): Promise<Driver> {
  const driver = openDriver(settings.driver, valueOf);
  try {
    await driver.open();
    return driver;
  } catch (error) {
    await driver.close();
    throw error;
  }
}
