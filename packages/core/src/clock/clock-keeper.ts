import type { Bus } from '../bus/index.ts';
import type { Log } from '../log/index.ts';
import { type Instant, type Micros, type Millis, micros, microsOf, millis } from '../units/index.ts';
import { delay, type SystemClock } from './clock.ts';
import { type ClockSample, OffsetInterval } from './offset-interval.ts';

/** Samples at the start: on a quiet network the best of so many is within some 20 µs. */
const FIRST_SAMPLES = 25;
/** Samples when the axis was moved. */
const SAMPLES = 5;
/** Between two samples crystals part by 0.1 ms at most. */
const EVERY: Millis = millis(500);
/** How soon to look again when the two clocks have parted. */
const AGAIN: Millis = millis(100);
/**
 * A process that finds the fleet's clock elsewhere waits so long for its publisher, or the successor of that, to say that
 * Redis was stepped; then it must have been its own clock (its machine was suspended).
 */
const PATIENCE: Millis = millis(10_000);
/** What somebody else's correction may leave over and is still slewed. */
const SLEWED: Micros = micros(2_000);
/** A correction lives so long without a publisher; a living one renews it. */
const TTL: Millis = millis(3_600_000);
const RENEW: Millis = millis(60_000);

/** A step of Redis's clock, cancelled. */
export interface ClockStep {
  readonly at: Instant;
  /** By how much Redis's clock was moved. */
  readonly by: Micros;
}

export interface ClockKeeperOptions {
  readonly clock: SystemClock;
  readonly bus: Pick<Bus, 'readClock' | 'correctClock'>;
  readonly log: Log;
  /** Called when clocks have parted and as long as it is not known whose was stepped. */
  readonly onParted?: () => void;
  readonly sleep?: typeof delay;
}

/**
 * Keeps a clock on the fleet's axis: crystals drift by some 50 µs a second, four seconds in a day-long run. Drift is slewed.
 *
 * What no crystal can do is a step, of Redis's clock or of this host's. Nobody follows it by himself: all go on by their
 * own monotonic clocks, and the publisher (`lead`) puts the correction in force that moves the fleet's axis back to where
 * it was, for those who are there and for those who join later. So all processes of a run always agree.
 */
export class ClockKeeper {
  readonly #options: ClockKeeperOptions;
  readonly #interval = new OffsetInterval();
  readonly #ended = new AbortController();
  readonly #steps: ClockStep[] = [];
  #keeping: Promise<void> = Promise.resolve();
  #correction: Micros = micros(0);
  /** Whether this process may still say where the axis is; absent = it never was to. */
  #mayLead: (() => Promise<boolean>) | undefined;
  #renewAt = 0;
  /** Since when, on the host's axis, the clocks have parted. */
  #partedAt: Micros | undefined;

  private constructor(options: ClockKeeperOptions) {
    this.#options = options;
  }

