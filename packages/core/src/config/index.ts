export type { Config, HttpConfig } from './config.ts';
export { configSchema } from './config-schema.ts';
export type { ConfigResult } from './read-config.ts';
export { parseConfig, readConfig } from './read-config.ts';
export { sameConfig } from './same-config.ts';
