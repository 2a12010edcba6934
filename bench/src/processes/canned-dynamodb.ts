import { createServer } from 'node:net';
import { serve } from './serve.ts';

/**
 * A DynamoDB that answers every request with the same words, in a process of its own: what a benchmark of clients needs,
 * so that their own cost shows. Requests carry a Content-Length, as both clients send.
 */
const body = '{"ConsumedCapacity":{"CapacityUnits":1,"TableName":"stress"}}';
const answer = Buffer.from(
  `HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\nx-amzn-RequestId: CANNED\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
);
const describeBody = JSON.stringify({
  Table: {
    TableName: 'stress',
    TableStatus: 'ACTIVE',
    KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
  },
});
const describe = Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${describeBody.length}\r\n\r\n${describeBody}`);

const server = createServer({ noDelay: true }, (socket) => {
  let pending = '';
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => {
    pending += chunk.toString('latin1');
    for (;;) {
      const head = pending.indexOf('\r\n\r\n');
      if (head < 0) return;
      const length = Number(/\r\ncontent-length: (\d+)/iu.exec(pending)?.[1] ?? 0);
      if (pending.length < head + 4 + length) return;
      socket.write(pending.slice(0, head).includes('DescribeTable') ? describe : answer);
      pending = pending.slice(head + 4 + length);
    }
  });
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (address !== null && typeof address === 'object') serve(address.port, () => undefined);
});
