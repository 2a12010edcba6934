export type { Address, Node } from './address.ts';
export { parseRedisAddress } from './address.ts';
export type { RedisOptions, RedisSentinel, RedisTls } from './options.ts';
export { resolveRedisOptions } from './options.ts';
export { connectRedis, RedisBus } from './redis-bus.ts';
