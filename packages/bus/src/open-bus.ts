import type { Bus } from '@drumline/core/bus';
import { MemoryBus } from './memory/memory-bus.ts';
import type { MemoryFleet } from './memory/memory-fleet.ts';
import type { RedisOptions } from './redis/options.ts';
import { connectRedis } from './redis/redis-bus.ts';

/** Which bus, and how to get at it. The Redis form is plain data and may cross to another thread. */
export type BusOptions =
  | ({ readonly kind: 'redis' } & RedisOptions)
  | { readonly kind: 'memory'; readonly fleet: MemoryFleet };

/** A new handle on the bus; whoever opens it closes it. Errors of `connectRedis`. */
export async function openBus(options: BusOptions): Promise<Bus> {
  return options.kind === 'redis' ? connectRedis(options) : new MemoryBus(options.fleet);
}
