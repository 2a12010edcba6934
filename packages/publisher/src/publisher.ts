import { readConfig } from '@drumline/core/config';
import { DrumlineError } from '@drumline/core/errors';
import { DeathWatch } from '@drumline/core/fleet';
import type { RateChange } from '@drumline/core/notify';
import type { RunState } from '@drumline/core/run';
import { elapsed, type Instant, type Millis, micros, microsOf, millis } from '@drumline/core/units';
import { Accounts } from './accounts.ts';
import { atMost } from './at-most.ts';
import { BacklogGuard } from './backlog-guard.ts';
import type { Cast } from './cast.ts';
import { Checkpoints } from './checkpoints.ts';
import { CommandDesk } from './command-desk.ts';
import { Conductor } from './conductor.ts';
import { dropQueued } from './drop-queued.ts';
import { fenced } from './fenced.ts';
import { Lookout } from './lookout.ts';
import { Patience } from './patience.ts';
import type { PlannedWindows } from './planned-windows.ts';
import { prepareRun } from './premiere.ts';
import type { PremiereOptions, PublisherOptions, TakeoverOptions } from './publisher-options.ts';
import { recount } from './recount.ts';
import type { PublisherStatus, RunOutcome } from './run-outcome.ts';
import { takeRunOver } from './takeover.ts';
import { taskStatuses } from './task-status.ts';

