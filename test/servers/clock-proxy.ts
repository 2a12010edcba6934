import { once } from 'node:events';
import { createServer, connect as dial, type Socket } from 'node:net';

/** A Redis whose clock can be stepped: a proxy that changes what it answers when it is asked for the time. */
export interface ClockProxy extends AsyncDisposable {
  readonly url: string;
  /** From now on its clock is off by so many µs. */
  shift(us: number): void;
}

/** Seconds and µs of TIME, and what follows in an answer to read-clock. */
const READING = /\*3\r\n\$10\r\n(\d{10})\r\n\$\d\r\n(\d{1,6})\r\n(?=\$)/g;

export async function startClockProxy(target: number): Promise<ClockProxy> {
  const sockets = new Set<Socket>();
  let shifted = 0;
  const proxy = createServer((client) => {
    const server = dial(target, '127.0.0.1');
    for (const [socket, peer] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        peer.destroy();
      });
    }
    client.pipe(server);
    // An answer is far shorter than a packet, and Redis writes it whole.
    server.on('data', (data: Buffer) => client.write(data.toString('latin1').replaceAll(READING, read), 'latin1'));
  }).listen(0, '127.0.0.1');
  const read = (_: string, seconds: string, us: string): string => {
    const time = String(Number(seconds) * 1_000_000 + Number(us) + shifted);
    const rest = String(Number(time.slice(-6)));
    return `*3\r\n$10\r\n${time.slice(0, -6)}\r\n$${rest.length}\r\n${rest}\r\n`;
  };
  await once(proxy, 'listening');
  const address = proxy.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `redis://127.0.0.1:${address.port}`,
    shift: (us) => {
      shifted = us;
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      proxy.close();
      await once(proxy, 'close');
    },
  };
}
