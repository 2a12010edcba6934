/** What an OS thread of a worker runs: one engine on a Redis bus of its own, steered through the parent's port. */
import { parentPort, workerData } from 'node:worker_threads';
import { connectRedis } from '@drumline/bus';
import type { ThreadData } from './os-thread.ts';
import type { EngineCommand } from './protocol.ts';
import { serveEngine } from './serve-engine.ts';

const port = parentPort;
if (port === null) throw new Error('os-thread-main.ts runs in a worker thread only');

const data: ThreadData = workerData;
const handle = serveEngine(data.setup, { openBus: () => connectRedis(data.bus) }, (message) => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port to a thread has no origins
  port.postMessage(message);
  // With the port closed nothing keeps the thread alive: it ends by itself once its connections are closed.
  if (message.kind === 'ended') port.close();
});
port.on('message', (command: EngineCommand) => handle(command));
