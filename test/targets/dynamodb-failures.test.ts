import { CreateTableCommand, DescribeTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { micros, millis } from '@drumline/core/units';
import { Abort, createTable, type Driver, type DriverOptions, openDriver } from '@drumline/targets';
import { expect, onTestFinished, test } from 'vitest';
import { startDynalite } from '../servers/dynalite.ts';
import { freePort } from '../servers/index.ts';
import { answer, exception, type FakeDynamoDb, startFakeDynamoDb } from './fake-dynamodb.ts';
import { bytes, item, op, options, run } from './target.ts';

type Respond = Parameters<typeof startFakeDynamoDb>[1];

async function opened(more: Partial<DriverOptions>): Promise<Driver> {
  const driver = openDriver(options({ db: 'dynamodb', ...more }));
  onTestFinished(() => driver.close());
  await driver.open();
  return driver;
}

async function against(
  respond: Respond,
  more: Partial<DriverOptions> = {},
): Promise<{ driver: Driver; fake: FakeDynamoDb }> {
  const fake = await startFakeDynamoDb(more.tableName ?? 'stress', respond);
  onTestFinished(() => fake.stop());
  return { driver: await opened({ endpoint: fake.endpoint, ...more }), fake };
}

async function dynalite(): Promise<{ endpoint: string; client: DynamoDBClient }> {
  const server = await startDynalite();
  const client = new DynamoDBClient({
    region: 'us-east-1',
    endpoint: server.endpoint,
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
  });
  onTestFinished(async () => {
    client.destroy();
    await server.stop();
  });
  return { endpoint: server.endpoint, client };
}

const it = item(1, [bytes('field1', 10)]);

test('open() of a missing table says which, and which option makes it', async () => {
  const { endpoint } = await dynalite();
  await expect(opened({ endpoint, tableName: 'nowhere' })).rejects.toMatchObject({
    code: 'DRUM_TABLE_MISSING',
    exit: 4,
    message: expect.stringContaining('"nowhere"'),
    hint: expect.stringContaining('--create-table'),
  });
});

test('open() of a table with other keys says which it has and which ops need', async () => {
  const { endpoint, client } = await dynalite();
  await client.send(
    new CreateTableCommand({
      TableName: 'stress',
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'N' }],
    }),
  );
  const wrong = { code: 'DRUM_TABLE_SCHEMA', message: expect.stringMatching(/pk \(N, HASH\).*id \(S, HASH\)/u) };
  await expect(opened({ endpoint })).rejects.toMatchObject(wrong);
  await expect(createTable(options({ db: 'dynamodb', endpoint }))).rejects.toMatchObject(wrong);
});

test('createTable() makes a table billed on demand, once, whoever else makes it at the same time', async () => {
  const { endpoint, client } = await dynalite();
  const target = options({ db: 'dynamodb', endpoint, tableName: 'multirow' });
  const made = await Promise.all([createTable(target), createTable(target)]);
  expect(made.filter((one) => one === 'created')).toHaveLength(1);
  expect(await createTable(target)).toBe('existed');
  const { Table } = await client.send(new DescribeTableCommand({ TableName: 'multirow' }));
  expect(Table).toMatchObject({ TableStatus: 'ACTIVE', BillingModeSummary: { BillingMode: 'PAY_PER_REQUEST' } });
  expect(Table?.KeySchema).toHaveLength(2);
});

test('open() of an endpoint that nobody listens on fails with DRUM_CONNECT', async () => {
  const port = await freePort();
  await expect(opened({ endpoint: `http://127.0.0.1:${port}`, connectWithin: millis(500) })).rejects.toMatchObject({
    code: 'DRUM_CONNECT',
    exit: 4,
  });
});

test.each(['dynamodb', 'ftp://x', 'http://h/path', 'http://u:p@h'])(
  'the endpoint %s is refused with a code',
  async (endpoint) => {
    await expect(opened({ endpoint })).rejects.toMatchObject({ code: 'DRUM_ENDPOINT_INVALID' });
  },
);

test.each([
  ['ProvisionedThroughputExceededException', 400, 'DRUM_DDB_THROTTLED', 1],
  ['ThrottlingException', 400, 'DRUM_DDB_THROTTLED', 1],
  ['RequestLimitExceeded', 400, 'DRUM_DDB_THROTTLED', 1],
  ['ValidationException', 400, 'DRUM_DDB_VALIDATION', 0],
  ['AccessDeniedException', 400, 'DRUM_DDB_ACCESS', 0],
  ['UnrecognizedClientException', 400, 'DRUM_DDB_ACCESS', 0],
  ['ResourceNotFoundException', 400, 'DRUM_TABLE_MISSING', 0],
  ['InternalServerError', 500, 'DRUM_DDB_SERVER', 0],
  ['SomethingNew', 503, 'DRUM_DDB_SERVER', 0],
])('%s is %s %s with %d throttles', async (name, status, error, throttles) => {
  const { driver, fake } = await against((_asked, response) => exception(response, name, status));
  for (const action of ['putItem', 'getItem', 'batchPutItem', 'query'] as const) {
    expect(await run(driver, action, [it])).toMatchObject({ error, throttles, items: 0, misses: 0 });
  }
  expect(fake.asked).toHaveLength(4);
});

