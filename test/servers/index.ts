export type { Certificates } from './certificates.ts';
export { makeCertificates } from './certificates.ts';
export type { PrivateProcess } from './private-process.ts';
export { freePort, startPrivateProcess } from './private-process.ts';
export type { RunningCluster } from './redis-cluster.ts';
export { startRedisCluster } from './redis-cluster.ts';
export type { RunningRedis, StartRedisOptions } from './redis-server.ts';
export { startRedis, startTlsRedis } from './redis-server.ts';
