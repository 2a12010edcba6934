export { readyWorkers } from './ready-workers.ts';
export type { WorkerInfo } from './worker-info.ts';
export { decodeWorkerInfo, encodeWorkerInfo } from './worker-info.ts';