test('a throttle that a retry mends is counted and is no error', async () => {
  const { driver } = await against(
    (_asked, response, nth) =>
      nth <= 2
        ? exception(response, 'ThrottlingException')
        : answer(response, { ConsumedCapacity: { CapacityUnits: 1.5 } }),
    { retries: 2 },
  );
  const outcome = await run(driver, 'putItem', [it]);
  expect(outcome).toMatchObject({ items: 1, throttles: 2, capacity: 1.5 });
  expect(outcome.error).toBeUndefined();
});

test('what is refused as invalid is not sent again', async () => {
  const { driver, fake } = await against((_asked, response) => exception(response, 'ValidationException'), {
    retries: 5,
  });
  await run(driver, 'putItem', [it]);
  expect(fake.asked).toHaveLength(1);
});

test.each(['<html>hello</html>', '', '[1]', '{"Item":'])('the answer %j is no DynamoDB', async (text) => {
  const { driver } = await against((_asked, response) => answer(response, text));
  expect(await run(driver, 'getItem', [it])).toMatchObject({ error: 'DRUM_DDB_ANSWER', items: 0, misses: 0 });
});

test('what is not HTTP at all is no DynamoDB, and a connection that breaks is DRUM_CONNECT', async () => {
  const { driver } = await against((_asked, response, nth) => {
    if (nth === 1) response.socket?.end('EHLO garbage\r\n\r\n');
    else if (nth === 2) response.socket?.resetAndDestroy();
    else if (nth === 3) {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('{"Item"', () => response.socket?.destroy());
    } else answer(response, {});
  });
  expect((await run(driver, 'getItem', [it])).error).toBe('DRUM_DDB_ANSWER');
  expect((await run(driver, 'getItem', [it])).error).toBe('DRUM_CONNECT');
  expect((await run(driver, 'getItem', [it])).error).toBe('DRUM_CONNECT');
  expect(await run(driver, 'getItem', [it])).toMatchObject({ misses: 1 });
});

test('an aborted op lets go at once, whether it waits for an answer, a connection or a retry', async () => {
  const { driver, fake } = await against(
    (_asked, response) => (fake.asked.length > 1 ? exception(response, 'ThrottlingException') : undefined),
    {
      connections: 1,
      retries: 1_000,
    },
  );
  const [waiting, queued] = [new Abort(), new Abort()];
  const outcomes = [driver.execute(op('getItem', [it]), waiting), driver.execute(op('getItem', [it]), queued)];
  await expect.poll(() => fake.asked.length).toBe(1);
  queued.abort();
  expect(await outcomes[1]).toMatchObject({ error: 'DRUM_OP_TIMEOUT' });
  waiting.abort();
  expect(await outcomes[0]).toMatchObject({ error: 'DRUM_OP_TIMEOUT' });
  const retrying = new Abort();
  const last = driver.execute(op('getItem', [it]), retrying);
  await expect.poll(() => fake.asked.length, { timeout: 5_000 }).toBeGreaterThan(4);
  retrying.abort();
  expect(await last).toMatchObject({ error: 'DRUM_OP_TIMEOUT' });
});

test('unprocessed items are sent again until they are done', async () => {
  const { driver, fake } = await against(({ body }, response) => {
    const asked = (body['RequestItems'] as Record<string, unknown[]>)['stress'] ?? [];
    answer(response, {
      UnprocessedItems: asked.length > 5 ? { stress: asked.slice(0, -10) } : {},
      ConsumedCapacity: [{ CapacityUnits: 10 }],
    });
  });
  const items = Array.from({ length: 25 }, (_, i) => item(i, it.row));
  expect(await run(driver, 'batchPutItem', items)).toMatchObject({ items: 25, unprocessed: 0, capacity: 30 });
  expect(fake.asked).toHaveLength(3);
});

test('items still unprocessed after the bound are counted, and the op fails', async () => {
  const { driver, fake } = await against(
    ({ body }, response) => {
      const asked = (body['RequestItems'] as Record<string, unknown[]>)['stress'] ?? [];
      answer(response, { UnprocessedItems: { stress: asked.slice(0, 4) } });
    },
    { unprocessedRetries: 1 },
  );
  const items = Array.from({ length: 30 }, (_, i) => item(i, it.row));
  expect(await run(driver, 'batchPutItem', items)).toMatchObject({
    error: 'DRUM_DDB_UNPROCESSED',
    items: 22,
    unprocessed: 8,
  });
  expect(fake.asked).toHaveLength(4);
});

