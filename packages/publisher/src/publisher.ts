import { type Config, readConfig } from '@drumline/core/config';
import { DrumlineError } from '@drumline/core/errors';
import type { RateChange } from '@drumline/core/notify';
import { encodeRun, Pauses, type RunRecord, type RunState, type RunTask } from '@drumline/core/run';
import { elapsed, type Instant, type Millis, micros, microsOf, millis, shift } from '@drumline/core/units';
import { Accounts } from './accounts.ts';
import { atMost } from './at-most.ts';
import { BacklogGuard } from './backlog-guard.ts';
import { CommandDesk } from './command-desk.ts';
import { Conductor } from './conductor.ts';
import { Dispatcher } from './dispatcher.ts';
import { dropQueued } from './drop-queued.ts';
import { Fleet } from './fleet.ts';
import { Journal } from './journal.ts';
import { Lease } from './lease.ts';
import { Lookout } from './lookout.ts';
import { Patience } from './patience.ts';
import type { PublisherOptions } from './publisher-options.ts';
import type { PublisherStatus, RunOutcome } from './run-outcome.ts';
import { checkTasks, type SpecFactors } from './task-spec.ts';

const JUDGE_EVERY: Millis = millis(100);
const SETTLED_EVERY: Millis = millis(20);
/** What the end of a run still has to say to the bus may take so long. */
const FAREWELL_WITHIN: Millis = millis(5_000);
/** Between the preparations and the first beat: what the beat loop starts with must be there by then. */
const START_AFTER: Millis = millis(50);
/** Kept after the end of a run. */
const RUN_TTL: Millis = millis(7 * 24 * 3_600_000);

/**
 * Plays a plan: takes the right to publish, conducts the beats, obeys commands, and waits until the ledger balances.
 *
 * | state | publishes | next |
 * |---|---|---|
 * | running | yes | paused (command, backlog), draining (end of plan, command), stopped (command), failed |
 * | paused | no: the axis stands | running, draining, stopped, failed |
 * | draining | no: waits until every published op has its outcome | done, stopped, failed |
 * | stopped | no: what is not sent is dropped and counted | failed |
 */
export class Publisher {
  readonly #options: PublisherOptions;
  readonly #lease: Lease;
  readonly #fleet: Fleet;
  readonly #journal: Journal;
  readonly #dispatcher: Dispatcher;
  readonly #accounts: Accounts;
  readonly #guard: BacklogGuard;
  readonly #patience: Patience;
  readonly #conductor: Conductor;
  readonly #origin: Instant;
  readonly #tasks: readonly RunTask[];
  /** By command: workers obey them too. When the axis stands for a backlog, they go on. */
  readonly #pauses = new Pauses();
  readonly #failed = Promise.withResolvers<void>();
  readonly #ended = new AbortController();
  /** What runs beside the main thread of the run; its end waits for it. */
  readonly #errands: Promise<void>[] = [];
  #state: Exclude<RunState, 'paused'> = 'running';
  #error: DrumlineError | undefined;
  #config: Config;

  private constructor(
    options: PublisherOptions,
    tasks: readonly RunTask[],
    lease: Lease,
    fleet: Fleet,
    config: Config,
  ) {
    const { bus, clock, run, plan, lead, log, backlog, patience } = options;
    this.#options = options;
    this.#tasks = tasks;
    this.#lease = lease;
    this.#fleet = fleet;
    this.#config = config;
    this.#journal = new Journal(bus, run, log);
    this.#dispatcher = new Dispatcher({ bus, clock, run, epoch: lease.epoch }, config.threads);
    this.#accounts = new Accounts(plan.tasks.map((task) => task.action));
    this.#guard = new BacklogGuard({ ...backlog, log });
    this.#patience = new Patience(micros(microsOf(patience) + config.timeout), clock.now());
    this.#origin = shift(clock.now(), micros(lead + microsOf(START_AFTER)));
    const [dispatcher, accounts] = [this.#dispatcher, this.#accounts];
    const factors = (): SpecFactors => factorsOf(options, this.#config);
    this.#conductor = new Conductor({
      run,
      plan,
      tasks,
      clock,
      origin: this.#origin,
      lead,
      factors,
      dispatcher,
      accounts,
    });
  }

