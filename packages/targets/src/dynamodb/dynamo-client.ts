import type { ErrorCode } from '@drumline/core/errors';
import { Pool } from 'undici';
import { type Answer, capacityOf, type Fields, fits } from './answer.ts';
import { AnswerRoom } from './answer-room.ts';
import type { CredentialSource } from './credentials.ts';
import type { Flight } from './flight.ts';
import { Gate } from './gate.ts';
import { HttpRequest } from './http-request.ts';
import { Signer } from './sigv4.ts';

/** The operations of DynamoDB's API that ops need. */
export type Operation =
  | 'PutItem'
  | 'UpdateItem'
  | 'GetItem'
  | 'DeleteItem'
  | 'Query'
  | 'BatchGetItem'
  | 'BatchWriteItem';

const RETRIED: ReadonlySet<ErrorCode> = new Set(['DRUM_DDB_THROTTLED', 'DRUM_DDB_SERVER', 'DRUM_CONNECT']);

export interface ClientOptions {
  readonly endpoint: URL;
  readonly region: string;
  readonly credentials: CredentialSource;
  readonly tableName: string;
  readonly connections: number;
  readonly retries: number;
  /** ms */
  readonly connectTimeout: number;
}

/** Sends signed requests over a bounded pool of kept-alive connections. */
export class DynamoClient {
  readonly #pool: Pool;
  readonly #signer: Signer;
  readonly #credentials: CredentialSource;
  readonly #retries: number;
  readonly #table: string;
  readonly #room = new AnswerRoom();
  readonly #gate: Gate;

  constructor(options: ClientOptions) {
    this.#credentials = options.credentials;
    this.#retries = options.retries;
    this.#table = options.tableName;
    this.#gate = new Gate(options.connections);
    this.#signer = new Signer(options.region, options.endpoint.host, options.credentials.current());
    this.#pool = new Pool(options.endpoint.origin, {
      connections: options.connections,
      pipelining: 1,
      allowH2: false,
      connect: { timeout: options.connectTimeout },
      // The op's own time-out ends what takes too long, so undici needs no timers.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  }

  /**
   * Answers the fields of the answer, or `undefined` when the request failed, after the retries that the options allow;
   * the flight's tally then has the code. Never rejects for a reason that lies with the target.
   */
  async call(operation: Operation, body: string, flight: Flight): Promise<Fields | undefined> {
    const { tally } = flight;
    const bytes = Buffer.from(body);
    for (let attempt = 0; ; attempt++) {
      const answer = this.#checked(operation, await this.#send(operation, bytes, flight));
      if (answer.error === undefined) {
        tally.capacity += capacityOf(answer.fields);
        return answer.fields;
      }
      if (answer.error === 'DRUM_DDB_THROTTLED') tally.throttles += 1;
      if (attempt >= this.#retries || flight.aborted || !RETRIED.has(answer.error)) {
        tally.fail(answer.error);
        return undefined;
      }
      await flight.pause(attempt);
    }
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  #checked(operation: Operation, answer: Answer): Answer {
    if (answer.error !== undefined) return answer;
    const { fields } = answer;
    const isFit = fits(operation, fields, this.#table) && !Number.isNaN(capacityOf(fields));
    return isFit ? answer : { error: 'DRUM_DDB_ANSWER' };
  }

  #send(operation: Operation, body: Buffer, flight: Flight): Promise<Answer> {
    if (flight.aborted) return Promise.resolve({ error: 'DRUM_OP_TIMEOUT' });
    return new Promise((resolve) => {
      const request = new HttpRequest(this.#room, this.#gate, (answer, bytesReceived) => {
        flight.tally.bytesReceived += bytesReceived;
        resolve(answer);
      });
      const start = (): void => this.#dispatch(operation, body, flight, request);
      this.#gate.enter(start);
      flight.started({
        abort: () => {
          this.#gate.withdraw(start);
          request.abort();
        },
      });
    });
  }

  #dispatch(operation: Operation, body: Buffer, flight: Flight, request: HttpRequest): void {
    const now = Date.now();
    const fresh = this.#credentials.refreshed(now);
    if (fresh !== undefined) this.#signer.use(fresh);
    flight.tally.bytesSent += body.length;
    const headers = this.#signer.sign(`DynamoDB_20120810.${operation}`, body, now);
    this.#pool.dispatch({ path: '/', method: 'POST', headers, body }, request);
  }
}
