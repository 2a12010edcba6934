import type { Config } from '@drumline/core/config';
import type { DriverOptions } from '@drumline/targets';
import type { EngineSettings } from './host/protocol.ts';

/** What the worker's own command line says of the target; it wins over the config. */
export interface TargetOptions {
  readonly db?: DriverOptions['db'];
  /** DynamoDB's URL, the target Redis's address, or the base URL of http tasks. */
  readonly endpoint?: string;
  readonly cluster?: boolean;
  readonly username?: string;
  readonly password?: string;
  readonly tls?: NonNullable<DriverOptions['tls']>;
  /** How long to keep trying when the target cannot be reached at the start. */
  readonly connectWithin?: NonNullable<DriverOptions['connectWithin']>;
}

/** The settings of an engine that consumes `threadsHere` queues: config and command line put together. */
export function settingsOf(config: Config, target: TargetOptions, threadsHere: number): EngineSettings {
  const { db = config.dbType ?? 'dynamodb', endpoint, ...connection } = target;
  const address = endpoint ?? addressOf(db, config);
  return {
    config,
    driver: {
      db,
      ...connection,
      ...(address === undefined ? {} : { endpoint: address }),
      tableName: config.tableName,
      region: config.region,
      maxInFlight: config.maxInFlight * Math.max(1, threadsHere),
      timeout: config.timeout,
      retries: config.retries,
      consistentRead: config.consistentRead,
      http: config.http,
    },
  };
}

function addressOf(db: DriverOptions['db'], config: Config): string | undefined {
  if (db === 'http') return undefined;
  return db === 'redis' ? (config.redisAddr ?? config.endpoint) : config.endpoint;
}

/** Which of `engines` engines consumes which queues: dealt round, so that no queue moves when their number changes. */
export function dealQueues(queues: number, engines: number): number[][] {
  const hands: number[][] = Array.from({ length: Math.max(1, engines) }, () => []);
  for (let queue = 0; queue < queues; queue += 1) hands[queue % hands.length]?.push(queue);
  return hands;
}
