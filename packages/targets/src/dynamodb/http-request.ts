import type { ErrorCode } from '@drumline/core/errors';
import { type Dispatcher, errors } from 'undici';
import { type Answer, parseAnswer } from './answer.ts';
import type { AnswerRoom } from './answer-room.ts';
import type { Abortable } from './flight.ts';
import type { Gate } from './gate.ts';

/** One HTTP request on undici's lowest level: no streams, no promise but the caller's. */
export class HttpRequest implements Dispatcher.DispatchHandler, Abortable {
  bytesReceived = 0;
  readonly #room: AnswerRoom;
  readonly #gate: Gate;
  readonly #done: (answer: Answer, bytesReceived: number) => void;
  #controller: Dispatcher.DispatchController | undefined;
  #status = 0;
  #chunks: Buffer[] = [];
  #ended = false;
  /** undici has let go of it: it has its place at the gate no more. */
  #left = false;

  /** @param done called once. */
  constructor(room: AnswerRoom, gate: Gate, done: (answer: Answer, bytesReceived: number) => void) {
    this.#room = room;
    this.#gate = gate;
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
    if (this.#ended) return;
    if (!this.#room.take(chunk.length, this.bytesReceived)) return this.#giveUp('DRUM_DDB_ANSWER');
    this.bytesReceived += chunk.length;
    this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    this.#leave();
    if (this.#ended) return;
    const [first] = this.#chunks;
    this.#end(
      parseAnswer(this.#status, this.#chunks.length === 1 && first !== undefined ? first : Buffer.concat(this.#chunks)),
    );
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#leave();
    this.#end({ error: codeOf(error) });
  }

  abort(): void {
    this.#giveUp('DRUM_OP_TIMEOUT');
  }

  /** Ends without waiting for what is still to come; the connection goes with it, so that nobody takes the rest for his. */
  #giveUp(error: ErrorCode): void {
    if (this.#ended) return;
    this.#end({ error });
    this.#controller?.abort(new Error('aborted'));
  }

  #leave(): void {
    if (this.#left) return;
    this.#left = true;
    this.#gate.leave();
  }

  #end(answer: Answer): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#chunks = [];
    this.#room.give(this.bytesReceived);
    this.#done(answer, this.bytesReceived);
  }
}

const BROKEN = [errors.HTTPParserError, errors.ResponseContentLengthMismatchError, errors.HeadersOverflowError];

/** What is not HTTP, or has another length than it says, is a broken answer; all else is a broken connection. */
function codeOf(error: Error): ErrorCode {
  const isBroken = BROKEN.some((kind) => error instanceof kind);
  // undici's "bad response" and "bad upgrade"
  return isBroken || (error instanceof errors.SocketError && error.message.startsWith('bad '))
    ? 'DRUM_DDB_ANSWER'
    : 'DRUM_CONNECT';
}
