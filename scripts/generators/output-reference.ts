import { METRICS, POINT_FIELDS, TASK_FIELDS, WORKER_FIELDS } from '@drumline/report';
import { code, GENERATED, markdownTable } from './markdown.ts';

interface Field {
  readonly name: string;
  readonly type: string;
  readonly meaning: string;
}

const fieldTable = (fields: readonly Field[]): string[] =>
  markdownTable(
    ['name', 'type', 'meaning'],
    fields.map(({ name, type, meaning }) => [code(name), type, meaning]),
  );

/** docs/reference/outputs.md: every field of the lines that a run writes, and every metric. */
export function outputReference(): string {
  const metrics = METRICS.map(({ name, type, labels, help }) => [
    code(name),
    type === 'info' ? 'gauge' : type,
    labels.map(code).join(' '),
    help,
  ]);
  return `${[
    '# Outputs',
    '',
    GENERATED,
    '',
    'What the options of [Outputs](../guides/outputs.md) write. A unit stands in the name where it is not ops: `…Us` is microseconds, `…PerS` a second.',
    '',
    '## Lines of `--jsonl` and `--csv`',
    '',
    'Each line of JSON has `kind` (`second`, or `summary` for the last one), `run` (its id), the fields of the fleet, and the lists `tasks` and `workers`. Each',
    'line of CSV has `run`, the fields of the fleet, and those of one task. The fields of `summary` are those of `--json`: see [statistics](../statistics.md).',
    '',
    '### The fleet',
    '',
    ...fieldTable(POINT_FIELDS),
    '',
    '### Each of `tasks`',
    '',
    'Durations are of what ended in the interval (lateness: was sent in it); `null`, or empty in CSV, when nothing did.',
    '',
    ...fieldTable(TASK_FIELDS),
    '',
    '### Each of `workers`',
    '',
    ...fieldTable(WORKER_FIELDS),
    '',
    '## Metrics of `--metrics`',
    '',
    'Counters and histograms count from the beginning of the run, over all workers. Their buckets are cumulative, in seconds; a value is at most 0.1 % from the',
    'measured one.',
    '',
    ...markdownTable(['name', 'type', 'labels', 'meaning'], metrics),
  ].join('\n')}\n`;
}
