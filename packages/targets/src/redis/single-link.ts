import type { Millis } from '@drumline/core/units';
import { Redis, type RedisOptions } from 'ioredis';
import { guard } from './guard.ts';
import type { Exchange, OnReplies, RedisLink } from './link.ts';
import { AnswerError, type Reply, ReplyRefusal } from './reply.ts';
import { ReplyReader } from './reply-reader.ts';
import { type RedisCommand, RespWriter } from './resp.ts';
import { untilReady } from './until-ready.ts';

const MULTI: RedisCommand = ['MULTI'];
const EXEC: RedisCommand = ['EXEC'];
const PING: Exchange = { commands: [['PING']], atomic: false };

type Socket = Redis['stream'];

export interface SingleLinkOptions {
  /** How long `open()` keeps trying. */
  readonly openWithin: Millis;
  /** How long a connection may take to log in. */
  readonly loginWithin: Millis;
  /** Ops at most that were let go of and whose answers are awaited, on one connection. */
  readonly mostOwed: number;
}

/**
 * One connection to one Redis. ioredis connects, logs in and reconnects; as soon as a connection is ready, everything that
 * is said on it is said and heard here. The commands of one turn of the event loop leave in one write, and no object is
 * made of a command that is under way but the one that waits for the answers of its exchange.
 */
export class SingleLink implements RedisLink {
  readonly #redis: Redis;
  readonly #options: SingleLinkOptions;
  readonly #writer = new RespWriter();
  readonly #flush = (): void => this.#flushNow();
  /** The connection, while it is ready. */
  #socket: Socket | undefined;
  /** Exchanges without their answers, oldest first, from `#head` on. */
  #waiting: Waiting[] = [];
  #head = 0;
  #flushing = false;
  #answered = 0;
  /** Ops that were let go of and whose answers are still to come. */
  #owed = 0;
  /** Why there is no connection. */
  #why: Error = new Error('not connected yet');

  constructor(redis: RedisOptions, options: SingleLinkOptions) {
    this.#options = options;
    this.#redis = new Redis({
      ...redis,
      lazyConnect: true,
      // RESP2 needs no handshake but the login, and what loads or is busy shall say so itself, to each op.
      protocol: 2,
      replyMapping: 'legacy',
      enableReadyCheck: false,
      disableClientInfo: true,
    });
    this.#redis.on('error', (error: Error) => {
      this.#why = error;
    });
    guard(this.#redis, options.loginWithin);
    this.#redis.on('ready', () => this.#takeOver(this.#redis.stream));
  }

  async open(): Promise<void> {
    const { host, port } = this.#redis.options;
    await untilReady(this.#redis, `${host}:${port}`, this.#options.openWithin, () => this.#ping());
  }

  get answered(): number {
    return this.#answered;
  }

  send({ commands, atomic }: Exchange, done: OnReplies): number {
    if (this.#socket === undefined) {
      done([this.#why]);
      return 0;
    }
    let bytes = atomic ? this.#writer.add(MULTI) : 0;
    for (const command of commands) bytes += this.#writer.add(command);
    if (atomic) bytes += this.#writer.add(EXEC);
    this.#waiting.push(new Waiting(commands.length, atomic, done));
    if (!this.#flushing) {
      this.#flushing = true;
      setImmediate(this.#flush);
    }
    return bytes;
  }

  letGo(answered: number): void {
    this.#owed += 1;
    const { mostOwed } = this.#options;
    if (this.#answered === answered || this.#owed > mostOwed) this.#giveUp(new Error('it does not keep up'));
  }

  caughtUp(): void {
    this.#owed = Math.max(0, this.#owed - 1);
  }

  distrust(): void {
    this.#giveUp(new AnswerError('an answer that does not fit its command'));
  }

  close(): void {
    this.#redis.disconnect();
    this.#giveUp(new Error('closed'));
    this.#redis.stream?.destroy();
  }

  #ping(): Promise<Reply | undefined> {
    return new Promise((resolve) => void this.send(PING, ([reply]) => resolve(reply)));
  }

  #takeOver(socket: Socket): void {
    const reader = new ReplyReader((reply) => this.#heard(socket, reply));
    socket.removeAllListeners('data');
    socket.on('data', (chunk: Buffer) => {
      if (socket !== this.#socket) return;
      try {
        reader.push(chunk);
      } catch (error) {
        this.#giveUp(error instanceof Error ? error : new Error(String(error)));
      }
    });
    socket.once('close', () => {
      if (socket === this.#socket) this.#giveUp(new Error('the connection was closed'));
    });
    this.#socket = socket;
  }

  #heard(socket: Socket, reply: Reply): void {
    // What was read before may have made somebody give the connection up.
    if (socket !== this.#socket) return;
    const waiting = this.#waiting[this.#head];
    if (waiting === undefined) throw new AnswerError('an answer that nobody has asked for');
    if (!waiting.take(reply)) return;
    this.#head += 1;
    if (this.#head === this.#waiting.length) {
      this.#waiting = [];
      this.#head = 0;
    } else if (this.#head > 8_192) {
      this.#waiting = this.#waiting.slice(this.#head);
      this.#head = 0;
    }
    this.#answered += 1;
    waiting.end();
  }

  /** Ends everything that waits with `why`, and the connection with it; ioredis makes a new one. */
  #giveUp(why: Error): void {
    const socket = this.#socket;
    this.#socket = undefined;
    this.#why = why;
    socket?.destroy();
    const waiting = this.#waiting.slice(this.#head);
    this.#waiting = [];
    this.#head = 0;
    // What was meant for this connection must not reach the next.
    this.#writer.take();
    for (const one of waiting) one.fail(why);
    this.#owed = 0;
  }

  #flushNow(): void {
    this.#flushing = false;
    const buffers = this.#writer.take();
    for (const buffer of buffers) this.#socket?.write(buffer);
  }
}

/** An exchange that waits for its answers. */
class Waiting {
  readonly #done: OnReplies;
  readonly #count: number;
  readonly #atomic: boolean;
  #replies: Reply[] = [];

  constructor(count: number, atomic: boolean, done: OnReplies) {
    this.#count = count;
    this.#atomic = atomic;
    this.#done = done;
  }

  /** Answers whether that was the last one. */
  take(reply: Reply): boolean {
    this.#replies.push(reply);
    return this.#replies.length === (this.#atomic ? this.#count + 2 : this.#count);
  }

  end(): void {
    this.#done(this.#atomic ? unwrap(this.#replies, this.#count) : this.#replies);
  }

  fail(why: Error): void {
    this.#done([why]);
  }
}

/** The replies inside EXEC's; when the transaction was refused, the reason, which an earlier reply names better. */
function unwrap(replies: readonly Reply[], count: number): readonly Reply[] {
  const refusal = replies.find((reply) => reply instanceof ReplyRefusal);
  if (refusal !== undefined) return [refusal];
  const exec = replies.at(-1);
  const queued = replies.slice(1, -1).every((reply) => reply === 'QUEUED');
  if (replies[0] === 'OK' && queued && Array.isArray(exec) && exec.length === count) return exec;
  return [new AnswerError('not the answers to a transaction')];
}
