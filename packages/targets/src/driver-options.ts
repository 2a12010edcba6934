import type { HttpConfig } from '@drumline/core/config';
import type { Column, Item } from '@drumline/core/data';
import type { Json } from '@drumline/core/plan';
import type { Micros, Millis } from '@drumline/core/units';

/** Makes the value of an item's column: raw bytes, or the literal that the plan gave. Called once a value, as it is sent. */
export type ValueSource = (item: Item, column: Column) => Uint8Array | Json;

/** A key pair of AWS, or what a local server takes for one. Never logged. */
export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

/** TLS to a target Redis; certificates are PEM text. */
export interface TargetTls {
  /** Certificate authorities to trust instead of the host's own. */
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  /** Accept any certificate; for tests against self-signed servers. */
  readonly insecure?: boolean | undefined;
}

/** Everything a driver needs to know. Plain data: it crosses to OS worker threads. */
export interface DriverOptions {
  /** `http`: there is no database, and data actions fail. */
  readonly db: 'dynamodb' | 'redis' | 'http';
  /** DynamoDB's table; a name that begins with `multirow` stores one row (or Redis key) a column, on both targets. */
  readonly tableName: string;
  /** AWS region; DynamoDB only. */
  readonly region: string;
  /**
   * DynamoDB: URL, absent = AWS's own of the region. Redis: `host`, `host:port` or a `redis://`, `rediss://` URL (several
   * cluster nodes separated by commas), absent = 127.0.0.1:6379.
   */
  readonly endpoint?: string | undefined;
  /** Ops under way at most; bounds DynamoDB's connections together with `connections`. */
  readonly maxInFlight: number;
  /** An op that has not ended this long after its send is aborted by the caller; also bounds how long a connect may take. */
  readonly timeout: Micros;
  /** How often a throttled or failed DynamoDB request is sent again; 0 = a load test counts failures. */
  readonly retries: number;
  /** How often what a DynamoDB batch handed back is sent again; default 3. */
  readonly unprocessedRetries?: number | undefined;
  /** Strongly consistent DynamoDB reads. */
  readonly consistentRead: boolean;
  /** DynamoDB connections at most; default 128, never more than `maxInFlight`. */
  readonly connections?: number | undefined;
  /** DynamoDB: instead of what the SDK's provider chain finds. A loopback endpoint never asks the chain. */
  readonly credentials?: AwsCredentials | undefined;
  /** Redis: `endpoint` names nodes of a Redis Cluster. */
  readonly cluster?: boolean | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** Redis: number of the database to SELECT. */
  readonly database?: number | undefined;
  /** Redis: TLS, also without a `rediss://` URL. */
  readonly tls?: TargetTls | undefined;
  /**
   * How long `open()` keeps trying while the target cannot be reached or cannot serve yet. Default: 5 s for Redis; the
   * SDK's three attempts for DynamoDB.
   */
  readonly connectWithin?: Millis | undefined;
  /** For the requests of http tasks, whatever `db` is. */
  readonly http?: HttpConfig | undefined;
}

/** Whether a table name asks for one row (or Redis key) a column. */
export const isMultiRow = (tableName: string): boolean => tableName.startsWith('multirow');
