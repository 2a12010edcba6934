import { type Fault, flood, HostileTcp } from './hostile-tcp.ts';

type Json = Readonly<Record<string, unknown>>;

/** One request: the operation's name and its body. */
export interface AskedDynamoDb {
  readonly operation: string;
  readonly body: Json;
}

/**
 * A DynamoDB on raw sockets, so that its HTTP can be wrong, too. It describes a good table of whatever name, keeps nothing,
 * finds every item that it is asked for, and fails on command; what looks after tables is always answered well.
 */
export type HostileDynamoDb = HostileTcp<AskedDynamoDb>;

export async function startHostileDynamoDb(): Promise<HostileDynamoDb> {
  return HostileTcp.start(() => (received, request) => {
    let rest = received;
    for (;;) {
      const head = rest.indexOf('\r\n\r\n');
      if (head < 0) return rest;
      const text = rest.toString('latin1', 0, head);
      const end = head + 4 + Number(/^content-length: *(\d+)/imu.exec(text)?.[1] ?? 0);
      if (rest.length < end) return rest;
      const operation = /^x-amz-target: *\w+\.(\w+)/imu.exec(text)?.[1] ?? '';
      const body = JSON.parse(rest.subarray(head + 4, end).toString()) as Json;
      rest = rest.subarray(end);
      request({ operation, body }, http(200, goodAnswer(operation, body)));
    }
  });
}

