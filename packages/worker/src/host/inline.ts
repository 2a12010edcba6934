import type { EngineEvents, EngineLine } from './engine-host.ts';
import type { EngineSetup } from './protocol.ts';
import { type EngineResources, serveEngine } from './serve-engine.ts';

/** Runs an engine on the calling thread: for the memory bus, which one OS thread cannot share with another. */
export function openInline(
  setup: EngineSetup,
  openBus: EngineResources['openBus'],
  events: EngineEvents,
  driverOf?: EngineResources['driverOf'],
): EngineLine {
  const resources = { openBus, ...(driverOf !== undefined && { driverOf }) };
  return { post: serveEngine(setup, resources, (message) => events.message(message)) };
}
