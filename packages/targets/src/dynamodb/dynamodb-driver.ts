import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Op } from '@drumline/core/data';
import { DrumlineError } from '@drumline/core/errors';
import type { Action } from '@drumline/core/plan';
import { millisOf } from '@drumline/core/units';
import type { Abort, Driver, Outcome } from '../driver.ts';
import { type AwsCredentials, type DriverOptions, isMultiRow, type ValueSource } from '../driver-options.ts';
import { CredentialSource } from './credentials.ts';
import { DynamoClient } from './dynamo-client.ts';
import { isLoopback, parseEndpoint } from './endpoint.ts';
import { Flight } from './flight.ts';
import { type Execute, multiColumnActions } from './multi-column.ts';
import { multiRowActions } from './multi-row.ts';
import { sdkError } from './sdk-error.ts';
import { checkTable, createTable } from './table.ts';
import { TableText } from './table-text.ts';

const CONNECTIONS = 128;
const UNPROCESSED_RETRIES = 3;
const CONNECT_WITHIN_MS = 5_000;

/**
 * What a local server gets to see in place of credentials: it checks none, but DynamoDB Local wants letters and digits,
 * and keeps the tables of each key apart.
 */
const PLACEHOLDER: AwsCredentials = { accessKeyId: 'drumline', secretAccessKey: 'drumline' };

/**
 * DynamoDB. The SDK finds credentials and looks after tables; ops are signed and sent by our own lean code. Bytes are
 * those of request and answer bodies.
 */
export class DynamoDbDriver implements Driver {
  readonly name = 'dynamodb';
  readonly #options: DriverOptions;
  readonly #values: ValueSource;
  #client: DynamoClient | undefined;
  #actions: Readonly<Record<Action, Execute>> | undefined;

  constructor(options: DriverOptions, values: ValueSource) {
    this.#options = options;
    this.#values = values;
  }

  async open(): Promise<void> {
    const options = this.#options;
    const { tableName, region, maxInFlight } = options;
    const { sdk, endpoint } = await connectSdk(options);
    try {
      const credentials = await credentialsOf(sdk, tableName);
      await checkTable(sdk, tableName);
      const client = new DynamoClient({
        endpoint,
        region,
        credentials,
        connections: Math.max(1, Math.min(options.connections ?? CONNECTIONS, maxInFlight)),
        retries: options.retries,
        connectTimeout: Math.max(1, millisOf(options.timeout)),
      });
      const target = {
        client,
        tableName,
        text: new TableText(tableName, options.consistentRead),
        unprocessedRetries: options.unprocessedRetries ?? UNPROCESSED_RETRIES,
      };
      this.#client = client;
      this.#actions = (isMultiRow(tableName) ? multiRowActions : multiColumnActions)(target, this.#values);
    } finally {
      sdk.destroy();
    }
  }

  async execute(op: Op, abort: Abort): Promise<Outcome> {
    if (this.#actions === undefined) throw new Error('execute() before open()');
    const flight = new Flight(abort);
    try {
      await this.#actions[op.action](op, flight);
    } catch (error) {
      if (!(error instanceof DrumlineError)) throw error;
      flight.tally.fail(error.code);
    }
    return flight.tally;
  }

  async close(): Promise<void> {
    await this.#client?.close();
  }
}

/**
 * Makes the table that the options name, unless it exists, and waits until it is active: key `id`, for names beginning
 * with `multirow` `id` and `sk`, billed on demand. Rejects with `DRUM_TABLE_…`, `DRUM_DDB_…` or `DRUM_CONNECT`.
 */
export async function createDynamoDbTable(options: DriverOptions): Promise<'created' | 'existed'> {
  const { sdk } = await connectSdk(options);
  try {
    return await createTable(sdk, options.tableName);
  } finally {
    sdk.destroy();
  }
}

/** The SDK's client and the URL that ops go to. */
async function connectSdk(options: DriverOptions): Promise<{ sdk: DynamoDBClient; endpoint: URL }> {
  const { region } = options;
  const custom = options.endpoint === undefined ? undefined : parseEndpoint(options.endpoint);
  const credentials =
    options.credentials ?? (custom === undefined ? undefined : await localCredentials(custom, region));
  const within = options.connectWithin ?? CONNECT_WITHIN_MS;
  const sdk = new DynamoDBClient({
    region,
    maxAttempts: 3,
    requestHandler: { connectionTimeout: within, requestTimeout: within, throwOnRequestTimeout: true },
    ...(custom === undefined ? {} : { endpoint: custom.href }),
    ...(credentials === undefined ? {} : { credentials: identityOf(credentials) }),
  });
  return { sdk, endpoint: custom ?? sdk.config.endpointProvider({ Region: region }).url };
}

/**
 * Placeholders for a server that checks no credentials; `undefined` = ask the provider chain. Loopback never asks it: it
 * might go as far as the network for what nobody there checks. Other plain-http endpoints do, and get placeholders when
 * it finds nothing; over https, where somebody surely checks, that is an error.
 */
async function localCredentials(endpoint: URL, region: string): Promise<AwsCredentials | undefined> {
  if (isLoopback(endpoint)) return PLACEHOLDER;
  if (endpoint.protocol === 'https:') return undefined;
  const probe = new DynamoDBClient({ region });
  try {
    await probe.config.credentials();
    return undefined;
  } catch {
    return PLACEHOLDER;
  } finally {
    probe.destroy();
  }
}

function identityOf({ accessKeyId, secretAccessKey, sessionToken }: AwsCredentials) {
  return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
}

async function credentialsOf(sdk: DynamoDBClient, tableName: string): Promise<CredentialSource> {
  const provide = sdk.config.credentials;
  try {
    return new CredentialSource(await provide(), () => provide());
  } catch (error) {
    throw sdkError(error, tableName);
  }
}
