import type { Bus } from '@drumline/core/bus';
import { delay } from '@drumline/core/clock';
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

/**
 * The right to publish on a prefix: a lock that expires, and with it an epoch greater than all before, which every push
 * carries. A publisher that lost the lock in a stall cannot push any more, because the scripts refuse its epoch.
 */
export class Lease {
  readonly epoch: number;
  readonly #bus: Bus;
  readonly #holder: string;
  readonly #ended = new AbortController();
  readonly #renewing: Promise<void>;
  #lost = false;

  private constructor(bus: Bus, epoch: number, holder: string) {
    this.#bus = bus;
    this.epoch = epoch;
    this.#holder = holder;
    this.#renewing = this.#renew();
  }

  /** @throws DrumlineError DRUM_PUBLISHER_LOCKED naming the holder. */
  static async take(bus: Bus, holder: Holder): Promise<Lease> {
    const text = JSON.stringify(holder);
    const reply = await bus.acquireLock(text, TTL);
    if (reply.kind === 'acquired') return new Lease(bus, reply.epoch, text);
    throw new DrumlineError('DRUM_PUBLISHER_LOCKED', `another publisher is at work on this prefix: ${reply.holder}`, {
      hint: `End it with \`drumline notify stop\`, or use another --prefix. A lock whose holder died expires after ${TTL / 1_000} s.`,
    });
  }

  /** Whether somebody else has taken over. */
  get lost(): boolean {
    return this.#lost;
  }

  async release(): Promise<void> {
    this.#ended.abort();
    await this.#renewing;
    if (!this.#lost) await this.#bus.releaseLock(this.epoch);
  }

  async #renew(): Promise<void> {
    for (;;) {
      await delay(RENEW_EVERY, this.#ended.signal);
      if (this.#ended.signal.aborted) return;
      // A connection that is down says nothing about the lock: the next round asks again.
      const held = await this.#bus.renewLock(this.epoch, this.#holder, TTL).catch(() => true);
      if (held) continue;
      this.#lost = true;
      return;
    }
  }
}
