/** Bytes that one answer may have: DynamoDB's own bound is 16 MB, before JSON and base64 blow it up. */
const LARGEST = 32 * 2 ** 20;
/** Bytes of all answers of a driver together that have begun and not ended. */
const ROOM = 256 * 2 ** 20;

/** Bounds what answers may take up before they can be read, so that a target cannot fill the memory of a worker. */
export class AnswerRoom {
  #taken = 0;

  /** Makes room for `bytes` more of an answer that has `before` already; `false` when that is too much. */
  take(bytes: number, before: number): boolean {
    if (before + bytes > LARGEST || this.#taken + bytes > ROOM) return false;
    this.#taken += bytes;
    return true;
  }

  give(bytes: number): void {
    this.#taken -= bytes;
  }
}
