import type { SystemClock } from '@drumline/core/clock';
import type { ErrorCode } from '@drumline/core/errors';
import type { Log } from '@drumline/core/log';
import { type Instant, instant, type Micros } from '@drumline/core/units';
import type { Driver, Outcome } from '@drumline/targets';
import { Flight } from './flight.ts';
import type { Lane } from './lane.ts';
import type { Pauses } from './pauses.ts';
import { Timeouts } from './timeouts.ts';
import type { Work } from './work.ts';

const NOTHING = { items: 0, misses: 0, throttles: 0, unprocessed: 0, capacity: 0, bytesSent: 0, bytesReceived: 0 };
const TIMED_OUT: Outcome = Object.freeze({ ...NOTHING, error: 'DRUM_OP_TIMEOUT' as ErrorCode });
const CRASHED: Outcome = Object.freeze({ ...NOTHING, error: 'DRUM_OP_CRASHED' as ErrorCode });

/** ms between ticks while ops are due soon, and how often time-outs are looked for. */
const TICK = 1;
const IDLE_TICK = 20;

export interface PumpOptions {
  readonly clock: SystemClock;
  readonly pauses: Pauses;
  /** Read at every use: `update_config` may replace them at any time. */
  readonly driver: () => Driver;
  readonly timeout: () => Micros;
  readonly log: Log;
}

/**
 * Sends each op at its intended start. One timer serves all ops of an OS thread: at each tick every lane sends what has
 * come due, oldest claim first. Ends of ops come back through their promises.
 */
export class Pump {
  readonly #options: PumpOptions;
  readonly #lanes = new Set<Lane>();
  readonly #timeouts = new Timeouts<Flight>();
  #timer: NodeJS.Timeout | undefined;
  #soon: NodeJS.Immediate | undefined;
  #crashesLogged = 0;
  #inFlight = 0;

  constructor(options: PumpOptions) {
    this.#options = options;
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

  stop(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#soon);
    this.#timer = undefined;
    this.#soon = undefined;
  }

  /** Resolves when all that is in flight now has ended or timed out. */
  async quiet(): Promise<void> {
    await Promise.all([...this.#timeouts.open()].map((flight) => flight.ended));
  }

  readonly #tick = (): void => {
    this.stop();
    const { clock, pauses, timeout } = this.#options;
    const now = clock.now();
    this.#timeouts.sweep(instant(now - timeout()), this.#expire);
    let due = Number.POSITIVE_INFINITY;
    if (!pauses.isPaused) for (const lane of this.#lanes) due = Math.min(due, this.#sendDue(lane, now));
    const idle = due === Number.POSITIVE_INFINITY;
    if (idle && this.#inFlight === 0) return;
    const wait = Math.max(TICK, Math.min(IDLE_TICK, (due - clock.now()) / 1_000 - TICK));
    this.#timer = setTimeout(this.#tick, wait);
  };

  /** Sends what the lane has due at `now`; answers when its next op is due, `now` or later, or infinity. */
  #sendDue(lane: Lane, now: Instant): number {
    const { pauses } = this.#options;
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
        if (work.late !== undefined && now - intended > work.late) {
          lane.dropped(work, 1);
          continue;
        }
        // The end of an op wakes the pump, so a full lane needs no timer.
        if (!lane.canSend) return Number.POSITIVE_INFINITY;
        this.#send(lane, work, intended);
      }
    }
    lane.sweep();
    return next;
  }

  #send(lane: Lane, work: Work, intended: Instant): void {
    const op = work.ops[work.next];
    if (op === undefined) return;
    const sent = this.#options.clock.now();
    const flight = new Flight(lane, work, intended, sent);
    work.sent(op, intended, sent);
    lane.sent();
    this.#inFlight += 1;
    this.#timeouts.add(flight);
    this.#options.driver().execute(op, flight.abort).then(
      (outcome) => this.#end(flight, outcome),
      (error: unknown) => this.#crash(flight, error),
    );
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
    work.ended(outcome, flight.intended, flight.sent, this.#options.clock.now());
    lane.ended(work);
    if (wasFull) this.wake();
  }
}
