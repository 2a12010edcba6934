import type { Bus } from '@drumline/core/bus';
import { delay } from '@drumline/core/clock';
import { EXIT } from '@drumline/core/errors';
import { type Millis, millis } from '@drumline/core/units';
import { type Fault, victimOf } from './fault-plan.ts';
import type { Fleet, Member, Role } from './fleet.ts';
import type { MeetingPoint } from './meeting-point.ts';
import type { PrivateRedis } from './private-redis.ts';
import type { Stopwatch } from './stopwatch.ts';
import type { PlayedSummary } from './verdict.ts';

/** One line of the show. */
export interface ChaosEvent {
  /** ms after the first op was published. */
  readonly at: number;
  readonly what: string;
  readonly who?: string;
  readonly pid?: number;
}

/** What a fault led to, ms after it. */
export interface Measured {
  readonly fault: number;
  /** `redelivery`: to the first batch of a victim that somebody else acknowledged. `gap`: to the next beat on a queue. */
  readonly figure: 'redelivery' | 'gap';
  readonly kind: Fault['kind'];
  readonly ms: number;
}

export interface Stage {
  readonly fleet: Fleet;
  readonly bus: Bus;
  readonly meeting: MeetingPoint;
  /** Absent when the target is not ours. */
  readonly targetRedis: PrivateRedis | undefined;
  readonly stopwatch: Stopwatch;
  /** How many there are meant to be. */
  readonly workers: number;
  /** Whether a publisher that is gone is to be followed by another standby. */
  readonly standby: boolean;
  readonly say: (event: ChaosEvent) => void;
}

/** How the run ended. */
export interface Finish {
  readonly summary: PlayedSummary | undefined;
  /** Of the publisher that printed it. */
  readonly exit: number | undefined;
}

/** Pushes of a publisher that has just died may still be in the server's buffers. */
const SETTLES_MS = 50;
const LOOK_EVERY = millis(20);
/** The exit code of a process that SIGKILL ended. */
const KILLED = 137;
const MOST_STRAYED = 5;
const IN_THE_MIDDLE = 0.25;

/** A fleet that is struck by faults while it plays, and what is seen of it. */
export class ChaosShow {
  readonly measured: Measured[] = [];
  /** What must not be, a sentence each. */
  readonly seen: string[] = [];
  /** Faults that came to nothing, since the run was over before. */
  missed = 0;
  readonly #stage: Stage;
  readonly #finish = Promise.withResolvers<Finish>();
  readonly #ending = new AbortController();
  #began = 0;
  #gapOf: Fault | undefined;
  #turn: Promise<void> = Promise.resolve();

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  /** Resolves when a publisher has ended the run, or nobody is left who could. */
  get finished(): Promise<Finish> {
    return this.#finish.promise;
  }

  /** The first op was published at `began`, ms of wall time: strikes from now on. Resolves when no fault is under way. */
  async strike(faults: readonly Fault[], began: number): Promise<void> {
    this.#began = began;
    await Promise.all(faults.map((fault) => this.#strikeOne(fault)));
  }

  /** No more faults; those that wait, or whose victim stands still, end now. */
  end(): void {
    this.#ending.abort();
  }

  say(what: string, who?: string, pid?: number): void {
    const at = this.#began === 0 ? 0 : Math.round(Date.now() - this.#began);
    this.#stage.say({ at, what, ...(who !== undefined && { who }), ...(pid !== undefined && { pid }) });
  }

  /** A process has ended: as it should, or not. */
  async memberEnded(member: Member, code: number): Promise<void> {
    if (member.role === 'worker') await this.#workerEnded(member, code);
    else await this.#publisherEnded(member, code);
  }

  async #workerEnded(member: Member, code: number): Promise<void> {
    // The one who killed it starts the next.
    if (member.disturbed && code === KILLED) return;
    this.#strayed(member, code);
    await this.#start('worker');
  }

  async #publisherEnded(member: Member, code: number): Promise<void> {
    const { name, role, process, disturbed } = member;
    const summary = summaryIn(process.out);
    if (summary !== undefined && (code === EXIT.done || !disturbed)) {
      this.say(`the run has ended: ${summary.state}, exit code ${code}`, name, process.pid);
      this.#finish.resolve({ summary, exit: code });
      return;
    }
    // The run that it watched has ended in order: its publisher is about to say so.
    if (code === EXIT.done && role === 'standby') return;
    if (!disturbed) this.#strayed(member, code);
    else if (code !== KILLED) this.say(`ended, exit code ${code}`, name, process.pid);
    if (this.#stage.standby) await this.#start('standby');
    else this.#finish.resolve({ summary, exit: code });
  }

  /** Nobody had touched it. */
  #strayed({ name, process }: Member, code: number): void {
    this.seen.push(`${name} ended by itself with exit code ${code}; it said last: ${process.lastWords()}`);
    this.say(`ended by itself, exit code ${code}`, name, process.pid);
    // Whatever it is, starting yet another one does not mend it.
    if (this.seen.length >= MOST_STRAYED) this.#finish.resolve({ summary: undefined, exit: undefined });
  }

