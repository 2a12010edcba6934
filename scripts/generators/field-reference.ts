import type { JsonSchema } from '@drumline/core/document';
import { code, jsonCode } from './markdown.ts';

/** A section a field: type and bounds from its JSON Schema, default, meaning, example. */
export function fieldSections(schema: JsonSchema, level: string): string[] {
  const required = schema['required'] as readonly string[];
  const properties = schema['properties'] as Readonly<Record<string, JsonSchema>>;
  return Object.entries(properties).flatMap(([name, field]) => {
    if (name === '$schema') return [];
    const { description, default: value, examples } = field;
    const presence = required.includes(name)
      ? 'required'
      : value === undefined
        ? 'optional'
        : `default ${jsonCode(value)}`;
    const shown = (examples as readonly unknown[] | undefined)?.map((example) =>
      code(`"${name}": ${oneLine(example)}`),
    );
    return [
      '',
      `${level} ${code(name)}`,
      '',
      `${typeText(field)}; ${presence}.`,
      '',
      String(description),
      ...(shown === undefined ? [] : ['', `Example: ${shown.join(' or ')}`]),
    ];
  });
}

const oneLine = (value: unknown): string =>
  JSON.stringify(value, undefined, 1)
    .replaceAll(/\s*\n\s*/gu, ' ')
    .replaceAll(/\[ /gu, '[')
    .replaceAll(/ \]/gu, ']');

const number = (value: unknown): string => (value as number).toLocaleString('en', { maximumFractionDigits: 12 });

/** The type and bounds of a schema in words. */
export function typeText(schema: JsonSchema): string {
  if (Array.isArray(schema['enum'])) return schema['enum'].map(jsonCode).join(' or ');
  if ('const' in schema) return jsonCode(schema['const']);
  if (Array.isArray(schema['anyOf'])) return (schema['anyOf'] as JsonSchema[]).map(typeText).join(', or ');
  switch (schema['type']) {
    case 'integer':
      return `whole number, ${number(schema['minimum'])} to ${number(schema['maximum'])}`;
    case 'number':
      return `number, ${number(schema['minimum'])} to ${number(schema['maximum'])}`;
    case 'boolean':
      return '`true` or `false`';
    case 'string':
      return stringText(schema);
    case 'array':
      return `list of ${listSize(schema)}, each: ${typeText(schema['items'] as JsonSchema)}`;
    case 'object':
      return objectText(schema);
    default:
      return 'any JSON value';
  }
}

function stringText({ pattern, maxLength }: JsonSchema): string {
  if (typeof pattern === 'string') return `text that matches ${code(pattern)}`;
  return maxLength === undefined ? 'text' : `text of at most ${number(maxLength)} characters`;
}

const listSize = ({ minItems, maxItems }: JsonSchema): string =>
  minItems === maxItems ? `exactly ${number(minItems)}` : `${number(minItems)} to ${number(maxItems)}`;

function objectText({ properties, additionalProperties, propertyNames }: JsonSchema): string {
  if (propertyNames !== undefined) return 'object: column name → what it holds (see the forms of a column)';
  if (typeof additionalProperties === 'object') return `object: name → ${typeText(additionalProperties as JsonSchema)}`;
  const fields = Object.entries((properties ?? {}) as Readonly<Record<string, JsonSchema>>);
  if (fields.length > 4) return 'object, whose fields are listed below';
  if (fields.length === 0) return 'object: name → any JSON value';
  return `object { ${fields.map(([name, field]) => `${code(name)}: ${typeText(field)}`).join('; ')} }`;
}
