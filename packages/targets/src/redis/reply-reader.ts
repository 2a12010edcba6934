import { AnswerError, type Reply, ReplyRefusal, UnkeptBytes } from './reply.ts';

const CR = 13;
const LF = 10;
const MINUS = 45;
const ZERO = 48;
const NINE = 57;
const STATUS = 43;
const ERROR = 45;
const INTEGER = 58;
const BULK = 36;
const LIST = 42;

/** Bytes of a line (type, number, or the text of a status or an error) at most; real ones are far shorter. */
const LONGEST_LINE = 65_536;
/** Bytes that a value may have that is put together from several chunks: a longer one is counted and not kept. */
const LONGEST_KEPT = 65_536;
/** Members of one reply at most, on all levels together: 32 MB of references. */
const MOST_MEMBERS = 1 << 22;
/** Bytes of values that one reply keeps alive at most: the rest is counted and not kept. */
const MOST_KEPT = 1 << 26;
/** Lists inside lists. Transactions of our commands have one level. */
const DEEPEST = 8;

interface OpenList {
  readonly members: Reply[];
  left: number;
}

/**
 * Reads replies out of the chunks of one connection. Trusts nothing: what a length promises is not allocated before it has
 * come, nothing recurses, and whatever comes, less than 200 MB are held. Values lie in the chunks that they came with;
 * those that fall on the border of two are put together up to 64 KB, and beyond that counted and thrown away, so that a
 * value of any size costs nothing.
 */
export class ReplyReader {
  readonly #onReply: (reply: Reply) => void;
  readonly #tooLong: 'count' | 'refuse';
  /** The beginning of a line whose end has not come. */
  #line: Buffer | undefined;
  /** Bytes of the present value, or −1 when a line is due. */
  #length = -1;
  /** Of the present value: what is still to come, its line end included. */
  #missing = 0;
  /** The present value as far as it has come, when it does not lie in one chunk and is to be kept. */
  #parts: Buffer | undefined;
  #lists: OpenList[] = [];
  #members = 0;
  #kept = 0;

  /**
   * @param onReply called with each whole reply, in order.
   * @param tooLong what becomes of values of more than 64 MB, in one or in many: they are counted, or no reply.
   */
  constructor(onReply: (reply: Reply) => void, tooLong: 'count' | 'refuse' = 'count') {
    this.#onReply = onReply;
    this.#tooLong = tooLong;
  }

