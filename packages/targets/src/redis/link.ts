import type { RedisCommand, Reply } from './resp.ts';

/** Commands of one key (one cluster slot) that go out together. */
export interface Exchange {
  readonly commands: readonly RedisCommand[];
  /** One transaction: MULTI … EXEC. */
  readonly atomic: boolean;
}

/**
 * The connection (or connections) to a target Redis, as the actions see it. Nothing waits for a connection that is down:
 * every command then fails at once.
 */
export interface RedisLink {
  /** Resolves once commands can be sent. Rejects with `DRUM_CONNECT` or `DRUM_REDIS_…`. */
  open(): Promise<void>;
  /**
   * Sends the commands; `done` gets one reply each, in order, and may be called before this returns. A transaction that
   * was refused as a whole answers with one error. Answers the bytes sent.
   */
  send(exchange: Exchange, done: (replies: readonly Reply[]) => void): number;
  close(): void;
}
