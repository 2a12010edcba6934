import { Cluster, type CommonRedisOptions, Redis, type RedisOptions } from 'ioredis';
import { finalError, isHopeless, isNotMaster, messageOf } from './failures.ts';
import type { RedisTarget, RedisTls } from './options.ts';
import type { ScriptDefinitions, Scripts } from './scripts.ts';

export type Client = (Redis | Cluster) & Scripts;

/**
 * What a connection is for.
 * `shared` sends everything of one turn of the event loop in one write, and what lost its answer again.
 * `claims` ends when it is lost, failing what is under way: a blocked claim must not be sent again behind its caller's back.
 */
export type Purpose = 'shared' | 'claims' | 'subscriptions';

/**
 * One connection, standalone or to a cluster. It reconnects for ever (but for `claims`); commands wait meanwhile, and those
 * whose answer was lost are sent again, which is harmless for every command that this package sends on it.
 */
export class Connection {
  readonly client: Client;
  readonly #target: RedisTarget;
  readonly #purpose: Purpose;
  /** Until then tries are limited; afterwards, and once connected, they are not. */
  #deadline = Number.POSITIVE_INFINITY;
  #hopeless = false;
  #closed = false;
  #lastError: unknown;

  constructor(target: RedisTarget, scripts: ScriptDefinitions, purpose: Purpose) {
    this.#target = target;
    this.#purpose = purpose;
    const retry = (times: number): number | null => this.#retryAfter(times);
    const client = target.cluster
      ? clusterClient(target, scripts, purpose, retry)
      : standaloneClient(target, scripts, purpose, retry);
    const onError = (error: unknown): void => this.#noteError(error);
    client.on('error', onError);
    client.on('node error', onError);
    // Never hopeless: the next Sentinel may know better.
    client.on('sentinelError', (error: Error) => {
      this.#lastError = sentinelFault(error);
    });
    client.on('end', () => this.#revive());
    client.on('ready', () => {
      this.#deadline = Number.POSITIVE_INFINITY;
      this.#lastError = undefined;
    });
    if (!hasScripts(client)) throw new Error('ioredis has not defined the scripts');
    this.client = client;
  }

  /**
   * The first connection, within the target's bound.
   *
   * @throws `DRUM_BUS_REFUSED` at once, `DRUM_BUS_UNREACHABLE` after the bound (at once when waiting cannot help)
   */
  async connect(): Promise<void> {
    this.#deadline = performance.now() + this.#target.connectWithin;
    let timer: NodeJS.Timeout | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        const fail = (): void => reject(new Error('no connection'));
        timer = setTimeout(fail, this.#target.connectWithin);
        this.client.once('ready', resolve);
        this.client.once('end', fail);
        // A rejection only says that this try failed; `end` says that no other will come.
        this.client.connect().catch((error: unknown) => this.#noteError(error));
      });
    } catch {
      this.end();
      throw finalError(this.#lastError ?? this.#silence(), this.#target.where, 'connecting');
    } finally {
      clearTimeout(timer);
    }
  }

  /** Why there is no connection, if there is none. */
  get lastError(): unknown {
    return this.#lastError;
  }

  /** Lets answers that are under way arrive, but not for long. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.client.status === 'ready') {
      let timer: NodeJS.Timeout | undefined;
      const bound = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, QUIT_WITHIN);
      });
      await Promise.race([this.client.quit().catch(() => undefined), bound]);
      clearTimeout(timer);
    }
    this.end();
  }

  /** At once, whatever is under way. */
  end(): void {
    this.#closed = true;
    this.client.disconnect();
  }

  /**
   * The client may end although it was told to try for ever: when a Sentinel announces a fail-over while the client is
   * asking where the master is, ioredis takes its own hanging up for somebody's wish to close.
   */
  #revive(): void {
    const isFirst = this.#deadline !== Number.POSITIVE_INFINITY;
    if (this.#closed || this.#hopeless || isFirst || this.#purpose === 'claims') return;
    setTimeout(() => {
      if (!this.#closed) this.client.connect().catch((error: unknown) => this.#noteError(error));
    }, RETRY_AFTER);
  }

  /** The other side took the connection and never said a word. */
  #silence(): Error {
    const speech = this.#target.tls === undefined ? 'answer' : 'TLS answer';
    return Object.assign(new Error(`no ${speech} within ${this.#target.connectWithin} ms`), { code: 'ETIMEDOUT' });
  }

  #retryAfter(times: number): number | null {
    const ends = this.#purpose === 'claims' && !this.#target.cluster;
    if (ends || this.#hopeless || performance.now() > this.#deadline) return null;
    return Math.min(RETRY_AFTER * 2 ** Math.min(times - 1, 3), RECONNECT_WITHIN);
  }

  #noteError(error: unknown): void {
    const message = messageOf(error);
    // These only say that something else failed before.
    if (
      /^(Connection is closed|None of startup nodes|Failed to refresh|All sentinels are unreachable)/.test(message) &&
      this.#lastError !== undefined
    )
      return;
    this.#lastError = error;
    if (this.#deadline !== Number.POSITIVE_INFINITY && isHopeless(error)) {
      this.#hopeless = true;
      this.client.disconnect();
    }
  }
}

