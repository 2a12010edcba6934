import type { JsonSchema } from '@drumline/core/document';
import { trafficSchema } from '@drumline/core/plan';
import { fieldSections, typeText } from './field-reference.ts';
import { GENERATED } from './markdown.ts';

/** docs/reference/traffic.md: the shape of a traffic file, every field of a task, the forms of a column. */
export function trafficReference(): string {
  const { $defs } = trafficSchema() as { readonly $defs: { readonly task: JsonSchema } };
  const { task } = $defs;
  const { data, request, checks } = task['properties'] as {
    readonly data: { readonly additionalProperties: { readonly anyOf: JsonSchema[] } };
    readonly request: JsonSchema;
    readonly checks: JsonSchema;
  };
  const forms = data.additionalProperties.anyOf.map((form) => `- ${typeText(form)}: ${String(form['description'])}`);
  return `${[
    '# traffic.json',
    '',
    GENERATED,
    '',
    'JSON with `//` and `/* */` comments and trailing commas. The top level is a list of members, or one task. Members of the list run one after',
    'the other; a list among them is a group, whose members run at the same time; a list inside a group runs in order again; and so on.',
    'Unknown fields are errors. `drumline validate` says everything that is wrong with a file at once; editors check and complete it with the',
    'JSON Schema in `config/schema/traffic.schema.json`. How to use the fields: [Traffic files](../guides/traffic-files.md).',
    '',
    'A task has `action`, `qps`, and at least one of `times` and `duration`.',
    '',
    '## Fields of a task',
    ...fieldSections(task, '###'),
    '',
    '## Fields of `request`',
    ...fieldSections(request, '###'),
    '',
    '## Fields of `checks`',
    ...fieldSections(checks, '###'),
    '',
    '## Forms of a column',
    '',
    'The values of `data`, and of each row of `sample_data` in the config:',
    '',
    ...forms,
    '',
    'No column is named `id`: that is the key attribute of every row.',
  ].join('\n')}\n`;
}