  /**
   * Takes the lock, brings the config to the fleet and waits for workers. The first beat is still to come.
   * @param signal ends the waiting: the run then publishes nothing.
   * @throws DrumlineError DRUM_PUBLISHER_LOCKED, DRUM_CONFIG_INVALID, DRUM_PLAN_TOO_LARGE, DRUM_USAGE
   */
  static async prepare(options: PublisherOptions, signal?: AbortSignal): Promise<Publisher> {
    const { bus, clock, run, host, pid, plan, drawSeed, configText, workers } = options;
    const config = readConfig(configText, 'config');
    const tasks = plan.tasks.map((task) => ({ ...task, seed: task.seed ?? drawSeed() }));
    checkTasks(tasks, clock.now(), factorsOf(options, config));
    const lease = await Lease.take(bus, clock, { host, pid, run, since: new Date().toISOString() });
    try {
      const fleet = new Fleet(options);
      await fleet.bringConfig(configText);
      // A pause belongs to a run: one that outlived its own must not hold up this one.
      await fleet.resume();
      await fleet.await(workers.count, workers.within, signal);
      const publisher = new Publisher(options, tasks, lease, fleet, config);
      // Without the record no worker could read a batch: a failure here is one of the preparations.
      await bus.writeRun(run, encodeRun(publisher.#record()));
      if (signal?.aborted === true) publisher.drain();
      return publisher;
    } catch (error) {
      await lease.release().catch(() => undefined);
      throw error;
    }
  }

  /** Plays the plan to its end. Never rejects for what can happen to a run: that is in the outcome. */
  async run(): Promise<RunOutcome> {
    const { bus, clock, gate, log } = this.#options;
    const [dispatcher, accounts] = [this.#dispatcher, this.#accounts];
    const lookout = new Lookout({ bus, clock, log, run: this.#options.run, accounts, dispatcher });
    const judging = this.#judge();
    const desk = CommandDesk.open({ bus, clock, gate, log, publisher: this });
    await Promise.race([this.#playToEnd(desk), this.#failed.promise]);
    // As stopping and resuming may be under way, and may take as long as the bus lets them.
    await this.#atMost(Promise.all(this.#errands));
    this.#ended.abort();
    await this.#atMost(Promise.all([lookout.stop(), judging, desk.then((open) => open.close())]));
    await this.#sayFarewell();
    return this.#outcome();
  }

  /** Stops publishing; the run ends when everything published has its outcome. */
  drain(): void {
    if (this.#isOver || this.#state !== 'running') return;
    this.#to('draining');
    this.#endPause();
  }

  /** Stops publishing; what is not sent yet is dropped and counted. Tells the workers. */
  stop(): void {
    if (this.#isOver || (this.#state !== 'running' && this.#state !== 'draining')) return;
    this.#to('stopped');
    this.#endPause();
    this.#run('dropping what is not sent', this.#dropUnsent());
  }

  pause(at: Instant): void {
    if (this.#isOver) return;
    this.#pauses.begin(at);
    this.#conductor.stand('command', at);
    this.#note();
  }

  resume(at: Instant): void {
    if (!this.#pauses.isPaused) return;
    this.#pauses.end(at);
    const { from, to = from } = this.#pauses.all.at(-1) ?? { from: at };
    this.#dispatcher.postpone(elapsed(from, to));
    this.#conductor.go('command', at);
    this.#note();
  }

  /**
   * Multiplies the plan's rates from the next beat on.
   * @returns the factor in force, a decimal text or two with a slash between them.
   * @throws DrumlineError DRUM_COMMAND_INVALID, DRUM_PLAN_TOO_LARGE
   */
  changeRate(change: RateChange): string {
    const factor = this.#conductor.changeRate(change);
    this.#journal.write({ rates: this.#conductor.rates });
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

  /** With `paused`, which is not a state of the run's end but of its axis. */
  get state(): RunState {
    return this.#state === 'running' && this.#conductor.isStanding ? 'paused' : this.#state;
  }

  get status(): PublisherStatus {
    const now = this.#options.clock.now();
    return {
      state: this.state,
      elapsed: micros(Math.max(0, now - this.#origin)),
      factor: this.#conductor.factor,
      queues: this.#dispatcher.lengths,
      backlog: this.#dispatcher.backlog(now),
      backlogState: this.#guard.state,
      tasks: this.#conductor.tasks.map(({ play, running, qps }) => {
        const action = this.#tasks[play.task]?.action ?? '';
        return { task: play.task, action, running, published: play.planned, total: play.total, qps };
      }),
    };
  }

  /** The outcome is being made up: nothing changes it any more. */
  get #isOver(): boolean {
    return this.#ended.signal.aborted;
  }

  async #playToEnd(desk: Promise<CommandDesk>): Promise<void> {
    try {
      await desk;
      await this.#conductor.conduct();
      this.drain();
      await this.#dispatcher.flushed();
      while (!this.#accounts.isAllSettled && this.#state !== 'failed') await this.#options.clock.sleep(SETTLED_EVERY);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Judges what is known, whether or not the bus answers now. */
  async #judge(): Promise<void> {
    const { clock } = this.#options;
    while (!this.#isOver) {
      await clock.sleep(JUDGE_EVERY, this.#ended.signal);
      try {
        const now = clock.now();
        this.#checkRights();
        this.#checkBacklog(now);
        this.#checkPatience(now);
      } catch (error) {
        this.#fail(error);
      }
    }
  }

  /** @throws DrumlineError when this publisher may or can publish no more. */
  #checkRights(): void {
    const { failure } = this.#dispatcher;
    if (failure !== undefined) throw failure;
    if (!this.#lease.isLost) return;
    throw new DrumlineError('DRUM_PUBLISHER_FENCED', 'the lock of this prefix was lost to another publisher');
  }

  #checkBacklog(now: Instant): void {
    if (this.#state !== 'running' || this.#pauses.isPaused) return;
    const before = this.#guard.state;
    const state = this.#guard.judge(this.#dispatcher.backlog(now));
    if (state === before) return;
    if (state === 'pause') this.#conductor.stand('backlog', now);
    else this.#conductor.go('backlog', now);
    this.#note();
  }

  #checkPatience(now: Instant): void {
    const waiting = !this.#conductor.isPlaying && !this.#pauses.isPaused && !this.#accounts.isAllSettled;
    if (this.#state === 'failed' || !this.#patience.isOver(now, waiting, this.#accounts.outcomes)) return;
    const seconds = this.#options.patience / 1_000;
    throw new DrumlineError('DRUM_INCOMPLETE', `no outcome came for ${seconds} s and some are owed`, {
      hint: 'Are workers running, on the same --redis and --prefix? See `drumline status`.',
    });
  }

  #to(state: Exclude<RunState, 'paused'>): void {
    this.#state = state;
    if (state !== 'running') this.#conductor.end();
    this.#note();
  }

  #note(): void {
    this.#journal.write({ state: this.state, pauses: this.#pauses.all });
  }

  /** Workers that a command has paused would never finish, or drop, what is published. */
  #endPause(): void {
    if (!this.#pauses.isPaused) return;
    this.resume(this.#options.clock.now());
    this.#run('telling the workers to go on', this.#fleet.resume());
  }

  async #dropUnsent(): Promise<void> {
    const { bus, run } = this.#options;
    await this.#fleet.stop(run);
    await this.#dispatcher.flushed();
    // Workers may be gone: what is still queued is counted here.
    await dropQueued(bus, this.#dispatcher.queuesUsed, run);
  }

  #run(what: string, errand: Promise<void>): void {
    const { log } = this.#options;
    this.#errands.push(errand.catch((error: unknown) => log.warn({ err: error }, `${what} failed`)));
  }

  #fail(error: unknown): void {
    if (this.#state === 'failed') return;
    const known = error instanceof DrumlineError;
    this.#error = known ? error : new DrumlineError('DRUM_BUG', String(error), { cause: error });
    this.#options.log.error({ err: error }, 'the run failed');
    this.#to('failed');
    this.#endPause();
    // Nobody wants the load that was too much.
    if (this.#error.code === 'DRUM_BACKLOG') this.#run('dropping what is not sent', this.#dropUnsent());
    this.#failed.resolve();
  }

  async #sayFarewell(): Promise<void> {
    const { bus, run } = this.#options;
    this.#endPause();
    await this.#atMost(Promise.all(this.#errands));
    if (this.#state === 'draining') this.#to('done');
    await this.#atMost(this.#journal.flushed());
    await this.#atMost(bus.expireRun(run, this.#dispatcher.queuesUsed, RUN_TTL));
    await this.#atMost(this.#lease.release());
  }

  /** The bus may be gone, and the run has ended anyhow: no step of its end waits for ever. */
  #atMost(work: Promise<unknown>): Promise<void> {
    const { clock, log } = this.#options;
    return atMost(work, FAREWELL_WITHIN, clock, log);
  }

  #record(): RunRecord {
    const { run, planText: plan, scale, speed } = this.#options;
    const [tasks, queues, origin] = [this.#tasks, this.#config.threads, this.#origin];
    return { run, state: this.state, plan, tasks, queues, scale, speed, origin, rates: [], pauses: [] };
  }

  #outcome(): RunOutcome {
    const { beatError, planned, spans } = this.#conductor;
    return {
      run: this.#options.run,
      state: this.#state,
      error: this.#error,
      entries: this.#accounts.entries(),
      started: this.#origin,
      ended: this.#options.clock.now(),
      beatError,
      planned,
      spans,
      queues: this.#dispatcher.queuesUsed,
    };
  }
}

function factorsOf({ scale, speed }: PublisherOptions, { batchOps }: Config): SpecFactors {
  return { scale, speed, batchOps };
}
