import type { Millis } from '@drumline/core/units';
import { type Command, Redis, type RedisOptions } from 'ioredis';
import type { Exchange, RedisLink } from './link.ts';
import { type RedisCommand, type Reply, RespWriter } from './resp.ts';
import { untilReady } from './until-ready.ts';

const MULTI: RedisCommand = ['MULTI'];
const EXEC: RedisCommand = ['EXEC'];

/**
 * One connection to one Redis. ioredis connects, logs in, parses and reconnects; the commands are encoded here and leave
 * in one write a turn of the event loop. Measured with one-field HSETs of 100 bytes, 1,000 in flight: 377,000 a second
 * of CPU for whole ops of the driver, 170,000 for ioredis's own `hset` with autopipelining in the same run, whose cost is
 * in its `Command` objects, their promises, and one buffer a command. Nothing else may be sent through this client once
 * it is ready: it would overtake what waits for the end of the turn, and the answers would be told apart wrongly.
 */
export class SingleLink implements RedisLink {
  readonly #redis: Redis;
  readonly #writer = new RespWriter();
  /** ioredis hands each encoded command to the stream it was given; these have been encoded already. */
  readonly #sink;
  /** The socket that the bytes in the writer are meant for: what is for a lost connection must not reach the next. */
  #socket: Redis['stream'] | undefined;
  readonly #flush = (): void => this.#flushNow();

  readonly #within: Millis;

  constructor(options: RedisOptions, within: Millis) {
    this.#within = within;
    this.#redis = new Redis({ ...options, lazyConnect: true, replyMapping: 'legacy' });
    this.#redis.on('error', () => undefined);
    this.#sink = { isPipeline: true as const, write: () => undefined, destination: { redis: this.#redis } };
  }

  async open(): Promise<void> {
    const { host, port } = this.#redis.options;
    await untilReady(this.#redis, `${host}:${port}`, this.#within);
  }

  send({ commands, atomic }: Exchange, done: (replies: readonly Reply[]) => void): number {
    const replies = new Replies(commands.length + (atomic ? 2 : 0), atomic ? (all) => done(unwrap(all)) : done);
    let bytes = 0;
    if (atomic) bytes += this.#send(MULTI, replies);
    for (const command of commands) bytes += this.#send(command, replies);
    if (atomic) bytes += this.#send(EXEC, replies);
    return bytes;
  }

  close(): void {
    this.#redis.disconnect();
  }

  #send(command: RedisCommand, replies: Replies): number {
    const sent = new Sent(command, replies, this.#writer);
    // The queue that ioredis keeps of what awaits an answer needs nothing of `Command` but what `Sent` has.
    this.#redis.sendCommand(sent as unknown as Command, this.#sink);
    if (sent.bytes > 0 && this.#socket === undefined) {
      this.#socket = this.#redis.stream;
      setImmediate(this.#flush);
    }
    return sent.bytes;
  }

  #flushNow(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    const buffers = this.#writer.take();
    if (socket !== this.#redis.stream || !socket.writable) return;
    for (const buffer of buffers) socket.write(buffer);
  }
}

/** What ioredis needs to know of a command in its queue. */
class Sent {
  readonly name: string;
  readonly args: readonly unknown[] = [];
  /** Skips ioredis's diagnostics channel. */
  readonly isTraced = true;
  readonly inTransaction = false;
  readonly promise = undefined;
  bytes = 0;
  readonly #index: number;
  readonly #command: RedisCommand;
  readonly #replies: Replies;
  readonly #writer: RespWriter;

  constructor(command: RedisCommand, replies: Replies, writer: RespWriter) {
    this.name = command[0];
    this.#command = command;
    this.#replies = replies;
    this.#index = replies.next();
    this.#writer = writer;
  }

  /** Called by ioredis only when the connection can be written to. */
  toWritable(): string {
    this.bytes = this.#writer.add(this.#command);
    return '';
  }

  setReplyContext(): void {}

  resolve(reply: Reply): void {
    this.#replies.set(this.#index, reply);
  }

  reject(error: Error): void {
    this.#replies.set(this.#index, error);
  }
}

/** Gathers the replies of one exchange. */
class Replies {
  readonly #replies: Reply[] = [];
  readonly #done: (replies: readonly Reply[]) => void;
  #missing: number;
  #next = 0;

  constructor(count: number, done: (replies: readonly Reply[]) => void) {
    this.#missing = count;
    this.#done = done;
  }

  next(): number {
    return this.#next++;
  }

  set(index: number, reply: Reply): void {
    this.#replies[index] = reply;
    if (--this.#missing === 0) this.#done(this.#replies);
  }
}

/** The replies inside EXEC's; when the transaction was refused, the reason, which an earlier reply names better. */
function unwrap(replies: readonly Reply[]): readonly Reply[] {
  const exec = replies.at(-1);
  if (Array.isArray(exec)) return exec;
  return [replies.find((reply) => reply instanceof Error) ?? new Error('EXEC answered nothing')];
}
