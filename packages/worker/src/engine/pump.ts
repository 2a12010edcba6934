import { type Clock, Metronome } from '@drumline/core/clock';
import type { Log } from '@drumline/core/log';
import type { Pauses } from '@drumline/core/run';
import type { Seconds } from '@drumline/core/stats';
import { type Instant, instant, type Micros, micros } from '@drumline/core/units';
import type { Executor, Outcome } from '@drumline/targets';
import type { Lease } from '../lease.ts';
import { Flight } from './flight.ts';
import type { Lane } from './lane.ts';
import type { LoopDelay } from './loop-delay.ts';
import { Timeouts } from './timeouts.ts';
import type { Work } from './work.ts';

const NOTHING = { items: 0, misses: 0, throttles: 0, unprocessed: 0, capacity: 0, bytesSent: 0, bytesReceived: 0 };
const TIMED_OUT: Outcome = Object.freeze({ ...NOTHING, error: 'DRUM_OP_TIMEOUT' });
const CRASHED: Outcome = Object.freeze({ ...NOTHING, error: 'DRUM_OP_CRASHED' });

/** ms between two looks for time-outs, and for ops that were not due before the next look. */
const IDLE_TICK = 20;

/** µs. A tick that has lasted so long ends, so that the next one looks at the lease again: the process may have stood still. */
const STALL = 250_000;

export interface PumpOptions {
  readonly clock: Clock;
  readonly pauses: Pauses;
  /** Told when the pump goes round, and when it will again. */
  readonly seconds: Pick<Seconds, 'tick'>;
  /** Tells whose fault it is when a lane is full. */
  readonly loop: Pick<LoopDelay, 'isSaturated'>;
  /** Read at every tick: a lane whose claims may be somebody else's by now sends nothing. */
  readonly lease: Pick<Lease, 'standing'>;
  /** What executes the ops of this work. Read at every use: `update_config` may replace it at any time. */
  readonly executorOf: (work: Work) => Executor;
  readonly timeout: () => Micros;
  readonly log: Log;
}

/**
 * Sends each op at its intended start. One metronome serves all ops of an OS thread: at each tick every lane sends what has
 * come due, oldest claim first. Ends of ops come back through their promises.
 */
export class Pump {
  readonly #options: PumpOptions;
  readonly #lanes = new Set<Lane>();
  readonly #timeouts = new Timeouts<Flight>();
  readonly #metronome: Metronome;
  #timer: NodeJS.Timeout | undefined;
  #soon: NodeJS.Immediate | undefined;
  #crashesLogged = 0;
  #inFlight = 0;

  constructor(options: PumpOptions) {
    this.#options = options;
    this.#metronome = new Metronome(this.#tick);
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  addLane(lane: Lane): void {
    this.#lanes.add(lane);
  }

  removeLane(lane: Lane): void {
    this.#lanes.delete(lane);
  }

  /** Looks for due ops as soon as the event loop has a turn: after a claim, a resume, or room made by an end. */
  wake(): void {
    this.#soon ??= setImmediate(this.#tick);
  }

  /** Sends nothing any more. */
  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    clearImmediate(this.#soon);
    await this.#metronome.stop();
  }

  /** Resolves when all that is in flight now has ended or timed out. */
  async quiet(): Promise<void> {
    await Promise.all([...this.#timeouts.open()].map((flight) => flight.ended));
  }

  readonly #tick = (): void => {
    clearImmediate(this.#soon);
    this.#soon = undefined;
    const { clock, pauses, lease, seconds, timeout } = this.#options;
    const now = clock.now();
    seconds.tick(now);
    this.#timeouts.sweep(instant(now - timeout()), this.#expire);
    let due = Number.POSITIVE_INFINITY;
    const { standing } = lease;
    let isHeld = false;
    for (const lane of this.#lanes) {
      if (standing === undefined || lane.standing !== standing) {
        isHeld ||= lane.hold();
      } else if (!pauses.isPaused) due = Math.min(due, this.#sendDue(lane, now));
    }
    if (due === Number.POSITIVE_INFINITY && this.#inFlight === 0 && !isHeld) return;
    this.#timer ??= setTimeout(this.#idleTick, IDLE_TICK);
    seconds.tick(now, instant(now + IDLE_TICK * 1_000));
    const wait = due - clock.now();
    if (wait < IDLE_TICK * 1_000) this.#metronome.ring(micros(wait));
  };

  readonly #idleTick = (): void => {
    this.#timer = undefined;
    this.#tick();
  };

  /** Sends what the lane has due at `now`; answers when its next op is due, `now` or later, or infinity. */
  #sendDue(lane: Lane, now: Instant): number {
    const { clock, pauses } = this.#options;
    let next = Number.POSITIVE_INFINITY;
    for (const work of lane.works) {
      while (work.unsent > 0) {
        const op = work.ops[work.next];
        if (op === undefined) break;
        const intended = pauses.shifted(op.intended);
        if (intended > now) {
          next = Math.min(next, intended);
          break;
        }
        const isFull = !lane.canSend;
        if (isFull) this.#noteFull(lane, now);
        if (work.late !== undefined && now - intended > work.late) {
          work.missed(intended, now, lane.hasWaitedSince(intended));
          lane.dropped(work, 1);
          continue;
        }
        // The end of an op wakes the pump, so a full lane needs no timer.
        if (isFull) return Number.POSITIVE_INFINITY;
        const sent = clock.now();
        if (sent - now > STALL) return now;
        this.#send(lane, work, intended, sent);
      }
    }
    lane.sweep();
    return next;
  }

  #send(lane: Lane, work: Work, intended: Instant, sent: Instant): void {
    const op = work.ops[work.next];
    if (op === undefined) return;
    const flight = new Flight(lane, work, intended, sent);
    work.sent(op, intended, sent, lane.hasWaitedSince(intended));
    lane.sent();
    this.#inFlight += 1;
    this.#timeouts.add(flight);
    try {
      this.#options
        .executorOf(work)
        .execute(op, flight.abort)
        .then(
          (outcome) => this.#end(flight, outcome),
          (error: unknown) => this.#crash(flight, error),
        );
    } catch (error) {
      this.#crash(flight, error);
    }
  }

  readonly #expire = (flight: Flight): void => {
    this.#end(flight, TIMED_OUT);
    flight.abort.abort();
  };

  #crash(flight: Flight, error: unknown): void {
    if (this.#crashesLogged < 10 && !flight.done) {
      this.#crashesLogged += 1;
      this.#options.log.error({ err: error }, 'a driver threw while executing an operation (DRUM_OP_CRASHED)');
    }
    this.#end(flight, CRASHED);
  }

  #end(flight: Flight, outcome: Outcome): void {
    if (flight.done) return;
    flight.end();
    this.#inFlight -= 1;
    const { lane, work } = flight;
    const wasFull = !lane.canSend;
    const now = this.#options.clock.now();
    work.ended(outcome, flight.intended, flight.sent, now);
    lane.ended(work);
    if (!wasFull) return;
    this.#noteFull(lane, now);
    this.wake();
  }

  /** A thread that cannot keep up with the answers fills its lanes by itself. */
  #noteFull(lane: Lane, at: Instant): void {
    if (!this.#options.loop.isSaturated) lane.isFullAt(at);
  }
}
