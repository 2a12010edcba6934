/** A value that came and was not kept, because it was too long; its bytes are counted. */
export class UnkeptBytes {
  readonly length: number;

  constructor(length: number) {
    this.length = length;
  }
}

/** An error that the target answered a command with. Not an `Error`: a busy target sends thousands, and a stack is dear. */
export class ReplyRefusal {
  /** As it came, without the leading minus: `OOM command not allowed …`. */
  readonly message: string;

  constructor(message: string) {
    this.message = message;
  }
}

/**
 * What Redis answers: numbers, statuses as text, values as bytes. A refusal or an `Error` stands for one command that
 * failed: the first when the target said so, the second when the connection did.
 */
export type Reply = null | number | string | Buffer | UnkeptBytes | ReplyRefusal | Error | Reply[];

/** The target answered, but not what the command can be answered with, or nothing that is RESP at all. */
export class AnswerError extends Error {
  override readonly name = 'AnswerError';
}
