import type { Bus, Unsubscribe } from '@drumline/core/bus';
import { delay, SystemClock, syncClock } from '@drumline/core/clock';
import { type Config, readConfig } from '@drumline/core/config';
import { DrumlineError } from '@drumline/core/errors';
import type { Log } from '@drumline/core/log';
import { type Arguments, type CommandGate, type CommandSet, decodeCommand, encodeReply, obey } from '@drumline/core/notify';
import { decodeRun, type Pause } from '@drumline/core/run';
import { type Instant, type Millis, millis } from '@drumline/core/units';
import type { WorkerReport } from '@drumline/core/wire';
import { Crew, type EngineOpener } from './crew.ts';
import { Heartbeat } from './heartbeat.ts';
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

const CONFIG_POLL: Millis = millis(500);
const CLOCK_SAMPLES = 15;

/**
 * One worker process: reads the config, keeps a crew of engines that execute batches, says every second that it is
 * alive and what it has done, and does what commands ask of it.
 */
export class Worker {
  readonly #options: WorkerOptions;
  readonly #clock: SystemClock;
  readonly #crew: Crew;
  readonly #reporter: Reporter;
  readonly #heartbeat: Heartbeat;
  #config: Config;
  #unsubscribe: Unsubscribe = () => Promise.resolve();

  private constructor(options: WorkerOptions, clock: SystemClock, config: Config, crew: Crew, heartbeat: Heartbeat) {
    this.#options = options;
    this.#clock = clock;
    this.#config = config;
    this.#crew = crew;
    const { bus, id, host, pid, process, onReport, log } = options;
    this.#reporter = new Reporter({ bus, clock, crew, worker: id, host, pid, process, onReport, log });
    this.#heartbeat = heartbeat;
  }

  /**
   * Resolves when the worker's threads are claiming.
   * @throws DrumlineError DRUM_CONFIG_MISSING, DRUM_CONFIG_INVALID, or what the driver says of the target.
   */
  static async start(options: WorkerOptions, signal: AbortSignal): Promise<Worker> {
    const { bus, log } = options;
    const clock = new SystemClock();
    await syncClock(clock, () => bus.time(), CLOCK_SAMPLES);
    const config = await awaitConfig(options, signal);
    const pauses = await presentPauses(bus);
    const { db } = settingsOf(config, options.target, 1).driver;
    const { id, host, pid } = options;
    const info = { host, pid, db, started: new Date().toISOString(), ready: false };
    const heartbeat = await Heartbeat.start(bus, id, info, config.threads, log);
    const crew = await Crew.start(options, config, pauses).catch(async (error: unknown) => {
      await heartbeat.stop();
      throw error;
    });
    const worker = new Worker(options, clock, config, crew, heartbeat);
    worker.#unsubscribe = await bus.onNotify((message) => void worker.#receive(message));
    await heartbeat.ready();
    log.info({ worker: options.id, threads: config.threads, engines: options.engines, table: config.tableName }, 'worker is ready');
    return worker;
  }

  /** Ends: `drain` finishes what is claimed, `leave` gives back what is not begun. Resolves when nothing is left behind. */
  async end(how: 'drain' | 'leave'): Promise<void> {
    await this.#unsubscribe();
    await this.#crew.end(how);
    await this.#reporter.stop();
    await this.#heartbeat.stop();
  }

  async #receive(message: string): Promise<void> {
    const { id, gate, bus, log } = this.#options;
    const now: Instant = this.#clock.now();
    try {
      const command = decodeCommand(message, now);
      const reply = await obey(command, id, { ...this.#commands(), ...this.#options.commands }, gate, now);
      if (reply === undefined) return;
      log.info({ cmd: command.cmd, ok: reply.ok }, `command ${command.cmd}: ${reply.message}`);
      await bus.report(encodeReply(reply));
    } catch (error) {
      log.warn({ err: error }, 'a command could not be read or answered');
    }
  }

  #commands(): CommandSet {
    return {
      update_config: { description: 'read the config again and apply it', run: () => this.#updateConfig() },
      pause: { description: 'send nothing until resume', run: (_, { at }) => this.#tellAll('pause', at, 'paused') },
      resume: { description: 'go on after a pause', run: (_, { at }) => this.#tellAll('resume', at, 'resumed') },
      rate: { description: 'change the rate (done by the publisher)', run: () => 'the publisher changes the rate' },
      drain: { description: 'finish what is queued; with --target: finish what is claimed and end', run: (_, { target }) => this.#drain(target) },
      stop: { description: 'drop what is not sent; with --target: give it back and end', run: (args, { target }) => this.#stop(args, target) },
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
    this.#heartbeat.queues = config.threads;
    return `${config.threads} threads, table ${config.tableName}`;
  }

  #tellAll(kind: 'pause' | 'resume', at: Instant, done: string): string {
    this.#crew.post({ kind, at });
    this.#reporter.paused = kind === 'pause';
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

/** Id of the run that is on now, as its publisher wrote it into the lock. */
async function presentRun(bus: Bus): Promise<string | undefined> {
  const holder = await bus.lockHolder();
  if (holder === undefined) return undefined;
  const { run } = JSON.parse(holder) as { run?: unknown };
  return typeof run === 'string' ? run : undefined;
}

/** The pauses of the run that is on now: who joins late must know that it is paused. */
async function presentPauses(bus: Bus): Promise<readonly Pause[]> {
  const run = await presentRun(bus);
  const fields = run === undefined ? undefined : await bus.readRun(run);
  return fields === undefined ? [] : decodeRun(fields).pauses;
}
