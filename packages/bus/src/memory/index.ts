export { MemoryBus } from './memory-bus.ts';
export { MemoryFleet } from './memory-fleet.ts';
