/** The peer: a plain loop over the AWS SDK's client. */
import { DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { LoopSample } from './ioredis-loop.ts';
import { cpuTime, serve, settings } from './serve.ts';

const { endpoint, inFlight, valueBytes } = settings<{ endpoint: string; inFlight: number; valueBytes: number }>();
const sdk = new DynamoDBClient({
  region: 'us-east-1',
  endpoint,
  credentials: { accessKeyId: 'drumline', secretAccessKey: 'drumline' },
  requestHandler: { httpAgent: { maxSockets: inFlight } },
});
const value = new Uint8Array(valueBytes).fill(7);
const keys = Array.from({ length: 4_096 }, (_, n) => n.toString(16).padStart(32, '0'));
let ok = 0;
let going = true;

async function one(): Promise<void> {
  while (going) {
    await sdk.send(
      new UpdateItemCommand({
        TableName: 'stress',
        Key: { id: { S: keys[ok & 4_095] as string } },
        UpdateExpression: 'SET #a = :a',
        ExpressionAttributeNames: { '#a': 'field1' },
        ExpressionAttributeValues: { ':a': { B: value } },
        ReturnConsumedCapacity: 'TOTAL',
      }),
    );
    ok += 1;
  }
}

const all = Promise.all(Array.from({ length: inFlight }, one));
serve<'sample', LoopSample>(
  {},
  () => ({ ok, cpu: cpuTime(), at: performance.now() }),
  async () => {
    going = false;
    await all;
    sdk.destroy();
  },
);
