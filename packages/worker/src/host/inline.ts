import type { Bus } from '@drumline/core/bus';
import type { EngineEvents, EngineLine } from './engine-host.ts';
import { serveEngine } from './serve-engine.ts';
import type { EngineSetup } from './protocol.ts';

/** Runs an engine on the calling thread: for the memory bus, which one OS thread cannot share with another. */
export function openInline(setup: EngineSetup, openBus: () => Promise<Bus>, events: EngineEvents): EngineLine {
  const handle = serveEngine(setup, openBus, (message) => events.message(message));
  return {
    post: handle,
    kill: () => Promise.resolve(handle({ kind: 'leave' })),
  };
}
