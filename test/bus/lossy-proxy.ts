import { once } from 'node:events';
import { createServer, connect as dial, type Socket } from 'node:net';

/** A proxy that loses answers: the server has carried the command out, and the client is cut off instead of hearing of it. */
export interface LossyProxy extends AsyncDisposable {
  readonly port: number;
  /** Answers lost so far. */
  readonly lost: () => number;
}

/** Cuts a connection at every `every`-th chunk of answers, all connections counted together, handshakes excepted. */
export async function startLossyProxy(target: number, every: number): Promise<LossyProxy> {
  const sockets = new Set<Socket>();
  let chunks = 0;
  let lost = 0;
  const proxy = createServer((client) => {
    const server = dial(target, '127.0.0.1');
    let greeted = false;
    for (const [socket, peer] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        peer.destroy();
      });
    }
    client.on('data', (data) => server.write(data));
    server.on('data', (data) => {
      if (greeted) chunks += 1;
      if (greeted && chunks % every === 0) {
        lost += 1;
        client.destroy();
        return;
      }
      greeted = true;
      client.write(data);
    });
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const address = proxy.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    lost: () => lost,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      proxy.close();
      await once(proxy, 'close');
    },
  };
}
