export { RedisDriver } from './redis-driver.ts';