test('unprocessed keys are neither hits nor misses', async () => {
  const { driver, fake } = await against(
    ({ body }, response) => {
      const { stress } = body['RequestItems'] as Record<string, { Keys: { id: unknown }[] }>;
      const [first, ...rest] = stress?.Keys ?? [];
      answer(response, {
        Responses: { stress: fake.asked.length === 1 ? [{ id: first?.id, a: { S: 'x' } }] : [] },
        UnprocessedKeys: { stress: { Keys: rest.slice(0, 2) } },
      });
    },
    { unprocessedRetries: 0 },
  );
  const items = Array.from({ length: 10 }, (_, i) => item(i));
  expect(await run(driver, 'batchGetItem', items)).toMatchObject({
    error: 'DRUM_DDB_UNPROCESSED',
    items: 1,
    misses: 7,
    unprocessed: 2,
  });
});

test('unprocessed rows of a table of one row a column leave their items undone', async () => {
  const { driver } = await against(
    ({ body }, response) => {
      const asked = (body['RequestItems'] as Record<string, unknown[]>)['multirow'] ?? [];
      answer(response, { UnprocessedItems: { multirow: asked.slice(0, 1) } });
    },
    { unprocessedRetries: 1, tableName: 'multirow' },
  );
  const items = [item(1, [bytes('a', 1), bytes('b', 1)]), item(2, [bytes('a', 1), bytes('b', 1)])];
  expect(await run(driver, 'batchPutItem', items)).toMatchObject({
    error: 'DRUM_DDB_UNPROCESSED',
    items: 1,
    unprocessed: 1,
  });
});

test('a query follows all pages, and stops at its limit', async () => {
  const rows = Array.from({ length: 3 }, (_, i) => ({ id: { S: it.key }, sk: { S: `c${i}` } }));
  const { driver, fake } = await against(
    (_asked, response, nth) =>
      answer(response, { Items: rows, ...(nth % 4 === 0 ? {} : { LastEvaluatedKey: rows[2] }) }),
    { tableName: 'multirow' },
  );
  expect(await run(driver, 'getItem', [it])).toMatchObject({ items: 1 });
  expect(fake.asked.map(({ body }) => body['ExclusiveStartKey'])).toEqual([undefined, rows[2], rows[2], rows[2]]);
  await run(driver, 'query', [it], 5);
  expect(fake.asked.slice(4).map(({ body }) => body['Limit'])).toEqual([5, 2]);
});

test('no more connections than allowed are opened, and every op still ends', async () => {
  const sockets = new Set<unknown>();
  const { driver } = await against(
    (_asked, response) => {
      sockets.add(response.socket);
      answer(response, {});
    },
    { connections: 3 },
  );
  const outcomes = await Promise.all(Array.from({ length: 100 }, () => run(driver, 'putItem', [it])));
  expect(outcomes.filter((one) => one.error !== undefined)).toEqual([]);
  expect(sockets.size).toBeLessThanOrEqual(3);
});

test('a column that is called like the key is refused without a request', async () => {
  const { driver, fake } = await against((_asked, response) => answer(response, {}));
  for (const action of ['putItem', 'updateItem', 'batchPutItem'] as const) {
    expect(await run(driver, action, [item(1, [bytes('id', 3)])])).toMatchObject({
      error: 'DRUM_DDB_VALIDATION',
      items: 0,
    });
  }
  expect(fake.asked).toEqual([]);
});

test('reads say whether they are consistent', async () => {
  for (const consistentRead of [true, false]) {
    const { driver, fake } = await against((_asked, response) => answer(response, {}), {
      consistentRead,
      timeout: micros(1_000_000),
    });
    for (const action of ['getItem', 'getSubItem', 'query'] as const) await run(driver, action, [it]);
    await run(driver, 'batchGetItem', [it]);
    expect(fake.asked.map(({ body }) => JSON.stringify(body).includes('"ConsistentRead":true'))).toEqual(
      Array.from({ length: 4 }, () => consistentRead),
    );
  }
});

test('a batch of which more, others or the same twice are handed back was not answered by a DynamoDB', async () => {
  const row = (n: number) => ({ PutRequest: { Item: { id: { S: item(n).key } } } });
  for (const handedBack of [[row(7)], [row(1), row(1)], [row(1), row(2), row(3)], [{ PutRequest: {} }]]) {
    const { driver, fake } = await against((_asked, response) =>
      answer(response, { UnprocessedItems: { stress: handedBack } }),
    );
    const outcome = await run(driver, 'batchPutItem', [item(1, it.row), item(2, it.row)]);
    expect(outcome).toMatchObject({ error: 'DRUM_DDB_ANSWER', items: 0, unprocessed: 0 });
    expect(fake.asked).toHaveLength(1);
  }
});
