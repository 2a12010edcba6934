import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';

/** A target that says how often each op really arrived, whatever workers and ledger say. */
export interface ArrivalLog extends AsyncDisposable {
  readonly port: number;
  /** Connections that were ever made. */
  readonly connections: number;
  /** Arrivals by key. An op that writes a key of its own is seen here as often as it ran. */
  readonly arrivals: ReadonlyMap<string, number>;
  /** All arrivals together. */
  readonly total: number;
  /** Arrivals beyond the first, over all keys. */
  readonly repeated: number;
}

export interface ArrivalLogOptions {
  /** Called for each write, with the number of the connection that it came on, from 1. */
  readonly onArrival?: (key: string, connection: number) => void;
  /** ms that every answer waits. Default 0. */
  readonly delay?: number;
}

/** Starts a Redis that takes HSET, keeps nothing but how often each key came, and answers everything else with OK. */
export async function startArrivalLog({ onArrival, delay = 0 }: ArrivalLogOptions = {}): Promise<ArrivalLog> {
  const arrivals = new Map<string, number>();
  const sockets = new Set<Socket>();
  let total = 0;
  let connections = 0;
  const server = createServer({ noDelay: true }, (socket) => {
    connections += 1;
    const connection = connections;
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    const answer = (name: string, key: string): string => {
      if (name !== 'HSET') return OTHERS.get(name) ?? '+OK\r\n';
      total += 1;
      arrivals.set(key, (arrivals.get(key) ?? 0) + 1);
      onArrival?.(key, connection);
      return ':1\r\n';
    };
    socket.on(
      'data',
      commandReader((replies) => send(socket, replies, delay), answer),
    );
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    arrivals,
    get connections() {
      return connections;
    },
    get total() {
      return total;
    },
    get repeated() {
      return total - arrivals.size;
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** What a client asks before it is ready. */
const OTHERS = new Map([
  ['INFO', '$9\r\nloading:0\r\n'],
  ['HELLO', "-ERR unknown command 'HELLO'\r\n"],
]);

function send(socket: Socket, replies: string, delay: number): void {
  if (delay === 0) socket.write(replies);
  else setTimeout(() => socket.destroyed || socket.write(replies), delay);
}

/** Cuts what comes into commands, and sends the answers to all of one chunk together. */
function commandReader(
  reply: (replies: string) => void,
  answer: (name: string, key: string) => string,
): (chunk: Buffer) => void {
  let pending = '';
  return (chunk) => {
    pending += chunk.toString('latin1');
    let replies = '';
    let from = 0;
    for (;;) {
      const command = readCommand(pending, from);
      if (command === undefined) break;
      from = command.end;
      const [name = '', key = ''] = command.words;
      replies += answer(name.toUpperCase(), key);
    }
    pending = pending.slice(from);
    if (replies !== '') reply(replies);
  };
}

/** The command that begins at `from`, an array of bulk strings; `undefined` while it is not whole. */
function readCommand(text: string, from: number): { readonly words: string[]; readonly end: number } | undefined {
  const line = (at: number): number | undefined => {
    const end = text.indexOf('\r\n', at);
    return end < 0 ? undefined : end;
  };
  const head = line(from);
  if (head === undefined) return undefined;
  const words: string[] = [];
  let at = head + 2;
  for (let left = Number(text.slice(from + 1, head)); left > 0; left -= 1) {
    const end = line(at);
    if (end === undefined) return undefined;
    const length = Number(text.slice(at + 1, end));
    if (text.length < end + 4 + length) return undefined;
    words.push(text.slice(end + 2, end + 2 + length));
    at = end + 4 + length;
  }
  return { words, end: at };
}
