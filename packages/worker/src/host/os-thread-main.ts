/** What an OS thread of a worker runs: one engine on a Redis bus of its own, steered through the parent's port. */
import { parentPort, workerData } from 'node:worker_threads';
import { connectRedis, type RedisOptions } from '@drumline/bus';
import { serveEngine } from './serve-engine.ts';
import type { EngineCommand, EngineMessage } from './protocol.ts';
import type { ThreadData } from './os-thread.ts';

const port = parentPort;
if (port === null) throw new Error('os-thread-main.ts runs in a worker thread only');

const { setup, bus } = workerData as ThreadData<RedisOptions>;
const handle = serveEngine(setup, () => connectRedis(bus), (message: EngineMessage) => {
  port.postMessage(message);
  // With the port closed nothing keeps the thread alive: it ends by itself once its connections are closed.
  if (message.kind === 'ended') port.close();
});
port.on('message', (command: EngineCommand) => handle(command));
