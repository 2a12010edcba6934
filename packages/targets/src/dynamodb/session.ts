import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { DataAction } from '@drumline/core/plan';
import { millisOf } from '@drumline/core/units';
import { type AwsCredentials, type DriverOptions, isMultiRow, type ValueSource } from '../driver-options.ts';
import { CredentialSource } from './credentials.ts';
import { DynamoClient } from './dynamo-client.ts';
import { isLoopback, parseEndpoint } from './endpoint.ts';
import { type Execute, multiColumnActions } from './multi-column.ts';
import { multiRowActions } from './multi-row.ts';
import { patiently } from './patiently.ts';
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

/** A table that can be used, and how each action uses it. */
export interface Session {
  readonly actions: Readonly<Record<DataAction, Execute>>;
  close(): Promise<void>;
}

/** Finds credentials, looks at the table and opens the way to it. Rejects with `DRUM_TABLE_…`, `DRUM_DDB_…` or `DRUM_CONNECT`. */
export async function openSession(options: DriverOptions, values: ValueSource): Promise<Session> {
  const { tableName, region, maxInFlight } = options;
  const { sdk, endpoint } = await connectSdk(options);
  try {
    const credentials = await credentialsOf(sdk, tableName);
    await patiently(options.connectWithin, () => checkTable(sdk, tableName));
    const client = new DynamoClient({
      endpoint,
      region,
      credentials,
      tableName,
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
    const actions = (isMultiRow(tableName) ? multiRowActions : multiColumnActions)(target, values);
    return { actions, close: () => client.close() };
  } finally {
    sdk.destroy();
  }
}

/**
 * Makes the table that the options name, unless it exists, and waits until it is active: key `id`, for names beginning
 * with `multirow` `id` and `sk`, billed on demand. Rejects with `DRUM_TABLE_…`, `DRUM_DDB_…` or `DRUM_CONNECT`.
 */
export async function createDynamoDbTable(options: DriverOptions): Promise<'created' | 'existed'> {
  const { sdk } = await connectSdk(options);
  try {
    return await patiently(options.connectWithin, () => createTable(sdk, options.tableName));
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
  const within = Math.min(options.connectWithin ?? CONNECT_WITHIN_MS, CONNECT_WITHIN_MS);
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
