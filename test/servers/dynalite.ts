import type { Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';

/** A running embedded DynamoDB. Tables live in memory and become active at once. */
export interface DynaliteServer {
  /** e.g. `http://127.0.0.1:41873` */
  readonly endpoint: string;
  stop(): Promise<void>;
}

type Dynalite = (options: { readonly createTableMs: number; readonly deleteTableMs: number }) => Server;

/** Starts dynalite on a free port of the loopback. */
export async function startDynalite(): Promise<DynaliteServer> {
  // It ships without types, and as CommonJS.
  const dynalite = createRequire(import.meta.url)('dynalite') as Dynalite;
  const server = dynalite({ createTableMs: 0, deleteTableMs: 0 });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    stop: () =>
      new Promise((resolve, reject) => {
        server.closeAllConnections();
        server.close((error) => (error === undefined || error === null ? resolve() : reject(error)));
      }),
  };
}
