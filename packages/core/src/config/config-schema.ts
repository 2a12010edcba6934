import { type JsonSchema, recordSchema } from '../document/index.ts';
import { CONFIG_FIELDS } from './config-fields.ts';

/** The JSON Schema (draft 2020-12) of config.json, for editors. Generated into `config/schema/config.schema.json`. */
export function configSchema(): JsonSchema {
  const schema = recordSchema(CONFIG_FIELDS);
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Drumline config.json',
    description: 'What every worker reads when it starts. Comments and trailing commas are allowed.',
    ...schema,
    properties: {
      $schema: { type: 'string', description: 'Where this schema is, for editors; Drumline ignores it.' },
      ...schema.properties,
    },
  };
}
