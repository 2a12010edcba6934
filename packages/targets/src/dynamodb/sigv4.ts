import { createHmac, hash } from 'node:crypto';
import type { AwsCredentials } from '../driver-options.ts';

const SERVICE = 'dynamodb';
const CONTENT_TYPE = 'application/x-amz-json-1.0';
/** Block size of SHA-256 in bytes. */
const BLOCK = 64;
const DIGEST = 32;

/**
 * Signs DynamoDB requests (POST of `/`) with AWS Signature Version 4, written for speed: what changes once a second or
 * once a day is kept, so a request costs three digests. Its signatures are compared with the SDK's own in a test.
 *
 * The scheme, with H = SHA-256: signature = HMAC(key, date ∥ scope ∥ H(canonical request)), where the canonical request
 * ends with H(body) and key = HMAC(HMAC(HMAC(HMAC("AWS4" + secret, day), region), service), "aws4_request").
 * Source: AWS, "Create a signed AWS API request".
 */
export class Signer {
  readonly #region: string;
  readonly #host: string;
  #credentials: AwsCredentials;
  #second = Number.NaN;
  #day = '';
  #amzDate = '';
  #scope = '';
  #mac = new Hmac(Buffer.alloc(DIGEST));

  /** @param host as the Host header says it: with the port unless it is the protocol's own. */
  constructor(region: string, host: string, credentials: AwsCredentials) {
    this.#region = region;
    this.#host = host;
    this.#credentials = credentials;
  }

  /** Signs from now on with other credentials. */
  use(credentials: AwsCredentials): void {
    this.#credentials = credentials;
    this.#second = Number.NaN;
    this.#day = '';
  }

  /**
   * The request's headers, names and values by turns, all but Host, which the HTTP client writes itself.
   * @param target value of `X-Amz-Target`.
   * @param at ms since the epoch: the date that is signed.
   */
  sign(target: string, body: Uint8Array, at: number): string[] {
    const second = Math.floor(at / 1_000);
    if (second !== this.#second) this.#turn(second);
    const { accessKeyId, sessionToken } = this.#credentials;
    const token = sessionToken === undefined ? '' : `x-amz-security-token:${canonicalValue(sessionToken)}\n`;
    const names = `content-type;host;x-amz-date;${token === '' ? '' : 'x-amz-security-token;'}x-amz-target`;
    const canonical =
      `POST\n/\n\ncontent-type:${CONTENT_TYPE}\nhost:${this.#host}\nx-amz-date:${this.#amzDate}\n${token}` +
      `x-amz-target:${target}\n\n${names}\n${hash('sha256', body, 'hex')}`;
    const signature = this.#mac.hex(
      `AWS4-HMAC-SHA256\n${this.#amzDate}\n${this.#scope}\n${hash('sha256', canonical, 'hex')}`,
    );
    const headers = [
      'content-type',
      CONTENT_TYPE,
      'x-amz-date',
      this.#amzDate,
      'x-amz-target',
      target,
      'authorization',
      `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${this.#scope}, SignedHeaders=${names}, Signature=${signature}`,
    ];
    if (sessionToken !== undefined) headers.push('x-amz-security-token', sessionToken);
    return headers;
  }

  /** A new second has begun, and perhaps a new day (UTC), which has a key of its own. */
  #turn(second: number): void {
    this.#second = second;
    this.#amzDate = new Date(second * 1_000).toISOString().replaceAll(/[-:]|\.\d+/gu, '');
    const day = this.#amzDate.slice(0, 8);
    if (day === this.#day) return;
    this.#day = day;
    this.#scope = `${day}/${this.#region}/${SERVICE}/aws4_request`;
    let key = Buffer.from(`AWS4${this.#credentials.secretAccessKey}`);
    for (const part of [day, this.#region, SERVICE, 'aws4_request'])
      key = createHmac('sha256', key).update(part).digest();
    this.#mac = new Hmac(key);
  }
}

/** Header values are signed trimmed and with runs of white space as one space. */
const canonicalValue = (value: string): string => value.trim().replaceAll(/\s+/gu, ' ');

/**
 * HMAC-SHA256 with one key: H(key ⊕ opad ∥ H(key ⊕ ipad ∥ message)), RFC 2104. Measured 1.2 µs a message, against 3.1 µs
 * for `createHmac`, whose object is dearer than two one-shot digests.
 */
class Hmac {
  readonly #outer = Buffer.alloc(BLOCK + DIGEST);
  #inner = Buffer.alloc(BLOCK + 192);

  /** @param key of at most 64 bytes. */
  constructor(key: Uint8Array) {
    for (let i = 0; i < BLOCK; i++) {
      const byte = key[i] ?? 0;
      this.#inner[i] = byte ^ 0x36;
      this.#outer[i] = byte ^ 0x5c;
    }
  }

  /** @param message ASCII */
  hex(message: string): string {
    const length = BLOCK + message.length;
    if (this.#inner.length < length)
      this.#inner = Buffer.concat([this.#inner.subarray(0, BLOCK), Buffer.alloc(message.length)]);
    this.#inner.write(message, BLOCK, 'latin1');
    this.#outer.write(hash('sha256', this.#inner.subarray(0, length), 'hex'), BLOCK, 'hex');
    return hash('sha256', this.#outer, 'hex');
  }
}
