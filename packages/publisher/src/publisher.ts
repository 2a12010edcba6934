import type { Bus } from '@drumline/core/bus';
import { delay, type SystemClock } from '@drumline/core/clock';
import { type Config, readConfig } from '@drumline/core/config';
import { DrumlineError } from '@drumline/core/errors';
import type { LedgerEntry } from '@drumline/core/ledger';
import type { Log } from '@drumline/core/log';
import { askFleet, type CommandGate, newCommand } from '@drumline/core/notify';
import type { Plan } from '@drumline/core/plan';
import { encodeRun, type RunRecord, type RunState, type RunTask } from '@drumline/core/run';
import { Histogram } from '@drumline/core/stats';
import { BEAT, type Instant, type Micros, type Millis, micros, millis, shift } from '@drumline/core/units';
import { Accounts } from './accounts.ts';
import { Axis } from './axis.ts';
import type { BacklogPolicy, BacklogState } from './backlog.ts';
import { backlogState } from './backlog.ts';
import { CommandDesk } from './command-desk.ts';
import { Dispatcher } from './dispatcher.ts';
import { dropQueued } from './drop-queued.ts';
import { awaitWorkers, bringConfig } from './fleet.ts';
import { Lease } from './lease.ts';
import { PlanPlay } from './plan-play.ts';
import { PlannedWindows } from './planned-windows.ts';
import { RateHistory } from './rate-history.ts';
import { TaskPlay } from './task-play.ts';
import { taskSpec } from './task-spec.ts';

export interface PublisherOptions {
  readonly bus: Bus;
  /** Set to the fleet's time. */
  readonly clock: SystemClock;
  readonly plan: Plan;
  /** The traffic file's text, kept with the run. */
  readonly planText: string;
  readonly configText: string;
  readonly run: string;
  readonly host: string;
  readonly pid: number;
  /** Decimal texts. */
  readonly scale: string;
  readonly speed: string;
  /** How far ahead of its first op a beat's batches are on the queues. */
  readonly lead: Micros;
  readonly backlog: { readonly policy: BacklogPolicy; readonly bound: Micros };
  /** Workers to wait for before the first beat, and how long. */
  readonly workers: { readonly count: number; readonly within: Millis };
  /** How long outcomes may stay away, once nothing is left to publish, before the run counts as incomplete. */
  readonly patience: Millis;
  readonly secret: string | undefined;
  readonly gate: CommandGate;
  /** A fresh seed, for tasks that name none. */
  readonly drawSeed: () => string;
  readonly log: Log;
}

/** How the run ended, and what only its publisher knows of it. */
export interface RunOutcome {
  readonly run: string;
  readonly state: RunState;
  readonly error: DrumlineError | undefined;
  readonly entries: readonly LedgerEntry[];
  readonly started: Instant;
  readonly ended: Instant;
  /** Actual minus due instant of every beat, µs. */
  readonly beatError: Histogram;
  readonly planned: PlannedWindows;
  /** When each task that began did so, and when its schedule ended or was cut. */
  readonly spans: ReadonlyMap<number, { readonly from: Instant; readonly to: Instant }>;
  readonly queues: number;
}

/** What a live display shows. */
export interface PublisherStatus {
  readonly state: RunState;
  readonly elapsed: Micros;
  readonly factor: string;
  readonly queues: readonly number[];
  readonly backlog: Micros;
  readonly backlogState: BacklogState;
  readonly tasks: readonly TaskStatus[];
}

export interface TaskStatus {
  readonly task: number;
  readonly action: string;
  readonly running: boolean;
  readonly published: number;
  readonly total: number;
  /** Planned ops per second now. */
  readonly qps: number;
}

const LEDGER_EVERY: Millis = millis(100);
const STOP_WITHIN: Millis = millis(1_000);
/** Kept after the end of a run. */
const RUN_TTL: Millis = millis(7 * 24 * 3_600_000);
/** Beats the backlog is looked at after. */
const GUARD_EVERY = 10;

/**
 * Plays a plan: one loop computes the batches of each beat, puts them on the queues a lead ahead of their time, and sleeps
 * until the next. Instants come from the axis, so an error never accumulates; after a stall the loop sends what is owed
 * with the intended times unchanged.
 *
 * | state | publishes | next |
 * |---|---|---|
 * | running | yes | paused (command, backlog), draining (end of plan, command), stopped (command), failed |
 * | paused | no: the axis stands | running, draining, stopped |
 * | draining | no: waits until every published op has its outcome | done, stopped, failed (patience) |
 * | stopped | no: what is not sent is dropped and counted | — |
 */
