import { once } from 'node:events';
import { createServer, connect as dial, type Socket } from 'node:net';

/** A network between a client and a server that a test can cut. */
export interface CutProxy extends AsyncDisposable {
  readonly port: number;
  /** From now on nothing gets through, in neither direction, and nobody is told: as when a cable is pulled. */
  silence(): void;
  /** Everything that was held back arrives, late. */
  heal(): void;
  /** Resets every connection. New ones get through, unless it is silent. */
  reset(): void;
}

export async function startCutProxy(target: number): Promise<CutProxy> {
  const sockets = new Set<Socket>();
  let isSilent = false;
  const pass = (from: Socket, to: Socket): void => {
    sockets.add(from);
    if (isSilent) from.pause();
    from.on('data', (data) => to.write(data));
    from.on('error', () => undefined);
    from.on('close', () => {
      sockets.delete(from);
      // Nobody hears of an end either while the network is cut.
      if (!isSilent) to.destroy();
    });
  };
  const proxy = createServer((client) => {
    const server = dial(target, '127.0.0.1');
    pass(client, server);
    pass(server, client);
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const address = proxy.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    silence: () => {
      isSilent = true;
      for (const socket of sockets) socket.pause();
    },
    heal: () => {
      isSilent = false;
      for (const socket of sockets) socket.resume();
    },
    reset: () => {
      for (const socket of sockets) socket.resetAndDestroy();
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      proxy.close();
      await once(proxy, 'close');
    },
  };
}
