export type { Batch } from './batch.ts';
export { encodeBatch, MAX_BATCH_OPS, MOST_REDELIVERIES } from './batch.ts';
export type { Element, OriginalColumn, OriginalElement } from './element.ts';
export { decodeElement } from './element.ts';
export type { RedeliveredOps, Redelivery } from './redelivery.ts';
export { redelivery } from './redelivery.ts';
export type { TaskReport, WorkerReport } from './report.ts';
export { decodeReport, encodeReport, LONGEST_REPORT, MOST_ENTRIES } from './report.ts';