  async #strikeOne(fault: Fault): Promise<void> {
    const { signal } = this.#ending;
    await delay(millis(Math.max(0, this.#began + fault.at - Date.now())), signal);
    if (signal.aborted) {
      this.missed += 1;
      return;
    }
    await this.#strikes[fault.kind](fault);
  }

  readonly #strikes: Readonly<Record<Fault['kind'], (fault: Fault) => Promise<void>>> = {
    workers: async (fault) => {
      const worker = await this.#victim(fault, () => this.#workers());
      if (worker === undefined) return;
      const at = await this.#kill(fault, worker);
      void this.#timeRedelivery(fault, worker, at);
      await this.#start('worker');
    },
    publisher: async (fault) => {
      const publisher = await this.#victim(fault, () => this.#publishing(fault));
      if (publisher === undefined) return;
      const at = await this.#kill(fault, publisher);
      void this.#timeGap(fault, at);
    },
    redis: (fault) => this.#inTurn(async () => this.#restart(fault, await this.#stage.meeting.master(), 'Redis', true)),
    failover: (fault) => this.#inTurn(() => this.#failOver(fault)),
    target: (fault) => {
      const { targetRedis } = this.#stage;
      if (targetRedis === undefined) return Promise.resolve();
      return this.#inTurn(() => this.#restart(fault, targetRedis, 'target', false));
    },
    stop: async (fault) => {
      const worker = await this.#victim(fault, () => this.#workers());
      if (worker !== undefined) await this.#standStill(fault, worker);
    },
    'stop-publisher': async (fault) => {
      const publisher = await this.#victim(fault, () => this.#atWork());
      if (publisher !== undefined) await this.#standStill(fault, publisher);
    },
    'stop-redis': (fault) => this.#inTurn(() => this.#redisStandsStill(fault)),
    network: async (fault) => {
      const { admin } = await this.#stage.meeting.master();
      this.say(`all connections to Redis are cut (fault ${fault.number})`);
      await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
      await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    },
  };

  /** A server that is away is struck when it is back. */
  #inTurn(act: () => Promise<void>): Promise<void> {
    this.#turn = this.#turn.then(act);
    return this.#turn;
  }

  async #redisStandsStill({ number, lasts }: Fault): Promise<void> {
    const redis = await this.#stage.meeting.master();
    redis.signal('SIGSTOP');
    this.say(`stands still for ${seconds(lasts)} (fault ${number})`, 'Redis', redis.pid);
    await delay(lasts, this.#ending.signal);
    redis.signal('SIGCONT');
    this.say('goes on', 'Redis', redis.pid);
  }

