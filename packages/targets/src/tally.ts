import type { ErrorCode } from '@drumline/core/errors';
import type { Outcome } from './driver.ts';

/** The outcome of an op while it grows: every request of the op adds to it, and the first failure names it. */
export class Tally implements Outcome {
  declare error?: ErrorCode;
  items = 0;
  misses = 0;
  throttles = 0;
  unprocessed = 0;
  capacity = 0;
  bytesSent = 0;
  bytesReceived = 0;

  /** Keeps the first failure: what follows it is mostly its consequence. */
  fail(code: ErrorCode): void {
    this.error ??= code;
  }

  /** The outcome as it stands; what is entered later does not change it. */
  snapshot(): Outcome {
    return Object.assign(new Tally(), this);
  }
}