  /** Throws `AnswerError` when it is no reply of RESP2, or larger than any that our commands can get; nothing may be pushed after that. */
  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) at = this.#length < 0 ? this.#readLine(chunk, at) : this.#readValue(chunk, at);
  }

  #readLine(chunk: Buffer, from: number): number {
    let end = from;
    while (end < chunk.length && chunk[end] !== LF) end += 1;
    const before = this.#line;
    if (end - from + (before?.length ?? 0) > LONGEST_LINE)
      throw new AnswerError(`a line of more than ${LONGEST_LINE} bytes`);
    if (end === chunk.length) {
      const part = chunk.subarray(from);
      this.#line = before === undefined ? Buffer.from(part) : Buffer.concat([before, part]);
    } else if (before === undefined) {
      this.#takeLine(chunk, from, end);
    } else {
      this.#line = undefined;
      const line = Buffer.concat([before, chunk.subarray(from, end)]);
      this.#takeLine(line, 0, line.length);
    }
    return end + 1;
  }

  /** @param end where its LF is, or would be. */
  #takeLine(bytes: Buffer, from: number, end: number): void {
    if (end - from < 2 || bytes[end - 1] !== CR) throw new AnswerError('a line that does not end with CR LF');
    const last = end - 1;
    switch (bytes[from]) {
      case INTEGER:
        return this.#take(numberIn(bytes, from + 1, last));
      case STATUS:
        return this.#take(bytes.toString('latin1', from + 1, last));
      case ERROR:
        return this.#take(new ReplyRefusal(bytes.toString('utf8', from + 1, last)));
      case BULK:
        return this.#beginValue(lengthIn(bytes, from + 1, last));
      case LIST:
        return this.#beginList(lengthIn(bytes, from + 1, last));
      case undefined:
      default:
        throw new AnswerError(`a reply that begins with byte ${bytes[from]}`);
    }
  }

  #beginValue(length: number): void {
    if (length < 0) return this.#take(null);
    if (this.#tooLong === 'refuse' && this.#kept + length > MOST_KEPT)
      throw new AnswerError(`values of more than ${MOST_KEPT} bytes`);
    this.#length = length;
    this.#missing = length + 2;
  }

  #readValue(chunk: Buffer, at: number): number {
    const length = this.#length;
    const isFirst = this.#missing === length + 2;
    if (isFirst && chunk.length - at >= length + 2) {
      checkLineEnd(chunk, at + length);
      this.#endValue(this.#keep(chunk.subarray(at, at + length)));
      return at + length + 2;
    }
    const part = Math.min(this.#missing, chunk.length - at);
    if (isFirst && length <= LONGEST_KEPT) this.#parts = Buffer.allocUnsafe(length + 2);
    this.#parts?.set(chunk.subarray(at, at + part), length + 2 - this.#missing);
    this.#missing -= part;
    if (this.#missing === 0) {
      if (this.#parts === undefined) this.#endValue(new UnkeptBytes(length));
      else {
        checkLineEnd(this.#parts, length);
        this.#endValue(this.#keep(this.#parts.subarray(0, length)));
      }
    }
    return at + part;
  }

  #keep(value: Buffer): Reply {
    this.#kept += value.length;
    return this.#kept > MOST_KEPT ? new UnkeptBytes(value.length) : value;
  }

  #endValue(value: Reply): void {
    this.#length = -1;
    this.#parts = undefined;
    this.#take(value);
  }

  #beginList(length: number): void {
    if (length < 0) return this.#take(null);
    if (length === 0) return this.#take([]);
    if (length > MOST_MEMBERS) throw new AnswerError(`a list of ${length} members, at most ${MOST_MEMBERS} are read`);
    if (this.#lists.length === DEEPEST) throw new AnswerError(`lists nested deeper than ${DEEPEST}`);
    this.#lists.push({ members: [], left: length });
  }

  #take(value: Reply): void {
    let whole = value;
    for (let list = this.#lists.at(-1); list !== undefined; list = this.#lists.at(-1)) {
      this.#members += 1;
      if (this.#members > MOST_MEMBERS) throw new AnswerError(`a reply of more than ${MOST_MEMBERS} members`);
      list.members.push(whole);
      list.left -= 1;
      if (list.left > 0) return;
      whole = list.members;
      this.#lists.pop();
    }
    this.#members = 0;
    this.#kept = 0;
    this.#onReply(whole);
  }
}

/** A signed number of decimal digits; as a double where it is beyond 2⁵³. */
function numberIn(bytes: Buffer, from: number, end: number): number {
  const isNegative = bytes[from] === MINUS;
  let number = 0;
  let at = isNegative ? from + 1 : from;
  if (at === end || end - at > 20) throw new AnswerError('a number of no digits, or of more than 20');
  for (; at < end; at += 1) {
    const digit = bytes[at] ?? 0;
    if (digit < ZERO || digit > NINE) throw new AnswerError(`byte ${digit} in a number`);
    number = number * 10 + (digit - ZERO);
  }
  return isNegative ? -number : number;
}

/** A length, or −1 for null. */
function lengthIn(bytes: Buffer, from: number, end: number): number {
  const length = numberIn(bytes, from, end);
  if (length < -1 || length > Number.MAX_SAFE_INTEGER) throw new AnswerError(`a length of ${length}`);
  return length;
}

function checkLineEnd(bytes: Buffer, at: number): void {
  if (bytes[at] !== CR || bytes[at + 1] !== LF) throw new AnswerError('a value that is not as long as it says');
}
