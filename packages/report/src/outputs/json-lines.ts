import type { Summary } from '../summary.ts';
import type { TimelinePoint } from '../timeline.ts';
import { POINT_FIELDS, readFields, TASK_FIELDS, WORKER_FIELDS } from './point-fields.ts';

/** One second of a run as a line of JSON: `kind` is `second`. Fields: docs/reference/outputs.md. */
export function secondLine(run: string, point: TimelinePoint): string {
  return line({
    kind: 'second',
    run,
    ...readFields(POINT_FIELDS, point),
    tasks: point.tasks.map((task) => readFields(TASK_FIELDS, task)),
    workers: point.workers.map((worker) => readFields(WORKER_FIELDS, worker)),
  });
}

/** The last line: `kind` is `summary`, the rest is what `--json` prints. */
export const summaryLine = (summary: Summary): string => line({ kind: 'summary', ...summary });

const line = (value: object): string => `${JSON.stringify(value)}\n`;
