import { type JsonSchema, recordSchema } from '../document/index.ts';
import { BATCH_ITEMS, TASK_FIELDS } from './task-fields.ts';

/** The JSON Schema (draft 2020-12) of traffic.json, for editors. Generated into `config/schema/traffic.schema.json`. */
export function trafficSchema(): JsonSchema {
  const task = recordSchema(TASK_FIELDS, {
    title: 'Task',
    description: 'An action, a rate, and what ends it.',
    anyOf: [{ required: ['times'] }, { required: ['duration'] }],
    allOf: [
      ...[...BATCH_ITEMS].map(([action, { max, default: items }]) =>
        forAction(action, { properties: { samples: { minimum: 1, maximum: max, default: items } } }),
      ),
      forAction('http', { required: ['request'] }),
    ],
    dependentSchemas: {
      limit: { properties: { action: { const: 'query' } } },
      ...Object.fromEntries(['name', 'request', 'checks'].map((field) => [field, ONLY_HTTP])),
      samples: { properties: { action: { not: { const: 'http' } } } },
    },
  });
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Drumline traffic.json',
    description: 'What to run: a task, or a list of tasks. Comments and trailing commas are allowed.',
    ...member('sequence'),
    $defs: {
      sequence: listOf('group', 'Members run in order; a list among them is a group.'),
      group: listOf('sequence', 'Members run at the same time; a list among them runs in order.'),
      task: { ...task, properties: { $schema: SCHEMA_FIELD, ...task.properties } },
    },
  };
}

const ONLY_HTTP: JsonSchema = { properties: { action: { const: 'http' } } };

const forAction = (action: string, rules: JsonSchema): JsonSchema => ({
  if: { properties: { action: { const: action } }, required: ['action'] },
  // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
  then: rules,
});

const SCHEMA_FIELD = {
  type: 'string',
  description: 'Where this schema is, for editors; only in a file that is one task, where Drumline ignores it.',
};

/** A list when it is one, else a task: so an editor explains a slip in a task, not that it is no list either. */
const member = (list: string): JsonSchema => ({
  if: { type: 'array' },
  // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
  then: { $ref: `#/$defs/${list}` },
  else: { $ref: '#/$defs/task' },
});

const listOf = (other: string, description: string): JsonSchema => ({
  description,
  type: 'array',
  minItems: 1,
  items: member(other),
});
