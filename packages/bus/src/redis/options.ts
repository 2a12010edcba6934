import { DrumlineError } from '@drumline/core/errors';
import { type Millis, millis } from '@drumline/core/units';
import { type Address, nodeText, parseRedisAddress } from './address.ts';
import { type Keys, keysOf } from './keys.ts';

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
  /** How long the first connection may take, all its tries together. Default 5,000 ms. */
  readonly connectWithin?: Millis;
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

/** The options after every check. */
export interface RedisTarget {
  readonly address: Address;
  readonly cluster: boolean;
  readonly tls: RedisTls | undefined;
  readonly keys: Keys;
  readonly connectWithin: Millis;
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
  return {
    address,
    cluster,
    tls: options.tls ?? (address.tls ? {} : undefined),
    keys: keysOf(options.prefix),
    connectWithin: options.connectWithin ?? millis(5_000),
    where: address.nodes.map(nodeText).join(','),
  };
}
