export { MemoryBus, MemoryFleet } from './memory/index.ts';
export type { BusOptions } from './open-bus.ts';
export { openBus } from './open-bus.ts';
export type { Address, Node, RedisOptions, RedisSentinel, RedisTls } from './redis/index.ts';
export { connectRedis, parseRedisAddress, RedisBus, resolveRedisOptions } from './redis/index.ts';
