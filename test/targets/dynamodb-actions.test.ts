import { type AttributeValue, DynamoDBClient, paginateQuery } from '@aws-sdk/client-dynamodb';
import type { Item } from '@drumline/core/data';
import type { Json } from '@drumline/core/plan';
import { createTable } from '@drumline/targets';
import { startDynalite } from '../servers/dynalite.ts';
import { type Bench, describeActions } from './conformance.ts';
import { options, type Stored, shown } from './target.ts';

const plain = (value: AttributeValue): Uint8Array | Json => {
  if (value.B !== undefined) return value.B;
  if (value.N !== undefined) return Number(value.N);
  if (value.NULL === true) return null;
  if (value.L !== undefined) return value.L.map((member) => plain(member) as Json);
  if (value.M !== undefined)
    return Object.fromEntries(Object.entries(value.M).map(([name, member]) => [name, plain(member) as Json]));
  return value.S ?? value.BOOL ?? 'unknown';
};

const startFor = (tableName: string) => async (): Promise<Bench> => {
  const server = await startDynalite();
  const target = options({ db: 'dynamodb', tableName, endpoint: server.endpoint });
  await createTable(target);
  const client = new DynamoDBClient({
    region: target.region,
    endpoint: server.endpoint,
    credentials: { accessKeyId: 'drumline', secretAccessKey: 'other' },
  });
  const look = async (of: Item): Promise<Stored> => {
    const rows: Record<string, AttributeValue>[] = [];
    const pages = paginateQuery(
      { client },
      {
        TableName: tableName,
        KeyConditionExpression: 'id = :id',
        ExpressionAttributeValues: { ':id': { S: of.key } },
        ConsistentRead: true,
      },
    );
    for await (const page of pages) rows.push(...(page.Items ?? []));
    if (rows.length === 0) return undefined;
    const columns = tableName.startsWith('multirow')
      ? rows.map((row) => [row['sk']?.S ?? '', row['val']] as const)
      : Object.entries(rows[0] ?? {}).filter(([name]) => name !== 'id');
    return Object.fromEntries(
      columns.map(([name, value]) => [name, value === undefined ? 'no value' : shown(plain(value))]),
    );
  };
  return {
    options: target,
    look,
    stop: async () => {
      client.destroy();
      await server.stop();
    },
  };
};

describeActions('DynamoDB, one row an item', startFor('stress'), false);
describeActions('DynamoDB, one row a column', startFor('multirow-stress'), true);
