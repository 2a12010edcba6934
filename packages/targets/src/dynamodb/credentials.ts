import type { AwsCredentials } from '../driver-options.ts';

/** Credentials as the SDK's provider gives them: some expire. */
export interface ExpiringCredentials extends AwsCredentials {
  readonly expiration?: Date | undefined;
}

/** The SDK gives new ones from five minutes before the old expire; asked a little later, it has not to be asked twice. */
const AHEAD_MS = 4 * 60_000;
/** ms between two attempts to get new ones. */
const AGAIN_MS = 10_000;

/** Credentials at hand without waiting, renewed in the background before they expire. */
export class CredentialSource {
  readonly #provide: () => Promise<ExpiringCredentials>;
  #current: ExpiringCredentials;
  #next: ExpiringCredentials | undefined;
  #renewAt: number;

  /** @param provide the SDK's provider chain, which caches. */
  constructor(first: ExpiringCredentials, provide: () => Promise<ExpiringCredentials>) {
    this.#provide = provide;
    this.#current = first;
    this.#renewAt = renewalOf(first);
  }

  current(): AwsCredentials {
    return this.#current;
  }

  /** New credentials, once, when there are any since the last call. @param now ms since the epoch. */
  refreshed(now: number): AwsCredentials | undefined {
    if (now >= this.#renewAt) {
      this.#renewAt = now + AGAIN_MS;
      void this.#renew();
    }
    const next = this.#next;
    if (next === undefined) return undefined;
    this.#next = undefined;
    this.#current = next;
    return next;
  }

  /** A failure is no more than a reason to ask again: the old ones still hold, and when they do not, ops fail with a code. */
  async #renew(): Promise<void> {
    try {
      const next = await this.#provide();
      this.#next = next;
      this.#renewAt = Math.max(this.#renewAt, renewalOf(next));
    } catch {}
  }
}

const renewalOf = ({ expiration }: ExpiringCredentials): number =>
  expiration === undefined ? Number.POSITIVE_INFINITY : expiration.getTime() - AHEAD_MS;
