import type { TimelinePoint } from '../timeline.ts';
import { type FieldValue, POINT_FIELDS, TASK_FIELDS } from './point-fields.ts';

/** The first line: names of the columns. */
export const CSV_HEADER = `${['run', ...[...POINT_FIELDS, ...TASK_FIELDS].map(({ name }) => name)].join(',')}\n`;

/**
 * A line for each task that had something to do in that second, after RFC 4180 but with a line feed at the end; one line with
 * empty columns for the task when none had.
 */
export function csvRows(run: string, point: TimelinePoint): string {
  const shared = [run, ...POINT_FIELDS.map(({ read }) => read(point))];
  const tasks =
    point.tasks.length === 0
      ? [TASK_FIELDS.map(() => null)]
      : point.tasks.map((task) => TASK_FIELDS.map(({ read }) => read(task)));
  return tasks.map((task) => `${[...shared, ...task].map(cell).join(',')}\n`).join('');
}

function cell(value: FieldValue): string {
  const text = textOf(value);
  return /[",\r\n]/u.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function textOf(value: FieldValue): string {
  if (value === null) return '';
  if (typeof value !== 'object') return String(value);
  return Object.entries(value)
    .map(([name, count]) => `${name}=${count}`)
    .join(' ');
}