/** A whole HTTP answer. */
export function http(status: number, body: unknown, headers = ''): Buffer {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return Buffer.from(
    `HTTP/1.1 ${status} X\r\ncontent-type: application/x-amz-json-1.0\r\n${headers}` +
      `content-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
  );
}

function goodAnswer(operation: string, body: Json): Json {
  const id = { S: '0'.repeat(32) };
  const capacity = { ConsumedCapacity: { CapacityUnits: 1 } };
  switch (operation) {
    case 'DescribeTable':
      return { Table: tableOf(String(body['TableName'])) };
    case 'GetItem':
      return { ...capacity, Item: { id, field1: { S: 'x' } } };
    case 'Query':
      return { ...capacity, Items: [{ id, sk: { S: 'field1' }, val: { S: 'x' } }] };
    case 'BatchGetItem': {
      const [[table, { Keys }]] = Object.entries(body['RequestItems'] as Json) as [[string, { Keys: Json[] }]];
      return { Responses: { [table]: Keys.map((key) => ({ ...key, field1: { S: 'x' } })) }, UnprocessedKeys: {} };
    }
    case 'BatchWriteItem':
      return { UnprocessedItems: {}, ConsumedCapacity: [{ CapacityUnits: 1 }] };
    default:
      return capacity;
  }
}

function tableOf(name: string): Json {
  const keys = [{ AttributeName: 'id', KeyType: 'HASH' }];
  if (name.startsWith('multirow')) keys.push({ AttributeName: 'sk', KeyType: 'RANGE' });
  const types = keys.map(({ AttributeName }) => ({ AttributeName, AttributeType: 'S' }));
  return { TableStatus: 'ACTIVE', KeySchema: keys, AttributeDefinitions: types };
}

/** Leaves table operations alone. */
const onOps = (answer: NonNullable<Fault<AskedDynamoDb>['answer']>): Fault<AskedDynamoDb> => ({
  answer: (socket, good, request) =>
    request.operation === 'DescribeTable' ? socket.write(good) : answer(socket, good, request),
});

/** Answers every op with these bytes. */
export const sends = (bytes: string | Buffer): Fault<AskedDynamoDb> => onOps((socket) => socket.write(bytes));

/** Answers every op with status 200 and this body. */
export const answers = (body: unknown): Fault<AskedDynamoDb> => sends(http(200, body));

/** Refuses every op as DynamoDB does. */
export const throws = (name: string, status = 400): Fault<AskedDynamoDb> =>
  sends(http(status, { __type: `com.amazonaws.dynamodb.v20120810#${name}`, message: 'no' }));

/** Hands back all that a batch asked for, and answers other ops well. */
const handsBackAll = onOps((socket, good, { operation, body }) => {
  const field = operation === 'BatchGetItem' ? 'UnprocessedKeys' : 'UnprocessedItems';
  const isBatch = operation.startsWith('Batch');
  socket.write(isBatch ? http(200, { [field]: body['RequestItems'] }) : good);
});

const deep = `${'{"L":['.repeat(4_000)}${']}'.repeat(4_000)}`;
const many = Array.from({ length: 200 }, (_, i) => ({ id: { S: String(i) }, sk: { S: 'x' } }));

/** What only a DynamoDB, or some HTTP server in its place, can get wrong. */
export const DYNAMODB_FAULTS = {
  isThrottling: throws('ThrottlingException'),
  isOverProvisioned: throws('ProvisionedThroughputExceededException'),
  isFailing: throws('InternalServerError', 500),
  isUnavailable: sends(http(503, '<html>503 Service Unavailable</html>')),
  isAGatewayThatThrottles: sends(http(429, 'slow down')),
  isAWebSite: answers('<html>hello</html>'),
  redirects: sends(http(302, '', 'location: http://127.0.0.1:1/\r\n')),
  wantsALogin: sends(http(401, '')),
  answersNothing: sends(http(204, '')),
  answersEmptily: answers(''),
  answersHalfAnObject: answers('{"Item":{"id":'),
  answersAList: answers('[1]'),
  answersProto: answers('{"__proto__":{"Item":1},"Item":"x","Items":"x","Responses":1,"UnprocessedItems":[]}'),
  answersWrongTypes: answers({ Item: 7, Items: 'x', Responses: [], UnprocessedItems: 'x', UnprocessedKeys: 3 }),
  answersInfinities: answers(
    '{"ConsumedCapacity":{"CapacityUnits":1e999},"Item":{},"Items":[],"UnprocessedItems":{},"Responses":{}}',
  ),
  answersDepths: answers(
    `{"Item":${deep},"Items":[${deep}],"LastEvaluatedKey":${deep},"UnprocessedItems":{"stress":[${deep}]},"Responses":{"stress":[${deep}]}}`,
  ),
  answersMore: answers({
    Items: many,
    Item: many[0],
    Responses: { stress: many, multirow: many },
    UnprocessedItems: {
      stress: many.map((Item) => ({ PutRequest: { Item } })),
      multirow: many.map((Item) => ({ PutRequest: { Item } })),
    },
  }),
  handsBackAll,
  saysLessThanItSends: onOps((socket) => socket.write('HTTP/1.1 200 X\r\ncontent-length: 2\r\n\r\n{}garbage')),
  saysMoreThanItSends: onOps((socket) => socket.write('HTTP/1.1 200 X\r\ncontent-length: 99\r\n\r\n{}')),
  saysANegativeLength: sends('HTTP/1.1 200 X\r\ncontent-length: -1\r\n\r\n{}'),
  saysTwoLengths: sends('HTTP/1.1 200 X\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}'),
  breaksItsChunks: sends('HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n'),
  hasHugeHeaders: sends(`HTTP/1.1 200 X\r\nx: ${'y'.repeat(200_000)}\r\ncontent-length: 2\r\n\r\n{}`),
  hasEndlessHeaders: onOps((socket) =>
    flood(socket, 'HTTP/1.1 200 X\r\n', Buffer.from(`a: ${'b'.repeat(1_000)}\r\n`.repeat(20))),
  ),
  promisesMoreThanFits: sends('HTTP/1.1 200 X\r\ncontent-length: 99999999999\r\n\r\n{'),
  answersEndlessly: onOps((socket) =>
    flood(
      socket,
      'HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\n',
      Buffer.from(`10000\r\n${' '.repeat(65_536)}\r\n`),
    ),
  ),
  continuesForEver: onOps((socket) => flood(socket, '', Buffer.from('HTTP/1.1 100 Continue\r\n\r\n'.repeat(1_000)))),
  switchesProtocols: sends('HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'),
  answersTwice: onOps((socket, good) => socket.write(Buffer.concat([good, good]))),
} satisfies Record<string, Fault<AskedDynamoDb>>;
