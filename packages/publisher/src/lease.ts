import type { Bus } from '@drumline/core/bus';
import type { Clock } from '@drumline/core/clock';
import { DrumlineError } from '@drumline/core/errors';
import { type Millis, millis } from '@drumline/core/units';

/** What the lock says about its holder, for people and for `drumline status`. */
export interface Holder {
  readonly host: string;
  readonly pid: number;
  readonly run: string;
  readonly since: string;
}

/** How long the lock outlives its holder's last sign of life. */
const TTL: Millis = millis(5_000);
const RENEW_EVERY: Millis = millis(1_000);
/** A lock whose holder is dead is free after so long. */
const EXPIRED_AFTER: Millis = millis(TTL + 500);
const ASK_EVERY: Millis = millis(200);

/** Whether the run may still be written to with this epoch. */
export type Proof = (epoch: number) => Promise<boolean>;

/**
 * The right to publish on a prefix: a lock that expires, and with it an epoch greater than all before, which every push
 * carries. A publisher that lost the lock to another cannot push to a run that the other has taken over, because the
 * scripts refuse its epoch. One whose lock expired unnoticed by anybody, while Redis was away, takes it again, unless the run
 * was another's meanwhile.
 */
export class Lease {
  /** What pushes carry: that of the first acquisition, for the run's whole life. */
  readonly epoch: number;
  readonly #bus: Bus;
  readonly #clock: Clock;
  readonly #holder: string;
  readonly #proof: Proof;
  readonly #ended = new AbortController();
  readonly #renewing: Promise<void>;
  #lockEpoch: number;
  #lost = false;

  private constructor(bus: Bus, clock: Clock, epoch: number, holder: string, proof: Proof) {
    this.#bus = bus;
    this.#clock = clock;
    this.epoch = epoch;
    this.#lockEpoch = epoch;
    this.#holder = holder;
    this.#proof = proof;
    this.#renewing = this.#renew();
  }

  /**
   * @param proof asked with the lease's epoch when the lock had expired and was taken again: somebody may have had it meanwhile.
   * @param patient waits for a lock that nobody renews any more.
   * @throws DrumlineError DRUM_PUBLISHER_LOCKED naming the holder.
   */
  static async take(bus: Bus, clock: Clock, holder: Holder, proof: Proof, patient = false): Promise<Lease> {
    const text = JSON.stringify(holder);
    for (let waited = 0; ; waited += ASK_EVERY) {
      const reply = await bus.acquireLock(text, TTL);
      if (reply.kind === 'acquired') return new Lease(bus, clock, reply.epoch, text, proof);
      if (!patient || waited > EXPIRED_AFTER) throw locked(reply.holder);
      await clock.sleep(ASK_EVERY);
    }
  }

  /** What the lock says. */
  get holder(): string {
    return this.#holder;
  }

  /** Whether somebody else has taken over. */
  get isLost(): boolean {
    return this.#lost;
  }

  async release(): Promise<void> {
    this.#ended.abort();
    await this.#renewing;
    if (!this.#lost) await this.#bus.releaseLock(this.#lockEpoch);
  }

  async #renew(): Promise<void> {
    const { signal } = this.#ended;
    while (!this.#lost) {
      await this.#clock.sleep(RENEW_EVERY, signal);
      if (signal.aborted) return;
      // A call that fails says nothing about the lock: the next round asks again.
      this.#lost = !(await this.#isHeld().catch(() => true));
    }
  }

  async #isHeld(): Promise<boolean> {
    if (await this.#bus.renewLock(this.#lockEpoch, this.#holder, TTL)) return true;
    const reply = await this.#bus.acquireLock(this.#holder, TTL);
    if (reply.kind !== 'acquired') return false;
    this.#lockEpoch = reply.epoch;
    if (await this.#proof(this.epoch)) return true;
    await this.#bus.releaseLock(reply.epoch);
    return false;
  }
}

function locked(holder: string): DrumlineError {
  return new DrumlineError('DRUM_PUBLISHER_LOCKED', `another publisher is at work on this prefix: ${holder}`, {
    hint: `End it with \`drumline notify stop\`, or use another --prefix. A lock whose holder died expires after ${TTL / 1_000} s.`,
  });
}
