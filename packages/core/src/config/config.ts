import type { ColumnSpec } from '../plan/plan.ts';
import type { Slo } from '../slo/index.ts';
import type { Micros } from '../units/index.ts';

/** What all HTTP tasks share. */
export interface HttpConfig {
  /** `base_url`: what a path in a task's `url` is put after. */
  readonly baseUrl?: string;
  /** `connections` to one origin of one OS thread at most; absent = as many as ops may be in flight. */
  readonly connections?: number;
  /** `connect_timeout`: of name look-up, connection and TLS handshake together. */
  readonly connectTimeout: Micros;
  /** `max_body`: bytes of an answer's body past which it is cut. */
  readonly maxBody: number;
  /** `local_address`: the address of this host that connections come from. */
  readonly localAddress?: string;
}

/** The parsed config.json: what every worker reads from `<prefix>_cfg`. Field names of the file are in snake_case. */
export interface Config {
  /** DynamoDB table; a name that begins with `multirow` stores one row (or Redis key) a column. */
  readonly tableName: string;
  /** AWS region. */
  readonly region: string;
  /** Number of queues, and of consumers in every worker: one thread consumes one queue. */
  readonly threads: number;
  /** Rows for tasks without `data`. */
  readonly sampleData: readonly (readonly ColumnSpec[])[];
  /** `db_type`: the worker's `--db` wins. */
  readonly dbType: 'dynamodb' | 'redis' | 'http' | undefined;
  /** `redis_addr`: address of the target Redis; the worker's `--endpoint` wins. */
  readonly redisAddr: string | undefined;
  /** `endpoint`: DynamoDB's URL, when not AWS's own; the worker's `--endpoint` wins. */
  readonly endpoint: string | undefined;
  /** `max_in_flight`: ops that one thread has under way at most. */
  readonly maxInFlight: number;
  /** `timeout`: an op that has not ended this long after its send is aborted and counted as failed. */
  readonly timeout: Micros;
  /** `retries` of a driver for throttled or unprocessed parts; 0 = a load test counts failures. */
  readonly retries: number;
  /** `consistent_read` for DynamoDB reads. */
  readonly consistentRead: boolean;
  /** `http`: what all HTTP tasks share. */
  readonly http: HttpConfig;
  /** `batch_ops`: ops that one batch holds at most. */
  readonly batchOps: number;
  /** `slo`: thresholds that a run must keep for its publisher to succeed. */
  readonly slos: readonly Slo[];
}
