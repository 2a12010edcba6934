import { isIP } from 'node:net';
import {
  choice,
  defaulted,
  duration,
  type Fields,
  flag,
  integer,
  type Kind,
  list,
  optional,
  readRecord,
  recordSchema,
  required,
  text,
} from '../document/index.ts';
import { columns } from '../plan/index.ts';
import { holdsPassword } from '../secrets/index.ts';
import { parseSlo, type Slo } from '../slo/index.ts';
import { micros } from '../units/index.ts';
import type { HttpConfig } from './config.ts';

const MIB = 1024 * 1024;

// DynamoDB's naming rule; a Redis replication group's name fits it too.
const tableName = text({ pattern: '^[a-zA-Z0-9_.-]{3,255}$' }, (name) => {
  if (name.length < 3 || name.length > 255) {
    return { must: `has ${name.length} characters, must have 3 to 255`, hint: 'choose a name such as "stress-test"' };
  }
  if (/^[a-zA-Z0-9_.-]+$/.test(name)) return undefined;
  return {
    must: 'must consist of the letters a-z, A-Z, digits, "_", "." and "-"',
    hint: 'take the other characters away',
  };
});

const region = text({ pattern: '^[a-z0-9-]{1,64}$' }, (name) =>
  /^[a-z0-9-]{1,64}$/.test(name)
    ? undefined
    : { must: 'must be the name of an AWS region', hint: 'write e.g. "us-east-1"' },
);

/**
 * The config stands in Redis, where the whole fleet reads it: no place for a password. The refusal does not show it.
 */
const withoutPassword = (kind: Kind<string>): Kind<string> => ({
  schema: kind.schema,
  read: (place) =>
    typeof place.value === 'string' && holdsPassword(place.value)
      ? place.refuse(
          'holds a password, must hold none: the config stands in Redis for all to read',
          'give it to the workers by --target-password-file or DRUMLINE_TARGET_PASSWORD',
        )
      : kind.read(place),
});

const endpoint = text({ pattern: '^https?://' }, (url) => {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed?.protocol === 'http:' || parsed?.protocol === 'https:') return undefined;
  return { must: 'must be an http or https URL', hint: 'write e.g. "http://127.0.0.1:8000"' };
});

const redisAddress = text({ minLength: 1 }, (address) =>
  isRedisAddress(address)
    ? undefined
    : { must: 'must be host:port, or a redis:// or rediss:// URL', hint: 'write e.g. "127.0.0.1:6379"' },
);

function isRedisAddress(address: string): boolean {
  if (address.includes('://')) return /^rediss?:\/\//.test(address) && URL.canParse(address);
  return /^[^\s:/]+(:\d+)?$|^\[[\da-f:.]+\](:\d+)?$/i.test(address) && URL.canParse(`redis://${address}`);
}

const httpFields = {
  base_url: optional(withoutPassword(endpoint), {
    about: 'What a path in the url of an http task is put after; the worker’s --endpoint wins with --db http.',
    examples: ['http://127.0.0.1:8080'],
  }),
  connections: optional(integer(1, 100_000), {
    about:
      'Connections of one OS thread of a worker to one host at most. Absent: as many as operations may be in flight.',
  }),
  connect_timeout: defaulted(
    duration('1ms', '1h'),
    micros(5_000_000),
    { about: 'How long name look-up, connection and TLS handshake may take together.' },
    '5s',
  ),
  max_body: defaulted(integer(1, Number.MAX_SAFE_INTEGER), 16 * MIB, {
    about: 'Bytes of an answer’s body: a longer one is cut, and its operation fails.',
  }),
  local_address: optional(
    text({ minLength: 1 }, (address) =>
      isIP(address) === 0
        ? { must: 'must be an IP address of the worker’s host', hint: 'write e.g. "10.0.0.5"' }
        : undefined,
    ),
    { about: 'The address of the worker’s host that connections come from.', examples: ['127.0.0.1'] },
  ),
} satisfies Fields;

