import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Asked {
  readonly operation: string;
  readonly body: Record<string, unknown>;
}
type Respond = (asked: Asked, response: ServerResponse, nth: number) => void;

/** A server on the loopback that describes a good table and answers everything else as the test says. */
export interface FakeDynamoDb {
  readonly endpoint: string;
  readonly asked: Asked[];
  stop(): void;
}

export async function startFakeDynamoDb(tableName: string, respond: Respond): Promise<FakeDynamoDb> {
  const asked: Asked[] = [];
  const keys = [{ AttributeName: 'id', KeyType: 'HASH' }];
  if (tableName.startsWith('multirow')) keys.push({ AttributeName: 'sk', KeyType: 'RANGE' });
  const description = {
    Table: {
      TableStatus: 'ACTIVE',
      KeySchema: keys,
      AttributeDefinitions: keys.map(({ AttributeName }) => ({ AttributeName, AttributeType: 'S' })),
    },
  };
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const operation = String(request.headers['x-amz-target']).split('.')[1] ?? '';
    if (operation === 'DescribeTable') return answer(response, description);
    const one = { operation, body: JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown> };
    asked.push(one);
    respond(one, response, asked.length);
  };
  const server = createServer((request, response) => void serve(request, response).catch(() => response.destroy()));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

export function answer(response: ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}

export const exception = (response: ServerResponse, name: string, status = 400): void =>
  answer(response, { __type: `com.amazonaws.dynamodb.v20120810#${name}`, message: 'no' }, status);