  /** Sets the clock, and keeps it from then on. @throws DrumlineError what the bus throws. */
  static async start(options: ClockKeeperOptions): Promise<ClockKeeper> {
    const keeper = new ClockKeeper(options);
    await keeper.#anchor(FIRST_SAMPLES);
    options.clock.step(keeper.#error());
    keeper.#keeping = keeper.#keep();
    return keeper;
  }

  /** The clock is within this of the fleet's axis, now. */
  get bar(): Micros {
    const { clock } = this.#options;
    const raw = clock.raw();
    return this.#interval.barOf(clock.offsetAt(raw), raw);
  }

  /** Steps of Redis's clock that this keeper has cancelled, in their order. */
  get steps(): readonly ClockStep[] {
    return this.#steps;
  }

  /**
   * From now on the fleet's axis is this clock's: for the publisher.
   * @param mayLead whether it still holds the lock; asked before each correction.
   */
  lead(mayLead: () => Promise<boolean>): void {
    this.#mayLead = mayLead;
  }

  /**
   * Resolves when no measurement is under way any more.
   * @param settle the run is over: takes the correction back, so that the next one has Redis's time.
   */
  async stop(settle = false): Promise<void> {
    this.#ended.abort();
    await this.#keeping;
    if (!settle || this.#mayLead === undefined || this.#correction === 0) return;
    const { bus, log } = this.#options;
    await bus.correctClock(this.#correction, micros(0), TTL).catch((error: unknown) => {
      log.warn({ err: error }, 'taking the correction of the clock back failed; it expires within an hour');
    });
  }

  async #keep(): Promise<void> {
    const { signal } = this.#ended;
    const { sleep = delay, log } = this.#options;
    for (;;) {
      await sleep(this.#partedAt === undefined ? EVERY : AGAIN, signal);
      if (signal.aborted) return;
      try {
        await this.#look();
      } catch (error) {
        log.debug({ err: error }, 'measuring the clock failed; trying again later');
      }
    }
  }

  async #look(): Promise<void> {
    const { sample, correction } = await this.#sample();
    if (correction !== this.#correction) return this.#follow();
    if (this.#interval.add(sample) === 'stepped') {
      this.#options.onParted?.();
      return (await this.#mayLead?.()) === true ? this.#cancel() : this.#wait(sample);
    }
    this.#partedAt = undefined;
    this.#steer();
    await this.#renew();
  }

  /** Slews the clock to the middle of what is possible. Small deviations are left: they are the noise of measuring. */
  #steer(): void {
    const { clock } = this.#options;
    const error = this.#error();
    if (Math.abs(error) > this.#interval.halfAt(clock.raw()) / 2) clock.slew(error);
  }

  /** Redis's clock was stepped: moves the fleet's axis back to this clock. */
  async #cancel(): Promise<void> {
    const { bus, clock, log } = this.#options;
    const before = this.#interval.middle;
    const known = this.#correction;
    const fresh = new OffsetInterval();
    await this.#measure(fresh, SAMPLES);
    if (this.#correction !== known) return this.#follow();
    const by = micros(Math.round(fresh.middle - before));
    const to = micros(known - by);
    if (!(await bus.correctClock(known, to, TTL))) return;
    this.#correction = to;
    this.#interval.adopt(fresh);
    this.#interval.move(micros(0 - by));
    this.#partedAt = undefined;
    this.#steps.push({ at: clock.now(), by });
    log.warn({ by }, "Redis's clock was stepped; the fleet keeps its own time until the run ends");
  }

  /** One of the clocks was stepped; if it was Redis's, the publisher will say so. */
  async #wait(sample: ClockSample): Promise<void> {
    const { log } = this.#options;
    if (this.#partedAt === undefined) {
      this.#partedAt = sample.after;
      log.warn(
        {},
        "Redis's clock and this host's have parted by more than clocks drift; waiting for the publisher's word",
      );
    }
    if (sample.after - this.#partedAt < microsOf(PATIENCE)) return;
    log.warn({}, "nobody else saw Redis's clock step: setting this process's own clock again");
    await this.#follow();
  }

  /** The axis is elsewhere: goes there, by a step if it is far. */
  async #follow(): Promise<void> {
    const { clock, onParted } = this.#options;
    await this.#anchor(SAMPLES);
    this.#partedAt = undefined;
    const error = this.#error();
    if (Math.abs(error) <= SLEWED) return clock.slew(error);
    onParted?.();
    clock.step(error);
  }

  /** µs to add to the clock so that it is in the middle of what is possible. */
  #error(): Micros {
    const { clock } = this.#options;
    return micros(this.#interval.middle - clock.offsetAt(clock.raw()));
  }

  /** Measures anew, forgetting what was known. */
  async #anchor(samples: number): Promise<void> {
    const fresh = new OffsetInterval();
    await this.#measure(fresh, samples);
    this.#interval.adopt(fresh);
  }

  /** Begins again whenever the correction changes meanwhile. */
  async #measure(interval: OffsetInterval, samples: number): Promise<void> {
    for (let taken = 0; taken < samples; taken += 1) {
      const { sample, correction } = await this.#sample();
      if (correction === this.#correction && interval.add(sample) !== 'stepped') continue;
      this.#correction = correction;
      interval.restart(sample);
    }
  }

  async #sample(): Promise<{ readonly sample: ClockSample; readonly correction: Micros }> {
    const { clock, bus } = this.#options;
    const before = clock.raw();
    const { time, correction } = await bus.readClock();
    return { sample: { before, time, after: clock.raw() }, correction };
  }

  async #renew(): Promise<void> {
    const { clock, bus } = this.#options;
    const raw = clock.raw();
    if (this.#correction === 0 || raw < this.#renewAt || (await this.#mayLead?.()) !== true) return;
    await bus.correctClock(this.#correction, this.#correction, TTL);
    this.#renewAt = raw + microsOf(RENEW);
  }
}