/** What all HTTP tasks share. */
const http: Kind<HttpConfig> = {
  schema: recordSchema(httpFields),
  read(place) {
    const values = readRecord(place, httpFields, { what: 'an object' })?.values;
    if (values === undefined) return undefined;
    const { base_url: baseUrl, connections, local_address: localAddress } = values;
    return {
      ...(baseUrl !== undefined && { baseUrl }),
      ...(connections !== undefined && { connections }),
      connectTimeout: values.connect_timeout,
      maxBody: values.max_body,
      ...(localAddress !== undefined && { localAddress }),
    };
  },
};

const HTTP_DEFAULTS: HttpConfig = { connectTimeout: httpFields.connect_timeout.default.value, maxBody: 16 * MIB };

/** A threshold as text. Each of its problems is one of the file. */
const slo: Kind<Slo> = {
  schema: { type: 'string', maxLength: 200 },
  read(place) {
    const { value } = place;
    if (typeof value !== 'string') return place.refuse(`is ${place.shown}, must be a text`, SLO_HINT);
    const result = parseSlo(value);
    if ('slo' in result) return result.slo;
    for (const { column, message, hint } of result.problems) {
      place.refuse(`is ${place.shown}, whose column ${column} has a problem: ${message}`, hint);
    }
    return undefined;
  },
};

const SLO_HINT = 'write e.g. "response_time p99 < 250ms"';

/** The fields of config.json: the one source for the parser, the JSON Schema and the reference. */
export const CONFIG_FIELDS = {
  table_name: required(tableName, {
    about: 'DynamoDB table. A name that begins with "multirow" stores one row, or Redis key, a column.',
    examples: ['stress-test'],
  }),
  region: defaulted(region, 'us-east-1', { about: 'AWS region.', examples: ['us-east-1'] }),
  threads: required(integer(1, 1_024), {
    about: 'Number of queues, and of consumers in every worker: one thread consumes one queue.',
    examples: [10],
  }),
  sample_data: defaulted(list(columns, 0, 100_000), [], {
    about: 'Rows for tasks without data: each a map of columns with the forms of a task’s data.',
  }),
  db_type: optional(choice(['dynamodb', 'redis', 'http']), {
    about: 'The target of data actions, or "http" when there are none; the worker’s --db wins.',
  }),
  redis_addr: optional(withoutPassword(redisAddress), {
    about: 'Address of the target Redis; the worker’s --endpoint wins.',
    examples: ['127.0.0.1:6379'],
  }),
  endpoint: optional(withoutPassword(endpoint), {
    about: 'URL of DynamoDB when it is not AWS’s own; the worker’s --endpoint wins.',
    examples: ['http://127.0.0.1:8000'],
  }),
  max_in_flight: defaulted(integer(1, 100_000), 1_000, { about: 'Operations that one thread has under way at most.' }),
  timeout: defaulted(
    duration('1ms', '1h'),
    micros(10_000_000),
    {
      about:
        'An operation that has not ended this long after its send is aborted and counted as failed: seconds, or a text.',
      examples: ['10s', '500ms'],
    },
    '10s',
  ),
  retries: defaulted(integer(0, 10), 0, {
    about: 'Retries of a driver for throttled or unprocessed parts; 0, as a load test counts failures.',
  }),
  consistent_read: defaulted(flag, false, { about: 'Strongly consistent reads of DynamoDB.' }),
  http: defaulted(
    http,
    HTTP_DEFAULTS,
    { about: 'What all http tasks share.', examples: [{ base_url: 'http://127.0.0.1:8080', connections: 64 }] },
    {},
  ),
  slo: defaulted(list(slo, 0, 100), [], {
    about: 'Thresholds that a run must keep for its publisher to succeed; `--slo` adds more.',
    examples: [['response_time p99 < 250ms', 'errors < 0.1% over 10s abort']],
  }),
  batch_ops: defaulted(integer(1, 10_000), 200, { about: 'Operations that one batch, a list element, holds at most.' }),
} satisfies Fields;
