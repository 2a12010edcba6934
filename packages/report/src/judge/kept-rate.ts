/**
 * How much of the plan went out in its second.
 *
 * P(t) and S(t) are the ops that were planned, and sent, before t. An op may be sent up to a grace g = 100 ms after the end
 * of its second, so what is owed at the end t of a second is D(t) = max(0, P(t) − S(t + g)). A second misses what it adds
 * to that, max(0, D(t) − D(t − 1 s)); what is owed and sent later is not missed a second time, nor is it ever not missed.
 *
 *     kept = 1 − Σ missed / Σ planned
 *
 * A load that is late by a constant time keeps its rate. Ops that are sent twice (a worker died) would hide others that
 * are not sent: whatever S is ahead of P is taken off S for good.
 */
export class KeptRate {
  #planned = 0;
  #sent = 0;
  #extra = 0;
  #owed = 0;
  #missed = 0;
  #windows = 0;
  #plannedAtEnd: number | undefined;

  /** Takes the next 100 ms window in, in order; the first one begins a second. */
  add(planned: number, sent: number): void {
    this.#planned += planned;
    this.#sent += sent;
    this.#extra = Math.max(this.#extra, this.#sent - this.#planned);
    // The window after a second is its grace.
    if (this.#plannedAtEnd !== undefined) this.#close(this.#plannedAtEnd);
    this.#plannedAtEnd = undefined;
    this.#windows += 1;
    if (this.#windows % WINDOWS_A_SECOND === 0) this.#plannedAtEnd = this.#planned;
  }

  get planned(): number {
    return this.#planned;
  }

  /** Ops that did not go out in their second. Call it when all windows are in. */
  finish(): number {
    this.#close(this.#planned);
    return this.#missed;
  }

  #close(planned: number): void {
    const owed = Math.max(0, planned - (this.#sent - this.#extra));
    this.#missed += Math.max(0, owed - this.#owed);
    this.#owed = owed;
  }
}

const WINDOWS_A_SECOND = 10;
