import {
  CreateTableCommand,
  DescribeTableCommand,
  type DynamoDBClient,
  type KeySchemaElement,
  type TableDescription,
} from '@aws-sdk/client-dynamodb';
import { delay } from '@drumline/core/clock';
import { DrumlineError } from '@drumline/core/errors';
import { millis } from '@drumline/core/units';
import { isMultiRow } from '../driver-options.ts';
import { ID, SORT } from './attribute.ts';
import { sdkError } from './sdk-error.ts';

/** How long a new table may take to become active, and how often that is looked at. */
const ACTIVE_WITHIN_MS = 120_000;
const LOOK_EVERY = millis(250);

/**
 * Checks that the table is there, active, and has the keys that ops need. Rejects with `DRUM_TABLE_MISSING`,
 * `DRUM_TABLE_SCHEMA`, `DRUM_TABLE_NOT_ACTIVE`, or what the service refuses with.
 */
export async function checkTable(client: DynamoDBClient, tableName: string): Promise<void> {
  const table = await describe(client, tableName);
  if (table === undefined) {
    throw new DrumlineError('DRUM_TABLE_MISSING', `the DynamoDB table "${tableName}" does not exist`, {
      hint: 'start the worker with --create-table to make it (on-demand billing)',
    });
  }
  checkSchema(tableName, table);
  await untilActive(client, tableName, table);
}

/** Makes the table unless it exists, with on-demand billing, and waits until it is active. */
export async function createTable(client: DynamoDBClient, tableName: string): Promise<'created' | 'existed'> {
  if ((await describe(client, tableName)) !== undefined) {
    await checkTable(client, tableName);
    return 'existed';
  }
  const keys = keysOf(tableName);
  let made = true;
  try {
    await client.send(
      new CreateTableCommand({
        TableName: tableName,
        BillingMode: 'PAY_PER_REQUEST',
        KeySchema: keys,
        AttributeDefinitions: keys.map(({ AttributeName }) => ({ AttributeName, AttributeType: 'S' })),
      }),
    );
  } catch (error) {
    // Another worker was faster.
    if (!(error instanceof Error) || error.name !== 'ResourceInUseException') throw sdkError(error, tableName);
    made = false;
  }
  await untilActive(client, tableName, await describe(client, tableName));
  await checkTable(client, tableName);
  return made ? 'created' : 'existed';
}

const keysOf = (tableName: string): KeySchemaElement[] =>
  isMultiRow(tableName)
    ? [
        { AttributeName: ID, KeyType: 'HASH' },
        { AttributeName: SORT, KeyType: 'RANGE' },
      ]
    : [{ AttributeName: ID, KeyType: 'HASH' }];

async function describe(client: DynamoDBClient, tableName: string): Promise<TableDescription | undefined> {
  try {
    const { Table } = await client.send(new DescribeTableCommand({ TableName: tableName }));
    return Table;
  } catch (error) {
    if (error instanceof Error && error.name === 'ResourceNotFoundException') return undefined;
    throw sdkError(error, tableName);
  }
}

const schemaText = (
  keys: readonly KeySchemaElement[],
  typeOf: (name: string | undefined) => string | undefined,
): string => keys.map((key) => `${key.AttributeName} (${typeOf(key.AttributeName)}, ${key.KeyType})`).join(', ');

function checkSchema(tableName: string, table: TableDescription): void {
  const typeOf = (name: string | undefined): string | undefined =>
    table.AttributeDefinitions?.find((attribute) => attribute.AttributeName === name)?.AttributeType;
  const found = schemaText(table.KeySchema ?? [], typeOf);
  const needed = schemaText(keysOf(tableName), () => 'S');
  if (found === needed) return;
  throw new DrumlineError(
    'DRUM_TABLE_SCHEMA',
    `the key of the DynamoDB table "${tableName}" is ${found}; ops need ${needed}`,
    {
      hint: 'name another table; --create-table makes one that fits',
    },
  );
}

async function untilActive(
  client: DynamoDBClient,
  tableName: string,
  table: TableDescription | undefined,
): Promise<void> {
  const deadline = performance.now() + ACTIVE_WITHIN_MS;
  let status = table?.TableStatus;
  while (status !== 'ACTIVE' && status !== 'UPDATING') {
    if (performance.now() > deadline || status === 'DELETING') {
      throw new DrumlineError(
        'DRUM_TABLE_NOT_ACTIVE',
        `the DynamoDB table "${tableName}" is ${status ?? 'not there'}, not ACTIVE`,
      );
    }
    await delay(LOOK_EVERY);
    status = (await describe(client, tableName))?.TableStatus;
  }
}
