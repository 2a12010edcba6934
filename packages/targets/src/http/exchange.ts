import type { ErrorCode } from '@drumline/core/errors';
import type { HttpOutcome } from '@drumline/core/stats';
import { type Micros, micros } from '@drumline/core/units';
import { type Dispatcher, errors } from 'undici';
import type { Outcome } from '../driver.ts';
import type { Answer, AnswerChecks, Headers } from './answer-checks.ts';
import type { Connection, Origin, Traveller } from './origin.ts';
import type { Wire } from './request-maker.ts';
import { unpack } from './unpack.ts';

/** What all exchanges of one task share. */
export interface ExchangeTerms {
  readonly origin: Origin;
  readonly method: string;
  readonly checks: AnswerChecks;
  /** Bytes past which a body is cut. */
  readonly maxBody: number;
  /** ms until the head of an answer must be there; 0 = no bound. */
  readonly firstByte: number;
}

const NO_HEADERS: Headers = Object.freeze({});

/**
 * One request and its answer, on undici's lowest level: no streams, and no promise but the caller's. It is its own op's
 * outcome too, as a fast worker makes hundreds of thousands a second.
 */
export class Exchange implements Traveller, Dispatcher.DispatchHandler, Outcome, HttpOutcome, Answer {
  declare error?: ErrorCode;
  readonly items = 0;
  readonly misses = 0;
  throttles = 0;
  readonly unprocessed = 0;
  readonly capacity = 0;
  bytesSent = 0;
  bytesReceived = 0;
  status = 0;
  connect: Micros | undefined;
  firstByte: Micros | undefined;
  headers: Headers = NO_HEADERS;
  took = 0;
  readonly #terms: ExchangeTerms;
  readonly #wire: Wire;
  readonly #done: (outcome: Outcome) => void;
  /** ms of the monotonic clock. */
  readonly #began = performance.now();
  #boarded = 0;
  #sent = 0;
  #chunks: Buffer[] | undefined;
  #connection: Connection | undefined;
  #controller: Dispatcher.DispatchController | undefined;
  #ended = false;

  /** @param done called once. */
  constructor(terms: ExchangeTerms, wire: Wire, done: (outcome: Outcome) => void) {
    this.#terms = terms;
    this.#wire = wire;
    this.#done = done;
  }

  get http(): HttpOutcome {
    return this;
  }

  get size(): number {
    return this.bytesReceived;
  }

  begin(): void {
    this.#terms.origin.enter(this);
  }

  /** Its time-out passed. The connection goes with it, so that nobody takes the rest of the answer for his. */
  abort(): void {
    this.#terms.origin.withdraw(this);
    this.#giveUp('DRUM_OP_TIMEOUT');
  }

  board(connection: Connection): void {
    const { method, firstByte } = this.#terms;
    const { path, headers, body } = this.#wire;
    this.#connection = connection;
    if (!connection.isOpen) this.#boarded = performance.now();
    try {
      connection.client.dispatch({ method, path, headers, body, headersTimeout: firstByte, bodyTimeout: 0 }, this);
    } catch {
      this.#end('DRUM_HTTP_REQUEST');
      this.#leave();
    }
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    // Let go of while its connection was made.
    if (this.#ended) return controller.abort(new Error('aborted'));
    this.#sent = performance.now();
    if (this.#boarded > 0) this.connect = between(this.#boarded, this.#sent);
    this.bytesSent = this.#wire.body?.length ?? 0;
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: Headers): void {
    if (this.#ended || status < 200) return;
    this.status = status;
    if (status === 429) this.throttles = 1;
    this.headers = headers;
    this.firstByte = between(this.#sent, performance.now());
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#ended) return;
    this.bytesReceived += chunk.length;
    if (this.bytesReceived > this.#terms.maxBody) return this.#giveUp('DRUM_HTTP_TOO_LARGE');
    if (this.#terms.checks.readsBody) (this.#chunks ??= []).push(chunk);
  }

  onResponseEnd(): void {
    if (!this.#ended) {
      this.took = (performance.now() - this.#began) * 1_000;
      this.#end(this.#terms.checks.judge(this));
    }
    this.#leave();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#end(codeOf(error, this.#sent > 0));
    this.#leave();
  }

  text(): string | undefined {
    const [first, ...more] = this.#chunks ?? [];
    const body = first === undefined ? Buffer.alloc(0) : more.length === 0 ? first : Buffer.concat([first, ...more]);
    const encoding = this.headers['content-encoding'];
    if (encoding === undefined) return body.toString();
    return unpack(body, String(encoding), this.#terms.maxBody)?.toString();
  }

  #giveUp(error: ErrorCode): void {
    this.#end(error);
    this.#controller?.abort(new Error('aborted'));
  }

  #leave(): void {
    const connection = this.#connection;
    this.#connection = undefined;
    if (connection !== undefined) this.#terms.origin.leave(connection);
  }

  #end(error: ErrorCode | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    if (error !== undefined) this.error = error;
    this.#chunks = undefined;
    this.#done(this);
  }
}

const between = (from: number, to: number): Micros => micros((to - from) * 1_000);

const BROKEN = [errors.HTTPParserError, errors.ResponseContentLengthMismatchError, errors.HeadersOverflowError];

/** @param isSent whether the request was on its way */
function codeOf(error: Error, isSent: boolean): ErrorCode {
  if (error instanceof errors.HeadersTimeoutError) return 'DRUM_HTTP_FIRST_BYTE';
  if (error instanceof errors.InvalidArgumentError || error instanceof errors.NotSupportedError)
    return 'DRUM_HTTP_REQUEST';
  // undici's "bad response" and "bad upgrade"
  const isBad = error instanceof errors.SocketError && error.message.startsWith('bad ');
  if (isBad || BROKEN.some((kind) => error instanceof kind)) return 'DRUM_HTTP_ANSWER';
  if (isSent) return 'DRUM_HTTP_RESET';
  const code = 'code' in error ? String(error.code) : '';
  return /^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|EPROTO)/.test(code)
    ? 'DRUM_HTTP_TLS'
    : 'DRUM_CONNECT';
}
