import { randomBytes } from 'node:crypto';
import type { Bus, Unsubscribe } from '@drumline/core/bus';
import { ClockKeeper, delay, SystemClock } from '@drumline/core/clock';
import { type Config, readConfig } from '@drumline/core/config';
import { DrumlineError } from '@drumline/core/errors';
import { DeathWatch } from '@drumline/core/fleet';
import type { Log } from '@drumline/core/log';
import { type Arguments, type CommandGate, CommandPost, type CommandSet } from '@drumline/core/notify';
import { decodeRun, FINAL_STATES, type Pause } from '@drumline/core/run';
import { type Instant, type Millis, millis } from '@drumline/core/units';
import type { WorkerReport } from '@drumline/core/wire';
import { Crew, type EngineOpener } from './crew.ts';
import { Heartbeat } from './heartbeat.ts';
import { Lease } from './lease.ts';
import { type ProcessFigures, Reporter } from './reporter.ts';
import { settingsOf, type TargetOptions } from './settings.ts';

export interface WorkerOptions {
  /** Unique in the fleet. */
  readonly id: string;
  readonly host: string;
  readonly pid: number;
  readonly bus: Bus;
  readonly openEngine: EngineOpener;
  /** Engines, each on an OS thread of its own: usually one a core. */
  readonly engines: number;
  readonly target: TargetOptions;
  readonly gate: CommandGate;
  /** Commands besides the worker's own: those of the host, and of plug-ins. */
  readonly commands: CommandSet;
  /** How long to wait for a config in Redis; absent = for ever. */
  readonly configWithin?: Millis;
  /** Called with the config before the target is opened: `--create-table`. */
  readonly prepareTarget?: (config: Config) => Promise<void>;
  /** Keep digests of all executed ops. */
  readonly digest: boolean;
  readonly process: ProcessFigures;
  /** Also gets each report, before it is sent. */
  readonly onReport?: (report: WorkerReport) => void;
  readonly log: Log;
  readonly setLogLevel: (level: string) => void;
  /** Called when a command or a fault asks this worker to end. */
  readonly onEnd: (how: 'drain' | 'leave', why?: Error) => void;
}

interface WorkerParts {
  readonly clock: SystemClock;
  readonly clockKeeper: ClockKeeper;
  readonly crew: Crew;
  readonly heartbeat: Heartbeat;
  readonly deathWatch: DeathWatch;
  readonly unsubscribe: Unsubscribe;
}

const CONFIG_POLL: Millis = millis(500);
/** Commands that wait for this worker to have started; a flood of them is nobody's intention. */
const MOST_EARLY = 1_000;

/**
 * One worker process: reads the config, keeps a crew of engines that execute batches, says every second that it is
 * alive and what it has done, and does what commands ask of it.
 */
export class Worker {
  readonly #options: WorkerOptions;
  readonly #crew: Crew;
  readonly #reporter: Reporter;
  readonly #heartbeat: Heartbeat;
  readonly #deathWatch: DeathWatch;
  readonly #clockKeeper: ClockKeeper;
  readonly #unsubscribe: Unsubscribe;
  readonly #post: CommandPost;
  #config: Config;
  #ending: Promise<void> | undefined;

