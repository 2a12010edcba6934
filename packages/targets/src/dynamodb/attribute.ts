import type { Item } from '@drumline/core/data';
import { DrumlineError } from '@drumline/core/errors';
import type { Json } from '@drumline/core/plan';
import type { ValueSource } from '../driver-options.ts';

/** The attributes that the tables of both modes need. */
export const ID = 'id';
export const SORT = 'sk';
export const VALUE = 'val';

/** JSON text of a value as DynamoDB takes it: bytes as B, text S, numbers N, the other literals BOOL, NULL, L and M. */
export function attributeOf(value: Uint8Array | Json): string {
  if (value instanceof Uint8Array) return `{"B":"${base64(value)}"}`;
  if (typeof value === 'string') return `{"S":${JSON.stringify(value)}}`;
  if (typeof value === 'number') return `{"N":"${value}"}`;
  if (typeof value === 'boolean') return `{"BOOL":${value}}`;
  if (value === null) return '{"NULL":true}';
  if (isList(value)) return `{"L":[${value.map(attributeOf).join()}]}`;
  return `{"M":{${Object.entries(value)
    .map(([name, member]) => `${JSON.stringify(name)}:${attributeOf(member)}`)
    .join()}}}`;
}

const isList = (value: Json): value is readonly Json[] => Array.isArray(value);

const base64 = (bytes: Uint8Array): string =>
  (Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)).toString('base64');

/** `"id":{"S":…}`. Keys are hex digits: nothing to escape. */
export const idAttribute = (key: string): string => `"${ID}":{"S":"${key}"}`;

/** A column's name, escaped as JSON text, and its value as an attribute. */
export interface NamedAttribute {
  readonly name: string;
  readonly value: string;
}

/** The row's columns, each name once: of two with one name the later counts. */
export function attributesOf(item: Item, values: ValueSource): NamedAttribute[] {
  const named = item.row.map((column) => ({
    name: JSON.stringify(column.name),
    value: attributeOf(values(item, column)),
  }));
  return hasTwins(named) ? [...new Map(named.map((one) => [one.name, one])).values()] : named;
}

/** Names of the row's columns, escaped as JSON text, each once. */
export const namesOf = (items: readonly Item[]): string[] => [
  ...new Set(items.flatMap((item) => item.row.map((column) => JSON.stringify(column.name)))),
];

/** Rows are short: looking at every pair is cheaper than a set, up to some twenty columns. */
function hasTwins(named: readonly NamedAttribute[]): boolean {
  if (named.length > 20) return new Set(named.map((one) => one.name)).size < named.length;
  for (let i = 1; i < named.length; i++) {
    for (let j = 0; j < i; j++) if (named[i]?.name === named[j]?.name) return true;
  }
  return false;
}

/** Throws `DRUM_DDB_VALIDATION` when a column has the name of the table's key, whose place it would take. */
export function refuseKeyColumn(item: Item): void {
  for (const column of item.row) {
    if (column.name === ID) {
      throw new DrumlineError('DRUM_DDB_VALIDATION', `a column cannot be called "${ID}": that is the key of the table`);
    }
  }
}
