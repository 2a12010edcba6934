import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** What a hostile server does with whoever comes, until it is told something else. Nothing set: it answers well. */
export interface Fault<Request = unknown> {
  /** Nobody listens any more, and whoever was connected is reset. */
  readonly refuse?: true;
  /** Takes connections and never reads a byte of them: the other side of a half-open one. */
  readonly deaf?: true;
  /** What it does to a new connection before a byte of it was read. */
  readonly connected?: (socket: Socket) => void;
  /** What it does instead of sending the `good` answer to a request. Without it the good one is sent. */
  readonly answer?: (socket: Socket, good: Buffer, request: Request) => void;
}

/** Takes requests out of what has come on one connection so far; answers the bytes that are left over. */
export type Serve<Request> = (received: Buffer, request: (request: Request, good: Buffer) => void) => Buffer;

/**
 * A server of a test's own on the loopback that serves well or, on command, in one of the ways in which servers fail. It
 * keeps its port whatever it does, and counts what its clients do to it.
 */
export class HostileTcp<Request> {
  readonly #sockets = new Set<Socket>();
  readonly #serve: () => Serve<Request>;
  readonly #server: Server;
  #fault: Fault<Request> = {};
  #port = 0;
  #peak = 0;
  #accepted = 0;
  #requests = 0;

  private constructor(serve: () => Serve<Request>) {
    this.#serve = serve;
    this.#server = createServer({ pauseOnConnect: true }, (socket) => this.#connected(socket));
  }

  /** @param serve makes the reader of one connection. */
  static async start<Request>(serve: () => Serve<Request>): Promise<HostileTcp<Request>> {
    const server = new HostileTcp(serve);
    await server.#listen();
    return server;
  }

  get port(): number {
    return this.#port;
  }

  /** Connections that are open now. */
  get open(): number {
    return this.#sockets.size;
  }

  /** The most connections that were open at a time. */
  get peak(): number {
    return this.#peak;
  }

  /** All connections that ever came. */
  get accepted(): number {
    return this.#accepted;
  }

  /** All requests that ever came whole. */
  get requests(): number {
    return this.#requests;
  }

  /** Does this from now on, to present connections too. */
  async turn(fault: Fault<Request>): Promise<void> {
    const before = this.#fault;
    this.#fault = fault;
    if (fault.refuse === true && before.refuse !== true) await this.#refuse();
    if (fault.refuse !== true && before.refuse === true) await this.#listen();
    for (const socket of this.#sockets) {
      if (fault.deaf === true) socket.pause();
      else socket.resume();
      fault.connected?.(socket);
    }
  }

  /** Serves well from now on. Connections that were left hanging stay as they are. */
  heal(): Promise<void> {
    return this.turn({});
  }

  /** Resets every connection once. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async stop(): Promise<void> {
    if (this.#server.listening) await this.#refuse();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** The kernel may lend the port to somebody's outgoing connection while nobody listens on it: that passes. */
  async #listen(): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      try {
        this.#server.listen(this.#port, '127.0.0.1');
        await once(this.#server, 'listening');
        break;
      } catch (error) {
        if (tries === 200 || !String(error).includes('EADDRINUSE')) throw error;
        await sleep(50);
      }
    }
    const address = this.#server.address();
    if (address !== null && typeof address === 'object') this.#port = address.port;
  }

  async #refuse(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.cut();
    await closed;
  }

  #connected(socket: Socket): void {
    this.#accepted += 1;
    this.#sockets.add(socket);
    this.#peak = Math.max(this.#peak, this.#sockets.size);
    socket.on('error', () => undefined);
    socket.on('close', () => this.#sockets.delete(socket));
    const serve = this.#serve();
    let rest: Buffer = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      rest = serve(rest.length === 0 ? chunk : Buffer.concat([rest, chunk]), (request, good) => {
        this.#requests += 1;
        if (this.#fault.answer === undefined) socket.write(good);
        else if (socket.writable) this.#fault.answer(socket, good, request);
      });
    });
    this.#fault.connected?.(socket);
    if (this.#fault.deaf !== true) socket.resume();
  }
}

/** Faults that need to know nothing of the protocol. */
export const FAULTS = {
  refuses: { refuse: true },
  isDeaf: { deaf: true },
  saysNothing: { answer: () => undefined },
  closesAtOnce: { connected: (socket) => socket.end() },
  resetsAtOnce: { connected: (socket) => socket.resetAndDestroy() },
  closesInsteadOfAnswering: { answer: (socket) => socket.end() },
  resetsInsteadOfAnswering: { answer: (socket) => socket.resetAndDestroy() },
  resetsInTheAnswer: {
    answer: (socket, good) => socket.write(good.subarray(0, good.length >> 1), () => socket.resetAndDestroy()),
  },
  closesInTheAnswer: { answer: (socket, good) => socket.end(good.subarray(0, good.length >> 1)) },
  stopsInTheAnswer: { answer: (socket, good) => socket.write(good.subarray(0, good.length >> 1)) },
  sendsGarbage: { answer: (socket) => socket.write(garbage(300)) },
  sendsZeros: { answer: (socket) => socket.write(Buffer.alloc(4_096)) },
} satisfies Record<string, Fault>;

/** Answers well, but only this many ms later. */
export const answersAfter = (ms: number): Fault => ({
  answer: (socket, good) => {
    setTimeout(() => socket.writable && socket.write(good), ms).unref();
  },
});

/** Bytes that mean nothing in any protocol, the same in every run. */
export function garbage(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let i = 0, word = 1; i < length; i += 1) {
    word = (Math.imul(word, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[i] = word >>> 24;
  }
  return bytes;
}

const flooded = new WeakSet<Socket>();

/**
 * Sends `head`, then `chunk` again and again as fast as the other side takes it, until it hangs up or `limit` bytes went out;
 * at most once a connection.
 */
export function flood(socket: Socket, head: string | Buffer, chunk: Buffer, limit = Number.POSITIVE_INFINITY): void {
  if (flooded.has(socket)) return;
  flooded.add(socket);
  let sent = 0;
  const more = (): void => {
    while (socket.writable && sent < limit) {
      sent += chunk.length;
      if (!socket.write(chunk)) {
        socket.once('drain', more);
        return;
      }
    }
  };
  socket.write(head);
  more();
}