  private constructor(options: WorkerOptions, config: Config, parts: WorkerParts) {
    const { clock, clockKeeper, crew, heartbeat, deathWatch, unsubscribe } = parts;
    const { bus, id, host, pid, process, onReport, log } = options;
    this.#options = options;
    this.#config = config;
    this.#crew = crew;
    this.#heartbeat = heartbeat;
    this.#deathWatch = deathWatch;
    this.#unsubscribe = unsubscribe;
    this.#clockKeeper = clockKeeper;
    const commands = { ...this.#commands(), ...options.commands };
    this.#post = new CommandPost({
      bus,
      clock,
      from: id,
      gate: options.gate,
      commands,
      run: () => presentRun(bus),
      log,
    });
    this.#reporter = new Reporter({ bus, clock, crew, worker: id, host, pid, process, onReport, log });
  }

  /**
   * Resolves when the worker's threads are claiming.
   * @throws DrumlineError DRUM_CONFIG_MISSING, DRUM_CONFIG_INVALID, or what the driver says of the target.
   */
  static async start(options: WorkerOptions, signal: AbortSignal): Promise<Worker> {
    const { bus, log } = options;
    const clock = new SystemClock();
    const clockKeeper = await ClockKeeper.start({ clock, bus, log });
    try {
      return await Worker.#startOn(clock, clockKeeper, options, signal);
    } catch (error) {
      await clockKeeper.stop();
      throw error;
    }
  }

  static async #startOn(
    clock: SystemClock,
    clockKeeper: ClockKeeper,
    options: WorkerOptions,
    signal: AbortSignal,
  ): Promise<Worker> {
    const { bus, log } = options;
    await awaitConfig(options, signal);
    // A command that comes while this worker starts waits until there is somebody to obey it. So what is read from here on,
    // config and pauses, cannot be outdated unheard.
    const early: string[] = [];
    let hear = (message: string): void => void (early.length < MOST_EARLY && early.push(message));
    options.gate.listenFrom(clock.now());
    const unsubscribe = await bus.onNotify((message) => hear(message));
    try {
      const config = await awaitConfig(options, signal);
      const worker = new Worker(options, config, {
        clock,
        clockKeeper,
        unsubscribe,
        ...(await startParts(options, config)),
      });
      hear = (message) => void worker.#post.receive(message);
      early.forEach(hear);
      await worker.#heartbeat.ready();
      const { threads, tableName: table } = worker.#config;
      log.info({ worker: options.id, threads, engines: options.engines, table }, 'worker is ready');
      return worker;
    } catch (error) {
      await unsubscribe();
      throw error;
    }
  }

  /**
   * Ends: `drain` finishes what is claimed, `leave` gives back what is not begun. Resolves when nothing is left behind.
   * Called again, it turns a drain into a leave and resolves with the first.
   */
  end(how: 'drain' | 'leave'): Promise<void> {
    if (this.#ending === undefined) this.#ending = this.#end(how);
    else if (how === 'leave') void this.#crew.end(how);
    return this.#ending;
  }

  async #end(how: 'drain' | 'leave'): Promise<void> {
    await this.#unsubscribe();
    await this.#crew.end(how);
    await this.#reporter.stop();
    await this.#clockKeeper.stop();
    await this.#deathWatch.stop();
    await this.#heartbeat.stop();
  }

  #commands(): CommandSet {
    return {
      update_config: { description: 'read the config again and apply it', run: () => this.#updateConfig() },
      pause: { description: 'send nothing until resume', run: (_, { at }) => this.#tellAll('pause', at, 'paused') },
      resume: { description: 'go on after a pause', run: (_, { at }) => this.#tellAll('resume', at, 'resumed') },
      rate: { description: 'change the rate (done by the publisher)', run: () => 'the publisher changes the rate' },
      drain: {
        description: 'finish what is queued; with --target: finish what is claimed and end',
        run: (_, { target }) => this.#drain(target),
      },
      stop: {
        description: 'drop what is not sent; with --target: give it back and end',
        run: (args, { target }) => this.#stop(args, target),
      },
      ping: { description: 'answer', run: () => this.#describe() },
      log_level: { description: 'level=debug|info|warn|error', run: (args) => this.#logLevel(String(args['level'])) },
    };
  }

  async #updateConfig(): Promise<string> {
    const text = await this.#options.bus.readConfig();
    if (text === undefined) throw new DrumlineError('DRUM_CONFIG_MISSING', 'there is no config in Redis');
    const config = readConfig(text, 'the config in Redis');
    await this.#crew.apply(config);
    this.#config = config;
    return `${config.threads} threads, table ${config.tableName}`;
  }

  #tellAll(kind: 'pause' | 'resume', at: Instant, done: string): string {
    this.#crew.post({ kind, at });
    return done;
  }

  /** Without a target it is about the run, and the publisher says when that ends; with one it is about this worker. */
  #drain(target: string | undefined): string {
    if (target === undefined) return 'finishing what is queued';
    this.#options.onEnd('drain');
    return 'finishing what is claimed, then ending';
  }

  async #stop(args: Arguments, target: string | undefined): Promise<string> {
    if (target !== undefined) {
      this.#options.onEnd('leave');
      return 'giving back what is not begun, then ending';
    }
    const run = typeof args['run'] === 'string' ? args['run'] : await presentRun(this.#options.bus);
    if (run === undefined) return 'no run is on';
    this.#crew.post({ kind: 'stop', run });
    return `dropping what is not sent of run ${run}`;
  }

  #describe(): string {
    return `${this.#options.host} pid ${this.#options.pid}, ${this.#config.threads} threads, ${this.#options.engines} engines`;
  }

  #logLevel(level: string): string {
    if (!['debug', 'info', 'warn', 'error'].includes(level)) {
      throw new DrumlineError('DRUM_COMMAND_INVALID', `level is ${level}, expected debug, info, warn or error`);
    }
    this.#options.setLogLevel(level);
    return `logging at ${level}`;
  }
}

