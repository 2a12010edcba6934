import { DrumlineError } from '@drumline/core/errors';
import { type Millis, millis } from '@drumline/core/units';
import { type Address, type Node, nodeText, parseRedisAddress } from './address.ts';
import { type Keys, keysOf } from './keys.ts';

const SENTINEL_PORT = 26_379;

/** How to reach the bus. Plain data, so that it can be sent to another thread or process. */
export interface RedisOptions {
  /** `host:port`, `redis://…`, `rediss://user:password@host:port/db`; several nodes of a cluster with commas. */
  readonly url: string;
  /** Redis Cluster; also when `url` names several nodes. Default false. */
  readonly cluster?: boolean;
  /** Speak TLS, as `rediss://` does too. */
  readonly tls?: RedisTls;
  /** Wins over the address's. */
  readonly username?: string;
  /** Wins over the address's. */
  readonly password?: string;
  /** First part of all names, e.g. `dst`. */
  readonly prefix: string;
  /** Ask these Sentinels where the master is. What `url` says of user, password, database and TLS is about the master. */
  readonly sentinel?: RedisSentinel;
  /** How long the first connection may take, all its tries together. Default 5,000 ms. */
  readonly connectWithin?: Millis;
  /** How long a command is tried again while Redis is away or cannot serve. Default 60,000 ms. */
  readonly outage?: Millis;
}

export interface RedisSentinel {
  /** `host:port`, several with commas; port 26379 when none is given. One that answers is enough to start. */
  readonly nodes: string;
  /** What the Sentinels call the master. */
  readonly name: string;
  readonly username?: string;
  readonly password?: string;
  /** The Sentinels speak TLS, with the certificates of `RedisOptions.tls`. Default false. */
  readonly tls?: boolean;
}

/** PEM texts, not paths. */
export interface RedisTls {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  /** Name that the certificate must have, when it is not the host's. */
  readonly servername?: string;
  /** Accept any certificate. Default false. */
  readonly insecure?: boolean;
}

export interface SentinelTarget {
  readonly nodes: readonly Node[];
  readonly name: string;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly tls: RedisTls | undefined;
}

/** The options after every check. */
export interface RedisTarget {
  readonly address: Address;
  readonly cluster: boolean;
  readonly tls: RedisTls | undefined;
  readonly keys: Keys;
  readonly sentinel: SentinelTarget | undefined;
  readonly connectWithin: Millis;
  readonly outage: Millis;
  /** Where it is, for messages: without user and password. */
  readonly where: string;
}

/** @throws `DRUM_BUS_ADDRESS`, `DRUM_BUS_PREFIX` */
export function resolveRedisOptions(options: RedisOptions): RedisTarget {
  const parsed = parseRedisAddress(options.url);
  const address = {
    ...parsed,
    username: options.username ?? parsed.username,
    password: options.password ?? parsed.password,
  };
  const cluster = options.cluster === true || address.nodes.length > 1;
  if (cluster && address.db !== 0) {
    throw new DrumlineError(
      'DRUM_BUS_ADDRESS',
      `Redis address: database ${address.db}: a cluster has only database 0`,
      {
        hint: 'Leave the database out; use --prefix to tell runs apart.',
      },
    );
  }
  if (address.username !== undefined && address.password === undefined) {
    throw new DrumlineError('DRUM_BUS_ADDRESS', 'Redis address: a user without a password', {
      hint: 'Give the password too.',
    });
  }
  if (options.sentinel !== undefined && cluster) {
    throw new DrumlineError('DRUM_BUS_ADDRESS', 'Redis address: Sentinels watch single masters, not a cluster', {
      hint: 'Leave out either --sentinel or --cluster.',
    });
  }
  const sentinel = options.sentinel && resolveSentinel(options.sentinel, options.tls);
  return {
    address,
    cluster,
    tls: options.tls ?? (address.tls ? {} : undefined),
    sentinel,
    keys: keysOf(options.prefix),
    connectWithin: options.connectWithin ?? millis(5_000),
    outage: options.outage ?? millis(60_000),
    where:
      sentinel === undefined
        ? address.nodes.map(nodeText).join(',')
        : `${sentinel.name} (sentinels ${sentinel.nodes.map(nodeText).join(',')})`,
  };
}

function resolveSentinel(options: RedisSentinel, tls: RedisTls | undefined): SentinelTarget {
  const { name, username, password } = options;
  const { nodes } = parseRedisAddress(options.nodes, SENTINEL_PORT);
  if (name === '') {
    throw new DrumlineError('DRUM_BUS_ADDRESS', 'Redis address: Sentinels need the name of the master', {
      hint: 'Add --sentinel-name, for example --sentinel-name mymaster.',
    });
  }
  return { nodes, name, username, password, tls: options.tls === true ? (tls ?? {}) : undefined };
}