export class Publisher {
  readonly #options: PublisherOptions;
  readonly #lease: Lease;
  readonly #dispatcher: Dispatcher;
  readonly #accounts: Accounts;
  readonly #axis: Axis;
  readonly #play: PlanPlay;
  readonly #tasks: readonly RunTask[];
  readonly #rates = new RateHistory();
  readonly #planned = new PlannedWindows();
  readonly #beatError = new Histogram();
  readonly #plays = new Map<number, { readonly play: TaskPlay; readonly from: Instant; readonly beat: number }>();
  readonly #ended = new AbortController();
  #state: RunState = 'running';
  #backlogState: BacklogState = 'ok';
  #config: Config;
  #beat = 0;
  #wake = new AbortController();
  #error: DrumlineError | undefined;
  /** When the last new outcome was seen. */
  #lastMove: Instant;

  private constructor(options: PublisherOptions, lease: Lease, config: Config, origin: Instant) {
    const { bus, run, plan, drawSeed } = options;
    this.#options = options;
    this.#lease = lease;
    this.#config = config;
    this.#tasks = plan.tasks.map((task) => ({ ...task, seed: task.seed ?? drawSeed() }));
    this.#axis = new Axis(origin);
    this.#lastMove = origin;
    this.#dispatcher = new Dispatcher(bus, run, lease.epoch, config.threads);
    this.#accounts = new Accounts(plan.tasks.map((task) => task.action));
    this.#play = new PlanPlay(plan.root, {
      startTask: (task, beat) => this.#startTask(plan.tasks.indexOf(task), beat),
      isSettled: (task) => this.#accounts.isSettled(task),
    });
  }

  /**
   * Takes the lock, brings the config to the fleet and waits for workers. The first beat is still to come.
   * @throws DrumlineError DRUM_PUBLISHER_LOCKED, DRUM_CONFIG_INVALID
   */
  static async prepare(options: PublisherOptions): Promise<Publisher> {
    const { bus, clock, run, host, pid, configText, lead, log } = options;
    const config = readConfig(configText, 'config');
    const lease = await Lease.take(bus, { host, pid, run, since: new Date().toISOString() });
    try {
      await bringConfig(bus, configText, options.secret, log);
      await awaitWorkers(bus, options.workers, log);
      const origin = shift(clock.now(), micros(lead + BEAT));
      const publisher = new Publisher(options, lease, config, origin);
      await publisher.#save(publisher.#record());
      return publisher;
    } catch (error) {
      await lease.release();
      throw error;
    }
  }

  /** Plays the plan to its end. Never rejects for what can happen to a run: that is in the outcome. */
  async run(): Promise<RunOutcome> {
    const { bus, clock, run, gate, log } = this.#options;
    const desk = await CommandDesk.open({ bus, clock, gate, log, publisher: this });
    const ledger = this.#keepLedger();
    try {
      await this.#conduct();
      await this.#dispatcher.flushed();
      await this.#settle();
    } catch (error) {
      this.#fail(error);
    }
    await this.#accounts.refresh(bus, run, this.#dispatcher.queuesUsed).catch((error: unknown) => this.#fail(error));
    this.#ended.abort();
    await ledger;
    await desk.close();
    await this.#finish();
    return this.#outcome();
  }

  /** Stops publishing; the run ends when everything published has its outcome. */
  drain(): void {
    if (this.#state !== 'running' && this.#state !== 'paused') return;
    if (this.#axis.isPaused) this.#axis.resume(this.#options.clock.now());
    this.#to('draining');
  }

  /** Stops publishing; what is not sent yet is dropped and counted. Tells the workers. */
  async stop(): Promise<void> {
    const { bus, run, secret } = this.#options;
    if (this.#state === 'stopped') return;
    this.#to('stopped');
    const command = await newCommand(bus, { cmd: 'stop', args: { run } }, secret);
    await askFleet(bus, command, { within: STOP_WITHIN, publisher: false });
    await this.#dispatcher.flushed();
    // Workers may be gone: what is still queued is counted here.
    for (let queue = 0; queue < this.#dispatcher.queuesUsed; queue += 1) await dropQueued(bus, queue, run);
  }

  pause(at: Instant): void {
    if (this.#state !== 'running') return;
    this.#axis.pause(at);
    this.#to('paused');
  }

  resume(at: Instant): void {
    if (this.#state !== 'paused') return;
    this.#axis.resume(at);
    this.#to('running');
  }

  /**
   * Multiplies the plan's rates from the next beat on.
   * @returns the factor in force, a decimal text or two with a slash between them.
   */
  changeRate(change: Parameters<RateHistory['factorOf']>[0]): string {
    const running = this.#play.running();
    const factor = this.#rates.factorOf(change, running.map((play) => this.#plannedRate(play)));
    this.#rates.add({ beat: this.#beat, factor });
    for (const play of running) play.changeRate(factor);
    void this.#save({ rates: this.#rates.steps });
    return factor;
  }

  /** Deals to the queues that the config in Redis now asks for. */
  async updateConfig(): Promise<number> {
    const text = await this.#options.bus.readConfig();
    if (text === undefined) throw new DrumlineError('DRUM_CONFIG_MISSING', 'there is no config in Redis');
    this.#config = readConfig(text, 'the config in Redis');
    this.#dispatcher.useQueues(this.#config.threads);
    return this.#config.threads;
  }

  get status(): PublisherStatus {
    const now = this.#options.clock.now();
    const running = new Set(this.#play.running());
    return {
      state: this.#state,
      elapsed: micros(Math.max(0, now - this.#axis.origin)),
      factor: this.#rates.factor,
      queues: this.#dispatcher.lengths,
      backlog: this.#dispatcher.backlog(now),
      backlogState: this.#backlogState,
      tasks: [...this.#plays.values()].map(({ play }) => ({
        task: play.task,
        action: this.#tasks[play.task]?.action ?? '',
        running: running.has(play),
        published: play.planned,
        total: play.total,
        qps: running.has(play) ? this.#plannedRate(play) * this.#rates.number : 0,
      })),
    };
  }

  /** The beat loop: until the plan is over, or a command or fault ends the publishing. */
  async #conduct(): Promise<void> {
    const { clock, lead } = this.#options;
    while ((this.#state === 'running' || this.#state === 'paused') && !this.#play.isOver) {
      if (this.#axis.isPaused) {
        await this.#awaitWake();
        continue;
      }
      const due = shift(this.#axis.beatStart(this.#beat), micros(-lead));
      await clock.sleepUntil(due, this.#wake.signal);
      const now = clock.now();
      // A pause, or the end, may have come in the sleep.
      if (now < due || this.#state !== 'running') {
        this.#wake = new AbortController();
        continue;
      }
      this.#beatError.record(micros(now - due));
      this.#playBeat(now);
      this.#beat += 1;
      if (this.#beat % GUARD_EVERY === 0) this.#guard(now);
    }
    if (this.#state === 'running') this.#to('draining');
  }

  #playBeat(now: Instant): void {
    const { run } = this.#options;
    const batches = this.#play.play(this.#beat).map((due) => {
      const { task, first, count, span, positions, startBeat } = due;
      const at = shift(this.#axis.beatStart(startBeat), micros(due.at));
      return { run, task, first, count, at, span: micros(span), ...(positions !== undefined && { positions }) };
    });
    const kept = batches.filter((batch) => {
      this.#planned.add(batch);
      if (!this.#isTooLate(batch.task, now - batch.at)) return true;
      this.#accounts.skip(batch.task, batch.count);
      return false;
    });
    if (kept.length > 0) this.#dispatcher.dispatch(kept);
  }

  /** A task that a duration bounds may leave out what is too old; one that `times` bounds owes every op. */
  #isTooLate(task: number, age: number): boolean {
    const { late, times } = this.#tasks[task] ?? {};
    return late !== undefined && times === undefined && age > late;
  }

  #guard(now: Instant): void {
    const { backlog, log } = this.#options;
    this.#checkRights();
    const age = this.#dispatcher.backlog(now);
    const before = this.#backlogState;
    this.#backlogState = backlogState(backlog.policy, backlog.bound, age, before);
    if (this.#backlogState === before) return;
    const seconds = (age / 1e6).toFixed(1);
    const bound = backlog.bound / 1e6;
    if (this.#backlogState === 'ok') log.info({ seconds }, 'the backlog is back within its bound');
    else log.warn({ seconds, bound, policy: backlog.policy }, `the queues are ${seconds} s behind: workers do not keep up`);
    if (this.#backlogState === 'abort') {
      throw new DrumlineError('DRUM_BACKLOG', `the queues are ${seconds} s behind; at most ${bound} s are allowed`, {
        hint: 'Add workers, lower the rate, or choose --backlog warn or pause.',
      });
    }
    if (this.#backlogState === 'pause') void this.#waitForBacklog(now);
  }

  /** The axis stands until half the bound is worked off. Unlike a pause by command, the workers go on. */
  async #waitForBacklog(from: Instant): Promise<void> {
    const { clock, backlog } = this.#options;
    this.pause(from);
    while (this.#state === 'paused' && this.#backlogState === 'pause') {
      await delay(LEDGER_EVERY);
      this.#backlogState = backlogState(backlog.policy, backlog.bound, this.#dispatcher.backlog(clock.now()), 'pause');
    }
    this.resume(clock.now());
  }

  /** Reads the ledger while the run lasts: barriers between tasks, and the end, wait for it. */
  async #keepLedger(): Promise<void> {
    const { bus, run, log } = this.#options;
    while (!this.#ended.signal.aborted) {
      await delay(LEDGER_EVERY, this.#ended.signal);
      try {
        if (await this.#accounts.refresh(bus, run, this.#dispatcher.queuesUsed)) this.#lastMove = this.#options.clock.now();
        // Pushes say how long the queues are; without them nobody does.
        if (this.#state !== 'running') this.#dispatcher.learn(await bus.queues(this.#dispatcher.queuesUsed));
      } catch (error) {
        log.debug({ err: error }, 'reading the ledger failed; trying again');
      }
    }
  }

  /** Waits until everything published has its outcome. @throws DrumlineError DRUM_INCOMPLETE when outcomes stay away. */
  async #settle(): Promise<void> {
    const { clock, patience } = this.#options;
    const began = clock.now();
    while (!this.#accounts.isAllSettled) {
      await delay(millis(20));
      this.#checkRights();
      const still = clock.now() - Math.max(began, this.#lastMove);
      if (still <= patience * 1_000) continue;
      throw new DrumlineError('DRUM_INCOMPLETE', `no outcome came for ${patience / 1_000} s and some are owed`, {
        hint: 'Are workers running, on the same --redis and --prefix? See `drumline status`.',
      });
    }
  }

  /** @throws DrumlineError when this publisher may or can publish no more. */
  #checkRights(): void {
    if (this.#lease.lost) throw new DrumlineError('DRUM_PUBLISHER_FENCED', 'the lock of this prefix was lost to another publisher');
    if (this.#dispatcher.failure !== undefined) throw this.#dispatcher.failure;
  }

  #startTask(index: number, beat: number): TaskPlay {
    const definition = this.#tasks[index];
    if (definition === undefined) throw new RangeError(`the plan has no task ${index}`);
    const { scale, speed } = this.#options;
    const start = this.#axis.beatStart(beat);
    const spec = taskSpec(definition, { scale, speed, start, batchOps: this.#config.batchOps });
    const play = new TaskPlay(index, definition, spec, this.#rates.initial);
    this.#accounts.started(play);
    this.#plays.set(index, { play, from: start, beat });
    return play;
  }

  /** The plan's own rate of a task now, without live factors. */
  #plannedRate(play: TaskPlay): number {
    return play.rateNow / this.#rates.number;
  }

  #to(state: RunState): void {
    this.#state = state;
    this.#wake.abort();
    void this.#save({ state, pauses: this.#axis.pauses });
  }

  async #awaitWake(): Promise<void> {
    const { signal } = this.#wake;
    await delay(millis(60_000), signal);
    if (signal.aborted) this.#wake = new AbortController();
  }

  #fail(error: unknown): void {
    this.#error ??= error instanceof DrumlineError ? error : new DrumlineError('DRUM_BUG', String(error), { cause: error });
    this.#options.log.error({ err: error }, 'the run failed');
    this.#to('failed');
  }

  #record(): RunRecord {
    const { run, planText: plan, scale, speed } = this.#options;
    const { origin, pauses } = this.#axis;
    const tasks = this.#tasks;
    return { run, state: this.#state, plan, tasks, queues: this.#config.threads, scale, speed, origin, rates: [], pauses };
  }

  async #save(fields: Partial<RunRecord>): Promise<void> {
    const { bus, run, log } = this.#options;
    await bus.writeRun(run, encodeRun(fields)).catch((error: unknown) => log.warn({ err: error }, 'saving the state of the run failed'));
  }

  async #finish(): Promise<void> {
    const { bus, run, log } = this.#options;
    if (this.#state === 'draining') this.#state = 'done';
    await this.#save({ state: this.#state, pauses: this.#axis.pauses, rates: this.#rates.steps });
    await bus.expireRun(run, this.#dispatcher.queuesUsed, RUN_TTL).catch((error: unknown) => log.warn({ err: error }, 'setting the expiry of the run failed'));
    await this.#lease.release().catch((error: unknown) => log.warn({ err: error }, 'releasing the lock failed; it expires by itself'));
  }

  #outcome(): RunOutcome {
    return {
      run: this.#options.run,
      state: this.#state,
      error: this.#error,
      entries: this.#accounts.entries(),
      started: this.#axis.origin,
      ended: this.#options.clock.now(),
      beatError: this.#beatError,
      planned: this.#planned,
      spans: new Map([...this.#plays].map(([task, { play, from, beat }]) => [task, { from, to: shift(this.#axis.beatStart(beat), play.playedUntil) }])),
      queues: this.#dispatcher.queuesUsed,
    };
  }
}
