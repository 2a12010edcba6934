import type { Reply } from './reply.ts';
import type { RedisCommand } from './resp.ts';

/** Commands of one key (one cluster slot) that go out together. */
export interface Exchange {
  readonly commands: readonly RedisCommand[];
  /** One transaction: MULTI … EXEC. */
  readonly atomic: boolean;
}

/** Gets one reply for each command, in order; one error alone when all of them came to nothing. */
export type OnReplies = (replies: readonly Reply[]) => void;

/**
 * The connection (or connections) to a target Redis, as the actions see it. Nothing waits for a connection that is down:
 * every command then fails at once.
 */
export interface RedisLink {
  /** Resolves once commands can be sent. Rejects with `DRUM_CONNECT` or `DRUM_REDIS_…`. */
  open(): Promise<void>;
  /** Sends the commands; `done` is called once, and may be before this returns. Answers the bytes sent. */
  send(exchange: Exchange, done: OnReplies): number;
  /** How many exchanges have been answered so far: tells a slow target from a silent one. */
  readonly answered: number;
  /**
   * An op was let go of whose answers are still to come. A link on which nothing has come since `answered`, or that owes the
   * answers of too many such ops, gives its connection up: else a target that says nothing would be sent commands, and
   * they be remembered, without end.
   */
  letGo(answered: number): void;
  /** The answers of an op that was let go of have come. */
  caughtUp(): void;
  /** What came cannot be the answer to what was asked: whose it was, and whose the next would be, is unknown. */
  distrust(): void;
  close(): void;
}
