import { createHash, createHmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { AwsCredentials } from '../driver-options.ts';
import { Signer } from './sigv4.ts';

/** node:crypto in the form that the SDK's signer takes a digest. */
class Sha256 {
  readonly #digest;
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    if (secret === undefined) this.#digest = createHash('sha256');
    else if (typeof secret === 'string') this.#digest = createHmac('sha256', secret);
    else this.#digest = createHmac('sha256', ArrayBuffer.isView(secret) ? bytesOf(secret) : new Uint8Array(secret));
  }
  update(data: string | ArrayBuffer | ArrayBufferView): void {
    if (typeof data === 'string') this.#digest.update(data);
    else this.#digest.update(ArrayBuffer.isView(data) ? bytesOf(data) : new Uint8Array(data));
  }
  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#digest.digest());
  }
  reset(): void {}
}
const bytesOf = (view: ArrayBufferView): Uint8Array => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);

const pairsOf = (list: readonly string[]): Record<string, string> =>
  Object.fromEntries(list.flatMap((name, i) => (i % 2 === 0 ? [[name, list[i + 1] ?? '']] : [])));

async function bySdk(
  credentials: AwsCredentials,
  region: string,
  url: URL,
  headers: Record<string, string>,
  body: Buffer,
  at: number,
) {
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  const signer = new SignatureV4({
    service: 'dynamodb',
    region,
    sha256: Sha256,
    applyChecksum: false,
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) },
  });
  const signed = await signer.sign(
    {
      method: 'POST',
      protocol: url.protocol,
      hostname: url.hostname,
      ...(url.port === '' ? {} : { port: Number(url.port) }),
      path: '/',
      query: {},
      headers: {
        host: url.host,
        'content-type': headers['content-type'] ?? '',
        'x-amz-target': headers['x-amz-target'] ?? '',
      },
      body,
    },
    { signingDate: new Date(at) },
  );
  return signed.headers;
}

const ascii = (min: number, max: number): fc.Arbitrary<string> =>
  fc.string({
    unit: fc.constantFrom('A', 'B', 'X', 'Z', 'a', 'z', '0', '9', '/', '+', '='),
    minLength: min,
    maxLength: max,
  });
const credentials: fc.Arbitrary<AwsCredentials> = fc.record(
  { accessKeyId: ascii(3, 128), secretAccessKey: ascii(1, 60), sessionToken: ascii(1, 1_500) },
  { requiredKeys: ['accessKeyId', 'secretAccessKey'] },
);
const endpoint = fc
  .tuple(
    fc.constantFrom('http', 'https'),
    fc.oneof(
      fc.domain(),
      fc.ipV4(),
      fc.ipV6().map((ip) => `[${ip}]`),
      fc.constant('LocalHost'),
    ),
    fc.option(fc.oneof(fc.constantFrom(80, 443, 8000), fc.integer({ min: 1, max: 65_535 })), { nil: undefined }),
  )
  .map(([protocol, host, port]) => new URL(`${protocol}://${host}${port === undefined ? '' : `:${port}`}`));

test("a request's signature is the one that the SDK makes of it", async () => {
  await fc.assert(
    fc.asyncProperty(
      credentials,
      fc.constantFrom('us-east-1', 'eu-west-1', 'cn-north-1', 'us-gov-west-1', 'local'),
      endpoint,
      fc.constantFrom('GetItem', 'PutItem', 'BatchWriteItem', 'Query'),
      fc.string({ unit: 'binary', maxLength: 400 }).map((text) => Buffer.from(text)),
      fc.integer({ min: 0, max: 4_000_000_000_000 }),
      async (keys, region, url, operation, body, at) => {
        const headers = pairsOf(new Signer(region, url.host, keys).sign(`DynamoDB_20120810.${operation}`, body, at));
        expect({ host: url.host, ...headers }).toEqual(await bySdk(keys, region, url, headers, body, at));
      },
    ),
    { numRuns: 600 },
  );
});

test('one signer follows the seconds, the days and a change of credentials', async () => {
  const url = new URL('https://dynamodb.us-east-1.amazonaws.com');
  const body = Buffer.from('{}');
  const first = { accessKeyId: 'AKIAFIRST', secretAccessKey: 'one' };
  const second = { accessKeyId: 'AKIASECOND', secretAccessKey: 'two', sessionToken: 'with a  wide   token ' };
  const signer = new Signer('us-east-1', url.host, first);
  const midnight = Date.UTC(2026, 0, 2);
  for (const at of [midnight - 1_001, midnight - 1, midnight, midnight + 999, midnight + 86_400_000, midnight]) {
    const headers = pairsOf(signer.sign('DynamoDB_20120810.GetItem', body, at));
    expect(headers).toMatchObject({
      authorization: (await bySdk(first, 'us-east-1', url, headers, body, at))['authorization'],
    });
  }
  signer.use(second);
  const headers = pairsOf(signer.sign('DynamoDB_20120810.GetItem', body, midnight));
  expect(headers).toMatchObject({
    authorization: (await bySdk(second, 'us-east-1', url, headers, body, midnight))['authorization'],
  });
});