  /** The one that the fault hits, as soon as there is one. */
  async #victim(fault: Fault, candidates: () => Promise<readonly Member[]>): Promise<Member | undefined> {
    const { signal } = this.#ending;
    while (!signal.aborted) {
      const found = victimOf(await candidates(), fault.victim);
      if (found?.isUp === true) {
        found.isHit = true;
        found.disturbed = true;
        return found;
      }
      await delay(LOOK_EVERY, signal);
    }
    this.missed += 1;
    return undefined;
  }

  /** The workers, while most of them are up: a fleet that is struck faster than workers start would only stand still. */
  #workers(): Promise<readonly Member[]> {
    const { fleet, workers } = this.#stage;
    const up = fleet.up('worker');
    return Promise.resolve(up.length > workers / 2 ? up : []);
  }

  /** One fault in four strikes whoever holds the lock, even while it is taking over; the others wait for its first beat. */
  #publishing({ victim }: Fault): Promise<Member[]> {
    return victim < IN_THE_MIDDLE || this.#gapOf === undefined ? this.#atWork() : Promise.resolve([]);
  }

  /** Who holds the publisher's lock, if it is one that can be hit. */
  async #atWork(): Promise<Member[]> {
    const { bus, fleet } = this.#stage;
    const text = await Promise.race([bus.lockHolder(), delay(millis(1_000), this.#ending.signal)]);
    const holder = JSON.parse(text ?? '{}') as { readonly pid?: number };
    return fleet.up('publisher').filter(({ process }) => process.pid === holder.pid);
  }

  /** @returns when, ms of wall time. */
  async #kill({ number }: Fault, member: Member): Promise<number> {
    this.say(`killed (fault ${number})`, member.name, member.process.pid);
    const at = Date.now();
    await member.process.kill();
    return at;
  }

  async #standStill(fault: Fault, member: Member): Promise<void> {
    const { name, process } = member;
    const at = Date.now();
    process.signal('SIGSTOP');
    this.say(`stands still for ${seconds(fault.lasts)} (fault ${fault.number})`, name, process.pid);
    if (member.role === 'worker') void this.#timeRedelivery(fault, member, at);
    else void this.#timeGap(fault, at);
    await delay(fault.lasts, this.#ending.signal);
    process.signal('SIGCONT');
    member.isHit = false;
    this.say('goes on', name, process.pid);
  }

  async #restart(fault: Fault, redis: PrivateRedis, name: string, isBus: boolean): Promise<void> {
    const at = Date.now();
    this.say(`killed (fault ${fault.number})`, name, redis.pid);
    await redis.kill();
    if (isBus) void this.#timeGap(fault, at);
    await delay(fault.lasts, this.#ending.signal);
    await redis.restart();
    this.say(`is back after ${seconds(Date.now() - at)}`, name, redis.pid);
  }

  /** The dead master comes back as the replica of its successor. */
  async #failOver(fault: Fault): Promise<void> {
    const { meeting } = this.#stage;
    const master = await meeting.master();
    const at = Date.now();
    this.say(`killed (fault ${fault.number})`, 'master', master.pid);
    await master.kill();
    void this.#timeGap(fault, at);
    const { pid } = await meeting.replace(master);
    this.say(`is the master now, after ${seconds(Date.now() - at)}`, 'replica', pid);
    await delay(fault.lasts, this.#ending.signal);
    await meeting.rejoin(master);
    this.say('is back as the replica', 'Redis', master.pid);
  }

  async #start(role: Role): Promise<void> {
    if (this.#ending.signal.aborted) return;
    const member = await this.#stage.fleet.start(role);
    this.say('starts', member.name, member.process.pid);
  }

  async #timeRedelivery(fault: Fault, worker: Member, from: number): Promise<void> {
    const { stopwatch, meeting } = this.#stage;
    const texts = await stopwatch.heldBy((await meeting.master()).admin, worker.name);
    if (texts.size === 0) return this.say('held nothing', worker.name);
    this.#note(fault, 'redelivery', (await stopwatch.redelivered(texts)) - from, `${worker.name}'s batches`);
  }

  /** A fault that strikes before the next beat has come makes that beat its own. */
  async #timeGap(fault: Fault, from: number): Promise<void> {
    this.#gapOf = fault;
    const at = await this.#stage.stopwatch.pushed(Date.now() + SETTLES_MS);
    if (this.#gapOf !== fault) return;
    this.#gapOf = undefined;
    this.#note(fault, 'gap', at - from, 'the next beat');
  }

  #note(fault: Fault, figure: Measured['figure'], ms: number, what: string): void {
    this.measured.push({ fault: fault.number, figure, kind: fault.kind, ms: Math.round(ms) });
    const did = figure === 'redelivery' ? 'are executed by others' : 'is published';
    this.say(`${what} ${did} ${seconds(ms)} after fault ${fault.number}`);
  }
}

const seconds = (ms: Millis | number): string => `${(ms / 1_000).toFixed(2)} s`;

/** The JSON document that a publisher has printed, if it is one. */
function summaryIn(out: string): PlayedSummary | undefined {
  try {
    return JSON.parse(out) as PlayedSummary;
  } catch {
    return undefined;
  }
}
