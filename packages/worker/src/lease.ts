import { LEASE } from '@drumline/core/fleet';

const UNTIL = 0;
const LAPSES = 1;
const LEASE_NS = BigInt(LEASE) * 1_000_000n;

/**
 * How long this worker may send what it has claimed: until `LEASE` after its last confirmed heartbeat was sent. Later somebody else may
 * have been given it. One for a worker, in memory that its OS threads share: the heartbeat confirms it, every pump looks at
 * it before it sends.
 *
 * A lapse is noticed by whoever looks first, also after the process stood still (SIGSTOP, a frozen container) and all of its timers fire
 * at once: the clock has gone on meanwhile, and a confirmation after a lapse changes `standing`, so that nobody can miss it.
 */
export class Lease {
  /** To be sent to other OS threads, which make a `Lease` of it. */
  readonly memory: SharedArrayBuffer;
  readonly #cells: BigInt64Array;
  readonly #now: () => bigint;

  /** @param now ns on a monotonic clock that all OS threads share. */
  constructor(memory = new SharedArrayBuffer(16), now: () => bigint = () => process.hrtime.bigint()) {
    this.memory = memory;
    this.#cells = new BigInt64Array(memory);
    this.#now = now;
  }

  /** One that never lapses, for an engine that nobody can take for dead. */
  static unbounded(): Lease {
    const lease = new Lease();
    lease.#cells[UNTIL] = 2n ** 62n;
    return lease;
  }

  now(): bigint {
    return this.#now();
  }

  /**
   * A number for as long as the lease holds without interruption, another after each lapse; `undefined` while it has lapsed. What
   * was claimed in an earlier standing may be somebody else's.
   */
  get standing(): number | undefined {
    // In this order: a confirmation changes the number before it extends the time.
    const until = Atomics.load(this.#cells, UNTIL);
    return this.#now() >= until ? undefined : Number(Atomics.load(this.#cells, LAPSES));
  }

  /** A heartbeat that was sent at `sent` (of `now()`) has been confirmed. Only one thread may call this. */
  confirm(sent: bigint): void {
    if (this.standing === undefined) Atomics.add(this.#cells, LAPSES, 1n);
    Atomics.store(this.#cells, UNTIL, sent + LEASE_NS);
  }
}
