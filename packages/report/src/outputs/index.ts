export { CSV_HEADER, csvRows } from './csv.ts';
export type { Exposition } from './exposition.ts';
export { CONTENT_TYPES, renderMetrics } from './exposition.ts';
export { hdrLogHeader, hdrLogLine, hdrLogName } from './hdr-log.ts';
export { secondLine, summaryLine } from './json-lines.ts';
export { renderJunit } from './junit.ts';
export type { MetricsSource } from './metrics.ts';
export { METRICS } from './metrics.ts';
export { POINT_FIELDS, TASK_FIELDS, WORKER_FIELDS } from './point-fields.ts';
