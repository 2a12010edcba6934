import { Worker as OsThread } from 'node:worker_threads';
import type { RedisOptions } from '@drumline/bus';
import type { EngineEvents, EngineLine } from './engine-host.ts';
import type { EngineMessage, EngineSetup } from './protocol.ts';

/** What an engine on an OS thread starts from; plain data, because it crosses to the thread. */
export interface ThreadData {
  readonly setup: EngineSetup;
  readonly bus: RedisOptions;
}

/** Runs an engine on an OS thread of its own. */
export function openOsThread(data: ThreadData, events: EngineEvents): EngineLine {
  const thread = new OsThread(new URL('./os-thread-main.ts', import.meta.url), { workerData: data });
  let gone = false;
  const crash = (error: Error): void => {
    if (!gone) events.crashed(error);
    gone = true;
  };
  thread.on('message', (message: EngineMessage) => {
    if (message.kind === 'ended') gone = true;
    events.message(message);
  });
  thread.on('error', (error) => crash(error instanceof Error ? error : new Error(String(error))));
  thread.on('exit', (code) => crash(new Error(`the OS thread exited with ${code}`)));
  return {
    post: (command) => {
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origins
      thread.postMessage(command);
    },
  };
}
