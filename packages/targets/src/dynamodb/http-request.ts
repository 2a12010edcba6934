import type { ErrorCode } from '@drumline/core/errors';
import { type Dispatcher, errors } from 'undici';
import { type Answer, parseAnswer } from './answer.ts';
import type { Abortable } from './flight.ts';

/** One HTTP request on undici's lowest level: no streams, no promise but the caller's. */
export class HttpRequest implements Dispatcher.DispatchHandler, Abortable {
  bytesReceived = 0;
  readonly #done: (answer: Answer, bytesReceived: number) => void;
  #controller: Dispatcher.DispatchController | undefined;
  #status = 0;
  #chunks: Buffer[] = [];
  #ended = false;

  /** @param done called once. */
  constructor(done: (answer: Answer, bytesReceived: number) => void) {
    this.#done = done;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    // Let go of while it waited for a connection.
    if (this.#ended) controller.abort(new Error('aborted'));
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number): void {
    this.#status = status;
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.bytesReceived += chunk.length;
    this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    if (this.#ended) return;
    const [first] = this.#chunks;
    this.#end(
      parseAnswer(this.#status, this.#chunks.length === 1 && first !== undefined ? first : Buffer.concat(this.#chunks)),
    );
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#end({ error: codeOf(error) });
  }

  abort(): void {
    if (this.#ended) return;
    this.#end({ error: 'DRUM_OP_TIMEOUT' });
    this.#controller?.abort(new Error('aborted'));
  }

  #end(answer: Answer): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#chunks = [];
    this.#done(answer, this.bytesReceived);
  }
}

/** What is not HTTP, or has another length than it says, is a broken answer; all else is a broken connection. */
const codeOf = (error: Error): ErrorCode =>
  error instanceof errors.HTTPParserError || error instanceof errors.ResponseContentLengthMismatchError
    ? 'DRUM_DDB_ANSWER'
    : 'DRUM_CONNECT';
