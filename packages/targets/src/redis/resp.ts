/** One argument of a Redis command: text goes out as UTF-8, bytes as they are. */
export type Arg = string | Uint8Array;
/** Name (in capitals) and arguments. */
export type RedisCommand = readonly [name: string, ...args: Arg[]];

const SLAB = 1 << 18;
/** A slab with less room than this left is given up: most commands are smaller. */
const SLACK = 1 << 12;

/**
 * Encodes commands into large shared buffers, so that all commands of one turn of the event loop leave in one write.
 * Each byte of a slab is written once and handed out once; the socket may hold on to what it was given.
 */
export class RespWriter {
  #slab = Buffer.allocUnsafeSlow(SLAB);
  /** Slabs that ran full since the last `take()`. */
  #full: Buffer[] = [];
  #start = 0;
  #end = 0;

  /** Appends a command; answers its length in bytes. */
  add(command: RedisCommand): number {
    let size = 0;
    let text = `*${command.length}`;
    for (const arg of command) {
      if (typeof arg === 'string') {
        text += `\r\n$${Buffer.byteLength(arg)}\r\n${arg}`;
      } else {
        size += this.#write(`${text}\r\n$${arg.length}\r\n`, arg.length) + arg.length;
        this.#slab.set(arg, this.#end);
        this.#end += arg.length;
        text = '';
      }
    }
    return size + this.#write(`${text}\r\n`, 0);
  }

  /** What was added since the last call, in order. */
  take(): readonly Buffer[] {
    const taken = this.#full;
    if (this.#end > this.#start) taken.push(this.#slab.subarray(this.#start, this.#end));
    this.#full = [];
    if (this.#slab.length - this.#end < SLACK) this.#renew(SLAB);
    else this.#start = this.#end;
    return taken;
  }

  /** Appends text, and makes sure of room for `more` bytes after it. A UTF-16 unit takes at most three in UTF-8. */
  #write(text: string, more: number): number {
    const bound = text.length * 3 + more;
    if (this.#slab.length - this.#end < bound) {
      this.#full.push(this.#slab.subarray(this.#start, this.#end));
      this.#renew(Math.max(SLAB, bound));
    }
    const written = this.#slab.write(text, this.#end);
    this.#end += written;
    return written;
  }

  #renew(size: number): void {
    this.#slab = Buffer.allocUnsafeSlow(size);
    this.#start = 0;
    this.#end = 0;
  }
}

/** The bytes that a command takes on the wire. */
export function sizeOf(command: RedisCommand): number {
  let size = `*${command.length}\r\n`.length;
  for (const arg of command) {
    const length = typeof arg === 'string' ? Buffer.byteLength(arg) : arg.length;
    size += `$${length}\r\n`.length + length + 2;
  }
  return size;
}