/** What one Sentinel did wrong, in front what counts: its answer, if it gave one. */
function sentinelFault({ message }: Error): Error {
  if (message.endsWith('invalid reply: null')) return new Error('no Sentinel knows a master of this name');
  const [, sentinel = '', why = ''] = /^failed to connect to sentinel (\S+) because (.*)$/s.exec(message) ?? [];
  return new Error(/^[A-Z]+ /.test(why) ? `${why} (Sentinel ${sentinel})` : message);
}

/** ioredis adds the scripts as methods at run time. */
const hasScripts = (client: Redis | Cluster): client is Client => 'drumPush' in client;

const QUIT_WITHIN = 1_000;
/** ms before the first try to connect again. */
const RETRY_AFTER = 50;
/** Most ms between tries to connect: with the heartbeat's next beat, well below the time after which others take a worker for dead. */
const RECONNECT_WITHIN = 250;
/** ms without any answer to a command after which a connection counts as broken; a blocking claim waits less than that. */
const SILENCE = 10_000;

/** ms after which the next Sentinel is asked. */
const SENTINEL_ANSWERS_WITHIN = 1_000;

type NodeOptions = Omit<CommonRedisOptions & Pick<RedisOptions, 'tls'>, 'replyMapping'>;

function nodeOptions(target: RedisTarget): NodeOptions {
  const { address, tls } = target;
  return {
    ...(address.username === undefined ? {} : { username: address.username }),
    ...(address.password === undefined ? {} : { password: address.password }),
    ...(tls === undefined ? {} : { tls: tlsOptions(tls) }),
    connectTimeout: target.connectWithin,
    socketTimeout: SILENCE,
    maxRetriesPerRequest: null,
    // The check needs a right (INFO) that a restricted user lacks; LOADING is retried command by command instead.
    enableReadyCheck: false,
    disableClientInfo: true,
  };
}

/** Where the master is: at a fixed address, or where the Sentinels say. Asked again whenever it is connected to anew. */
function masterOptions(
  { address, sentinel, tls, connectWithin }: RedisTarget,
  purpose: Purpose,
  retry: (times: number) => number | null,
): Omit<RedisOptions, 'replyMapping'> {
  if (sentinel === undefined) {
    const [{ host, port }] = address.nodes;
    return { host, port };
  }
  return {
    sentinels: sentinel.nodes.map(({ host, port }) => ({ host, port })),
    name: sentinel.name,
    ...(sentinel.username === undefined ? {} : { sentinelUsername: sentinel.username }),
    ...(sentinel.password === undefined ? {} : { sentinelPassword: sentinel.password }),
    ...(sentinel.tls === undefined ? {} : { sentinelTLS: tlsOptions(sentinel.tls) }),
    enableTLSForSentinelMode: tls !== undefined,
    sentinelRetryStrategy: retry,
    sentinelCommandTimeout: Math.min(SENTINEL_ANSWERS_WITHIN, connectWithin),
    // A master that hangs says nothing: the Sentinels say when another has taken its place.
    failoverDetector: purpose !== 'claims',
  };
}

function tlsOptions(tls: RedisTls): NonNullable<RedisOptions['tls']> {
  return {
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
    ...(tls.cert === undefined ? {} : { cert: tls.cert }),
    ...(tls.key === undefined ? {} : { key: tls.key }),
    ...(tls.servername === undefined ? {} : { servername: tls.servername }),
    ...(tls.insecure === true ? { rejectUnauthorized: false } : {}),
  };
}

/** Sent at once and alone: the clock is measured by the round trip. */
const NOT_PIPELINED = ['time'];

function standaloneClient(
  target: RedisTarget,
  scripts: ScriptDefinitions,
  purpose: Purpose,
  retryStrategy: (times: number) => number | null,
): Redis {
  const options: Omit<RedisOptions, 'replyMapping'> = {
    ...nodeOptions(target),
    ...masterOptions(target, purpose, retryStrategy),
    db: target.address.db,
    scripts,
    lazyConnect: true,
    retryStrategy,
    // A replica that was the master: connect again, which asks anew where the master is.
    reconnectOnError: isNotMaster,
    enableAutoPipelining: purpose === 'shared',
    autoPipeliningIgnoredCommands: NOT_PIPELINED,
  };
  return new Redis(options);
}

function clusterClient(
  target: RedisTarget,
  scripts: ScriptDefinitions,
  purpose: Purpose,
  clusterRetryStrategy: (times: number) => number | null,
): Cluster {
  const options: NonNullable<ConstructorParameters<typeof Cluster>[1]> = {
    redisOptions: nodeOptions(target),
    scripts,
    lazyConnect: true,
    clusterRetryStrategy,
    enableAutoPipelining: purpose === 'shared',
    autoPipeliningIgnoredCommands: NOT_PIPELINED,
    // Each refresh is a new connection: a consumer learns of moved slots from the redirections alone.
    slotsRefreshInterval: purpose === 'shared' ? 15_000 : 0,
    retryDelayOnFailover: purpose === 'claims' ? 0 : 100,
    // Certificates carry names, not addresses: leave names as the cluster announces them.
    ...(target.tls === undefined
      ? {}
      : { dnsLookup: (name: string, done: (error: null, address: string) => void) => done(null, name) }),
  };
  return new Cluster([...target.address.nodes], options);
}
