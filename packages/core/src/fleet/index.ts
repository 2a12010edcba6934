export { DeathWatch, reclaimFrom } from './death-watch.ts';
export { HEARTBEAT_EVERY, HEARTBEAT_TTL, LEASE } from './heartbeat-times.ts';
export { readyWorkers } from './ready-workers.ts';
export type { WorkerInfo } from './worker-info.ts';
export { decodeWorkerInfo, encodeWorkerInfo } from './worker-info.ts';
