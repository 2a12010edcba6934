import { Worker as OsThread } from 'node:worker_threads';
import type { EngineEvents, EngineLine } from './engine-host.ts';
import type { EngineMessage, EngineSetup } from './protocol.ts';

/** How the engine of an OS thread gets its bus; plain data, because it crosses to the thread. */
export interface ThreadData<BusOptions> {
  readonly setup: EngineSetup;
  readonly bus: BusOptions;
}

/** Runs an engine on an OS thread of its own. */
export function openOsThread<BusOptions>(data: ThreadData<BusOptions>, events: EngineEvents): EngineLine {
  const thread = new OsThread(new URL('./os-thread-main.ts', import.meta.url), { workerData: data });
  let ended = false;
  let crashed = false;
  const crash = (error: Error): void => {
    if (!ended && !crashed) events.crashed(error);
    crashed = true;
  };
  thread.on('message', (message: EngineMessage) => {
    if (message.kind === 'ended') ended = true;
    events.message(message);
  });
  thread.on('error', (error) => crash(error instanceof Error ? error : new Error(String(error))));
  thread.on('exit', (code) => crash(new Error(`the OS thread exited with ${code}`)));
  return {
    post: (command) => thread.postMessage(command),
    kill: async () => {
      ended = true;
      await thread.terminate();
    },
  };
}
