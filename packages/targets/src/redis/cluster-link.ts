import type { Millis } from '@drumline/core/units';
import { Cluster, type ClusterNode, type ClusterOptions, Command, type Redis } from 'ioredis';
import { guard } from './guard.ts';
import type { Exchange, OnReplies, RedisLink } from './link.ts';
import { AnswerError, type Reply } from './reply.ts';
import { type Arg, type RedisCommand, sizeOf } from './resp.ts';
import { untilReady } from './until-ready.ts';

/**
 * A Redis Cluster through ioredis's own cluster client, command by command: it knows the slots and follows MOVED and ASK,
 * for whole transactions too, which the lean path of a single connection could not do. Sockets are corked until the end
 * of the turn, so that all commands to a node leave together; ioredis's autopipelining does the same, and loses the
 * name of a command that is sent by `callBuffer`.
 */
export class ClusterLink implements RedisLink {
  readonly #cluster: Cluster;
  readonly #address: string;
  readonly #within: Millis;
  /** What is let go of is left to ioredis, which gives up a connection that was silent for `socketTimeout`. */
  readonly answered = 0;
  #corked: readonly Redis['stream'][] = [];

  constructor(nodes: ClusterNode[], address: string, options: ClusterOptions, within: Millis, loginWithin: Millis) {
    this.#cluster = new Cluster(nodes, {
      ...options,
      redisOptions: { ...options.redisOptions, protocol: 2, replyMapping: 'legacy', socketTimeout: loginWithin },
      lazyConnect: true,
    });
    this.#cluster.on('error', () => undefined);
    this.#cluster.on('+node', (node: Redis) => {
      guard(node, loginWithin);
      void connected(node);
    });
    this.#address = address;
    this.#within = within;
  }

  async open(): Promise<void> {
    await untilReady(this.#cluster, this.#address, this.#within);
    await Promise.all(this.#cluster.nodes('master').map(connected));
  }

  send({ commands, atomic }: Exchange, done: OnReplies): number {
    // ioredis would hold transactions back for as long as the cluster is down.
    if (this.#cluster.status !== 'ready') {
      done([new Error('the cluster is not connected')]);
      return 0;
    }
    this.#cork();
    void this.#answer(commands, atomic, done);
    return commands.reduce((sum, command) => sum + sizeOf(command), 0);
  }

  letGo(): void {}

  caughtUp(): void {}

  distrust(): void {}

  close(): void {
    this.#cluster.disconnect();
  }

  #cork(): void {
    if (this.#corked.length > 0) return;
    this.#corked = this.#cluster.nodes('master').flatMap(({ stream }) => (stream === undefined ? [] : [stream]));
    for (const socket of this.#corked) socket.cork();
    setImmediate(() => {
      for (const socket of this.#corked) socket.uncork();
      this.#corked = [];
    });
  }

  async #answer(commands: readonly RedisCommand[], atomic: boolean, done: OnReplies): Promise<void> {
    done(await (atomic ? this.#transaction(commands) : Promise.all(commands.map((command) => this.#call(command)))));
  }

  async #call([name, ...args]: RedisCommand): Promise<Reply> {
    try {
      return (await this.#cluster.sendCommand(new Command(name, args.map(owned)))) as Reply;
    } catch (error) {
      return asError(error);
    }
  }

  async #transaction(commands: readonly RedisCommand[]): Promise<readonly Reply[]> {
    const transaction = this.#cluster.multi();
    for (const [name, ...args] of commands) transaction.callBuffer(name, args.map(owned));
    try {
      const results = (await transaction.exec()) ?? [];
      if (results.length !== commands.length) return [new AnswerError('not the answers to a transaction')];
      return results.map(([error, reply]) => error ?? (reply as Reply));
    } catch (error) {
      return [asError(error)];
    }
  }
}

/**
 * ioredis connects to a node with the first command to it, and refuses the commands after that one until it is connected.
 * Resolves when the node has answered, or cannot be reached: then the ops that need it fail.
 */
async function connected(node: Redis): Promise<void> {
  await node.ping().catch(() => undefined);
}

/** ioredis sends later than it is called, and whoever made the bytes may use their memory again. */
const owned = (arg: Arg): string | Buffer => (typeof arg === 'string' ? arg : Buffer.from(arg));

/** A refused transaction names its reason in an earlier error. */
function asError(error: unknown): Error {
  if (!(error instanceof Error)) return new Error(String(error));
  const [first]: unknown[] =
    'previousErrors' in error && Array.isArray(error.previousErrors) ? error.previousErrors : [];
  return first instanceof Error ? first : error;
}