async function awaitConfig({ bus, configWithin, log }: WorkerOptions, signal: AbortSignal): Promise<Config> {
  for (let waited = 0; ; waited += CONFIG_POLL) {
    const text = await bus.readConfig();
    if (text !== undefined) return readConfig(text, 'the config in Redis');
    if (signal.aborted || (configWithin !== undefined && waited >= configWithin)) {
      throw new DrumlineError('DRUM_CONFIG_MISSING', `no config appeared in Redis within ${waited / 1_000} s`, {
        hint: 'Start the publisher, which writes it, or check that --prefix and --redis are the same on both.',
      });
    }
    if (waited % 10_000 === 0) log.info({}, 'waiting for a config in Redis; the publisher writes it when it starts');
    await delay(CONFIG_POLL, signal);
  }
}

/** Registers the worker, then starts its engines. */
async function startParts(
  options: WorkerOptions,
  config: Config,
): Promise<Pick<WorkerParts, 'crew' | 'heartbeat' | 'deathWatch'>> {
  const { bus, id: worker, host, pid, target, log, prepareTarget, onEnd } = options;
  await prepareTarget?.(config);
  const { db } = settingsOf(config, target, 1).driver;
  const info = { host, pid, db, started: new Date().toISOString(), ready: false };
  const lease = new Lease();
  const onMustEnd = (error: DrumlineError): void => onEnd('leave', error);
  const heartbeat = await Heartbeat.start({ bus, worker, info, lease, log, onMustEnd });
  const deathWatch = new DeathWatch(bus, log, worker);
  try {
    const thread = randomBytes(4).toString('hex');
    const crew = await Crew.start({ ...options, thread, lease: lease.memory }, config, await presentPauses(bus));
    return { heartbeat, deathWatch, crew };
  } catch (error) {
    await deathWatch.stop();
    await heartbeat.stop();
    throw error;
  }
}

/** Id of the run that is on now, as its publisher wrote it into the lock. */
async function presentRun(bus: Bus): Promise<string | undefined> {
  const holder = await bus.lockHolder();
  if (holder === undefined) return undefined;
  try {
    const read: unknown = JSON.parse(holder);
    if (typeof read === 'object' && read !== null && 'run' in read && typeof read.run === 'string') return read.run;
  } catch {
    // whoever wrote that is no publisher of ours
  }
  return undefined;
}

/** The pauses of the run that is on now: who joins late must know that it is paused. */
async function presentPauses(bus: Bus): Promise<readonly Pause[]> {
  const run = await presentRun(bus);
  const fields = run === undefined ? undefined : await bus.readRun(run);
  if (fields === undefined) return [];
  const { state, pauses } = decodeRun(fields);
  return FINAL_STATES.has(state) ? [] : pauses;
}
