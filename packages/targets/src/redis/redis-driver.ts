import type { DataOp } from '@drumline/core/data';
import type { DataAction } from '@drumline/core/plan';
import { millis, millisOf } from '@drumline/core/units';
import type { ClusterOptions, RedisOptions } from 'ioredis';
import type { Abort, Driver, Outcome } from '../driver.ts';
import { type DriverOptions, isMultiRow, type ValueSource } from '../driver-options.ts';
import { Tally } from '../tally.ts';
import { parseRedisAddresses, type RedisAddress } from './address.ts';
import { ClusterLink } from './cluster-link.ts';
import type { RedisLink } from './link.ts';
import { multiColumnSteps } from './multi-column.ts';
import { multiRowSteps } from './multi-row.ts';
import { SingleLink } from './single-link.ts';
import { type FirstStep, takeSteps } from './step.ts';

/**
 * A target Redis. While it is down every op fails at once with `DRUM_CONNECT`; nothing is queued and nothing is sent
 * twice. The connection comes back by itself. One that says nothing for a whole time-out, or says what is no answer, is
 * made anew. Bytes sent are those of the commands, bytes received those of the values
 * and names that came back. Deleting what is not there is a miss, and so is a sub-read that finds none of its columns.
 */
export class RedisDriver implements Driver {
  readonly name = 'redis';
  readonly #link: RedisLink;
  readonly #steps: Readonly<Record<DataAction, FirstStep>>;

  constructor(options: DriverOptions, values: ValueSource) {
    this.#link = linkOf(options);
    this.#steps = isMultiRow(options.tableName) ? multiRowSteps(values) : multiColumnSteps(values);
  }

  open(): Promise<void> {
    return this.#link.open();
  }

  execute(op: DataOp, abort: Abort): Promise<Outcome> {
    return new Promise((resolve) => {
      const tally = new Tally();
      const first = this.#steps[op.action];
      let open = op.items.length;
      if (open === 0) return resolve(tally);
      const link = this.#link;
      const { answered } = link;
      const done = (): void => {
        if (--open > 0) return;
        if (abort.aborted) link.caughtUp();
        resolve(tally);
      };
      // Redis cannot take a command back: an op let go of leaves its answer to nobody.
      abort.onAbort(() => {
        if (open === 0) return;
        tally.fail('DRUM_OP_TIMEOUT');
        resolve(tally.snapshot());
        link.letGo(answered);
      });
      for (const item of op.items) takeSteps(link, first(item, op.limit), tally, done);
    });
  }

  close(): Promise<void> {
    this.#link.close();
    return Promise.resolve();
  }
}

const CONNECT_WITHIN = millis(5_000);

function linkOf(options: DriverOptions): RedisLink {
  const address = options.endpoint ?? '127.0.0.1:6379';
  const nodes = parseRedisAddresses(address);
  const redisOptions = connectionOptions(options, nodes[0]);
  const openWithin = options.connectWithin ?? CONNECT_WITHIN;
  const loginWithin = millis(Math.max(1, millisOf(options.timeout)));
  if (options.cluster !== true) {
    const { host, port } = nodes[0];
    return new SingleLink(
      { ...redisOptions, host, port, retryStrategy: pause },
      {
        openWithin,
        loginWithin,
        mostOwed: options.maxInFlight,
      },
    );
  }
  const clusterOptions: ClusterOptions = {
    redisOptions,
    clusterRetryStrategy: pause,
    enableOfflineQueue: false,
    // Redirections are part of how a cluster answers; trying again what failed would hide failures.
    retryDelayOnFailover: 0,
    retryDelayOnClusterDown: 0,
  };
  return new ClusterLink(
    nodes.map(({ host, port }) => ({ host, port })),
    nodes.map(({ host, port }) => `${host}:${port}`).join(','),
    clusterOptions,
    openWithin,
    loginWithin,
  );
}

/** Options that hold for every connection, of one Redis or to the nodes of a cluster. */
function connectionOptions(options: DriverOptions, address: RedisAddress): Omit<RedisOptions, 'host' | 'port'> {
  const { tls } = options;
  const username = options.username ?? address.username;
  const password = options.password ?? address.password;
  const database = options.database ?? address.database;
  const secure = address.tls || tls !== undefined;
  return {
    connectTimeout: Math.max(1, millisOf(options.timeout)),
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(database === undefined ? {} : { db: database }),
    ...(secure
      ? {
          tls: {
            rejectUnauthorized: tls?.insecure !== true,
            ...(tls?.ca === undefined ? {} : { ca: tls.ca }),
            ...(tls?.cert === undefined ? {} : { cert: tls.cert }),
            ...(tls?.key === undefined ? {} : { key: tls.key }),
          },
        }
      : {}),
  };
}

/** ms before the next attempt to connect: soon at first, never more than a second. */
const pause = (attempts: number): number => Math.min(25 * 2 ** Math.min(attempts, 6), 1_000);
