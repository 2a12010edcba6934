import { configSchema } from '@drumline/core/config';
import type { JsonSchema } from '@drumline/core/document';
import { fieldSections } from './field-reference.ts';
import { GENERATED } from './markdown.ts';

/** docs/reference/config.md: every field of config.json. */
export function configReference(): string {
  const schema = configSchema();
  const { http } = schema['properties'] as { readonly http: JsonSchema };
  return `${[
    '# config.json',
    '',
    GENERATED,
    '',
    'What the whole fleet shares. JSON with comments and trailing commas; unknown fields are errors. The publisher puts it into Redis as',
    '`<prefix>_cfg` when it means something else than what is there, and tells the workers; workers read it from there. JSON Schema:',
    '`config/schema/config.schema.json`.',
    '',
    '## Fields',
    ...fieldSections(schema, '###'),
    '',
    '## Fields of `http`',
    ...fieldSections(http, '###'),
  ].join('\n')}\n`;
}