const JUDGE_EVERY: Millis = millis(100);
const SETTLED_EVERY: Millis = millis(20);
/** What the end of a run still has to say to the bus may take so long. */
const FAREWELL_WITHIN: Millis = millis(5_000);
/** And when Redis is known to be gone. */
const GONE_WITHIN: Millis = millis(200);
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
  readonly #cast: Cast;
  readonly #accounts: Accounts;
  readonly #guard: BacklogGuard;
  readonly #patience: Patience;
  readonly #conductor: Conductor;
  readonly #checkpoints: Checkpoints;
  readonly #failed = Promise.withResolvers<void>();
  readonly #ended = new AbortController();
  /** What runs beside the main thread of the run; its end waits for it. */
  readonly #errands: Promise<void>[] = [];
  #state: Exclude<RunState, 'paused'>;
  #error: DrumlineError | undefined;

  private constructor(options: PublisherOptions, cast: Cast) {
    const { clock, lead, log, backlog, outage, patience } = options;
    const { score, piece, dispatcher, journal, planned, settings } = cast;
    this.#options = options;
    this.#cast = cast;
    this.#state = cast.state;
    const accounts = new Accounts(
      score,
      piece.tasks.map((task) => task.action),
    );
    this.#accounts = accounts;
    this.#guard = new BacklogGuard({ ...backlog, outage, log });
    this.#patience = new Patience(micros(microsOf(patience) + settings.config.timeout), clock.now());
    this.#conductor = new Conductor({ score, tasks: piece.tasks, clock, lead, dispatcher, accounts, planned });
    this.#checkpoints = new Checkpoints(score, dispatcher, journal, clock.now());
  }

  /**
   * Takes the lock, brings the config to the fleet and waits for workers. The first beat is still to come.
   * @param signal ends the waiting: the run then publishes nothing.
   * @throws DrumlineError DRUM_PUBLISHER_LOCKED, DRUM_CONFIG_INVALID, DRUM_PLAN_TOO_LARGE, DRUM_USAGE
   */
  static async prepare(options: PremiereOptions, signal?: AbortSignal): Promise<Publisher> {
    const publisher = new Publisher(options, await prepareRun(options, signal));
    if (signal?.aborted === true) publisher.drain();
    return publisher;
  }

  /**
   * Takes a run over whose publisher has died, to go on with it exactly: the same ops on the same queues at the same
   * intended times, but for what `gap` says.
   * @param patient waits for a lock that nobody renews any more.
   * @throws DrumlineError DRUM_RESUME_UNKNOWN, DRUM_RESUME_ENDED, DRUM_PUBLISHER_LOCKED, DRUM_PUBLISHER_FENCED,
   * DRUM_BUS_LOST, DRUM_CONFIG_MISSING
   */
  static async takeOver(options: TakeoverOptions, patient = false): Promise<Publisher> {
    const publisher = new Publisher(options, await takeRunOver(options, patient));
    if (publisher.#state === 'stopped') publisher.#run('dropping what is not sent', publisher.#dropUnsent());
    return publisher;
  }

  /** Plays the plan to its end. Never rejects for what can happen to a run: that is in the outcome. */
  async run(): Promise<RunOutcome> {
    const { bus, clock, gate, log, run } = this.#options;
    const { dispatcher, lease } = this.#cast;
    const lookout = new Lookout({ bus, clock, log, run, epoch: lease.epoch, accounts: this.#accounts, dispatcher });
    // Workers look as well, but the last one has nobody.
    const deathWatch = new DeathWatch(bus, log);
    const judging = this.#judge(lookout);
    const desk = CommandDesk.open({ bus, clock, gate, log, run, publisher: this });
    await Promise.race([this.#playToEnd(desk), this.#failed.promise]);
    // As stopping and resuming may be under way, and may take as long as the bus lets them.
    await this.#atMost(Promise.all(this.#errands));
    await this.#awaitBegun();
    this.#ended.abort();
    await this.#atMost(Promise.all([lookout.stop(), deathWatch.stop(), judging, desk.then((open) => open.close())]));
    await this.#sayFarewell();
    return this.#outcome(await this.#planned());
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

  /** Ends the run as failed, with what the caller knows: that Redis is away, and nobody wants to wait for it. */
  giveUp(error: DrumlineError): void {
    if (!this.#isOver) this.#fail(error);
  }

  pause(at: Instant): void {
    if (this.#isOver) return;
    this.#cast.pauses.begin(at);
    this.#conductor.stand('command', at);
    this.#note();
  }

  resume(at: Instant): void {
    const { pauses, dispatcher } = this.#cast;
    if (!pauses.isPaused) return;
    pauses.end(at);
    const { from, to = from } = pauses.all.at(-1) ?? { from: at };
    dispatcher.postpone(elapsed(from, to));
    this.#conductor.go('command', at);
    this.#note();
  }

  /**
   * Multiplies the plan's rates from the next beat on.
   * @returns the factor in force, a decimal text or two with a slash between them.
   * @throws DrumlineError DRUM_COMMAND_INVALID, DRUM_PLAN_TOO_LARGE
   */
  changeRate(change: RateChange): string {
    return this.#cast.score.changeRate(change, this.#options.clock.now());
  }

  /** Deals to the queues that the config in Redis now asks for. */
  async updateConfig(): Promise<number> {
    const { settings, dispatcher, score } = this.#cast;
    const text = await this.#options.bus.readConfig();
    if (text === undefined) throw new DrumlineError('DRUM_CONFIG_MISSING', 'there is no config in Redis');
    settings.config = readConfig(text, 'the config in Redis');
    const { threads } = settings.config;
    dispatcher.useQueues(threads);
    score.deal(threads);
    return threads;
  }

  /** The first beat that this publisher decides about, when it has taken the run over, and what became of the gap. */
  get resumed(): Cast['resumed'] {
    return this.#cast.resumed;
  }

  /** With `paused`, which is not a state of the run's end but of its axis. */
  get state(): RunState {
    return this.#state === 'running' && this.#conductor.isStanding ? 'paused' : this.#state;
  }

  get status(): PublisherStatus {
    const { score, dispatcher, piece } = this.#cast;
    const now = this.#options.clock.now();
    return {
      state: this.state,
      elapsed: micros(Math.max(0, now - piece.origin)),
      factor: score.factor,
      queues: dispatcher.lengths,
      backlog: dispatcher.backlog(now),
      backlogState: this.#guard.state,
      heldUpBy: this.#guard.heldUpBy,
      tasks: taskStatuses(score, piece, this.#conductor.isPlaying, now),
    };
  }

  /** Ops of the task that are published and whose intended start lies before `at` (the beginning of a 100 ms window). */
  plannedBefore(task: number, at: Instant): number {
    const { score, planned } = this.#cast;
    const voice = score.voices.find(({ play }) => play.task === task);
    return voice === undefined ? 0 : voice.play.planned - planned.since(task, at);
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
      await this.#cast.dispatcher.flushed();
      while (!this.#accounts.isAllSettled && this.#state !== 'failed') await this.#options.clock.sleep(SETTLED_EVERY);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Judges what is known, whether or not the bus answers now. */
  async #judge(lookout: Lookout): Promise<void> {
    const { clock } = this.#options;
    while (!this.#isOver) {
      await clock.sleep(JUDGE_EVERY, this.#ended.signal);
      try {
        const now = clock.now();
        this.#checkRights(lookout);
        this.#checkBacklog(now);
        this.#checkPatience(now);
        this.#checkpoints.look(now);
      } catch (error) {
        this.#fail(error);
      }
    }
  }

  /** @throws DrumlineError when this publisher may or can publish no more. */
  #checkRights(lookout: Lookout): void {
    const failure = this.#cast.dispatcher.failure ?? this.#cast.journal.failure ?? lookout.failure;
    if (failure !== undefined) throw failure;
    if (this.#cast.lease.isLost) throw fenced();
  }

  #checkBacklog(now: Instant): void {
    if (this.#state !== 'running' || this.#cast.pauses.isPaused) return;
    const before = this.#guard.state;
    const state = this.#guard.judge(now, this.#cast.dispatcher.backlog(now), this.#cast.dispatcher.isFull);
    if (state === before) return;
    if (state === 'pause') this.#conductor.stand('backlog', now);
    else this.#conductor.go('backlog', now);
    this.#note();
  }

  #checkPatience(now: Instant): void {
    const waiting = !this.#conductor.isPlaying && !this.#cast.pauses.isPaused && !this.#accounts.isAllSettled;
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
    const { journal, pauses } = this.#cast;
    journal.write({ state: this.state, pauses: pauses.all });
  }

  /** Workers that a command has paused would never finish, or drop, what is published. */
  #endPause(): void {
    if (!this.#cast.pauses.isPaused) return;
    this.resume(this.#options.clock.now());
    this.#run('telling the workers to go on', this.#cast.fleet.resume());
  }

  async #dropUnsent(): Promise<void> {
    const { bus, run } = this.#options;
    await this.#cast.fleet.stop(run);
    await this.#cast.dispatcher.flushed();
    // Workers may be gone: what is still queued is counted here.
    await dropQueued(bus, this.#cast.dispatcher.queuesUsed, run);
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
    if (this.#mayBePlayedOn) this.#leave();
    else this.#abandon(this.#error);
    this.#failed.resolve();
  }

  /** The run goes on without this publisher, or can: nothing about it is to change any more. */
  get #mayBePlayedOn(): boolean {
    const code = this.#error?.code;
    return code === 'DRUM_PUBLISHER_FENCED' || code === 'DRUM_BUS_UNREACHABLE';
  }

  #leave(): void {
    this.#cast.journal.close();
    this.#cast.score.log.writeTo(() => undefined);
    this.#state = 'failed';
    this.#conductor.end();
  }

  #abandon({ code }: DrumlineError): void {
    this.#to('failed');
    this.#endPause();
    // Nobody wants the load that was too much.
    if (code === 'DRUM_BACKLOG') this.#run('dropping what is not sent', this.#dropUnsent());
  }

  /** What workers had begun when they were told to drop the rest still ends, and is counted. */
  async #awaitBegun(): Promise<void> {
    if (this.#error?.code !== 'DRUM_BACKLOG') return;
    const { clock } = this.#options;
    const until = clock.now() + this.#cast.settings.config.timeout + microsOf(FAREWELL_WITHIN);
    while (!this.#accounts.isAllSettled && clock.now() < until) await clock.sleep(SETTLED_EVERY);
  }

  async #sayFarewell(): Promise<void> {
    const { bus, run } = this.#options;
    const { journal, dispatcher, lease } = this.#cast;
    if (!this.#mayBePlayedOn) {
      this.#endPause();
      await this.#atMost(Promise.all(this.#errands));
      if (this.#state === 'draining') this.#to('done');
      journal.write({ over: true });
      await this.#atMost(journal.flushed());
      // A successor that came unnoticed has the last word.
      if (journal.failure?.code === 'DRUM_PUBLISHER_FENCED') this.#fail(journal.failure);
      else await this.#atMost(bus.expireRun(run, dispatcher.queuesUsed, RUN_TTL));
    }
    await this.#atMost(lease.release());
  }

  /** The bus may be gone, and the run has ended anyhow: no step of its end waits for ever. */
  #atMost(work: Promise<unknown>): Promise<void> {
    const { clock, log } = this.#options;
    const isGone = this.#error?.code === 'DRUM_BUS_UNREACHABLE';
    return atMost(work, isGone ? GONE_WITHIN : FAREWELL_WITHIN, clock, log);
  }

  /** With what a predecessor has played. */
  async #planned(): Promise<PlannedWindows> {
    const { piece, score, planned, resumed } = this.#cast;
    if (resumed === undefined) return planned;
    const all = await recount(piece, score.log, resumed.checkpoint);
    all?.addAll(planned);
    return all ?? planned;
  }

  #outcome(planned: PlannedWindows): RunOutcome {
    const { score, piece, dispatcher, resumed } = this.#cast;
    const { run, origin: started, scale, speed } = piece;
    return {
      run,
      scale,
      speed,
      state: this.#state,
      error: this.#error,
      isLeft: this.#mayBePlayedOn,
      entries: this.#accounts.entries(),
      started,
      ended: this.#options.clock.now(),
      beatError: this.#conductor.beatError,
      planned,
      spans: new Map(score.voices.map(({ play, span }) => [play.task, span])),
      queues: dispatcher.queuesUsed,
      resumed,
    };
  }
}
