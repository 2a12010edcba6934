import {
  type Fields,
  integer,
  type JsonSchema,
  type Kind,
  type Place,
  quoted,
  readRecord,
  recordSchema,
  required,
} from '../document/index.ts';
import type { ColumnSpec, Json } from './plan.ts';

/** Bytes of one value. DynamoDB takes 400 KB an item, Redis 512 MB a value; this bounds a worker's memory. */
const MAX_BYTES = 16 * 1024 * 1024;
/** Suffixes 0…r−1 are drawn from 32 bits. */
const MAX_SUFFIXES = 1_000_000_000;
/** DynamoDB's bound of a sort key, which a column's name is in multi-row mode. */
const MAX_NAME_BYTES = 1_024;
/** The key attribute of a row, and the one name that JavaScript objects cannot hold. */
const RESERVED = ['id', '__proto__'];

const bytes = integer(0, MAX_BYTES);

const suffixedFields = {
  r: required(integer(1, MAX_SUFFIXES), {
    about: 'How many columns to draw from: the name gets a suffix 0…r−1 for each operation.',
    examples: [16],
  }),
  len: required(bytes, { about: 'Random bytes of the value.', examples: [8000] }),
} satisfies Fields;

/** Any JSON value whose numbers a 64-bit float can hold. */
export const anyJson: Kind<Json> = { schema: {}, read: readJson };

const literalFields = {
  value: required(anyJson, { about: 'A literal of any JSON type.', examples: [42] }),
} satisfies Fields;

/** A row: column name → what it holds. Used by `data` of a task and by each row of the config's `sample_data`. */
export const columns: Kind<readonly ColumnSpec[]> = {
  schema: rowSchema(),
  read(place) {
    if (!place.isObject) {
      return place.refuse(
        `is ${place.shown}, must be an object of columns`,
        'write e.g. { "name": "text", "blob": 1000 }',
      );
    }
    if (place.members.length === 0 && !place.isBroken) {
      return place.refuse('names no column', 'add one, e.g. "blob": 1000, or leave the field out');
    }
    const read: { readonly spec: ColumnSpec; readonly key: Place }[] = [];
    for (const { name, key, value } of place.members) {
      const spec = readColumn(name, value);
      if (isName(name, key) && spec !== undefined) read.push({ spec, key });
    }
    refuseClashes(read);
    return read.map(({ spec }) => spec);
  },
};

function rowSchema(): JsonSchema {
  return {
    type: 'object',
    minProperties: 1,
    propertyNames: { minLength: 1, maxLength: MAX_NAME_BYTES, not: { enum: RESERVED } },
    additionalProperties: {
      anyOf: [
        { type: 'string', description: 'A literal text.' },
        { ...bytes.schema, description: 'So many random bytes.' },
        recordSchema(suffixedFields, { description: 'A column whose name gets a drawn suffix, with random bytes.' }),
        recordSchema(literalFields, { description: 'A literal of any JSON type.' }),
      ],
    },
    examples: [{ name: 'a text', blob: 1000, request_: { r: 16, len: 8000 }, count: { value: 42 } }],
  };
}

function readColumn(name: string, place: Place): ColumnSpec | undefined {
  const { value } = place;
  if (typeof value === 'string') return { kind: 'literal', name, value };
  if (typeof value === 'number') {
    const len = bytes.read(place);
    return len === undefined ? undefined : { kind: 'bytes', name, len };
  }
  if (place.isObject) return readObject(name, place);
  return place.refuse(
    `is ${place.shown}, must be a text, a number of bytes, { "r", "len" } or { "value" }`,
    `write { "value": ${place.shown.startsWith('a') ? '…' : place.shown} } for a literal`,
  );
}

function readObject(name: string, place: Place): ColumnSpec | undefined {
  const names = new Set(place.members.map((member) => member.name));
  if (!names.has('value')) {
    const { r, len } = readRecord(place, suffixedFields, { what: 'a column' })?.values ?? {};
    return r === undefined || len === undefined ? undefined : { kind: 'suffixed', name, r, len };
  }
  if (names.has('r') || names.has('len')) {
    return place.refuse(
      'has "value" beside "r" or "len"',
      'write { "value": … } for a literal, { "r": …, "len": … } for bytes',
    );
  }
  const value = readRecord(place, literalFields, { what: 'a column' })?.values.value;
  return value === undefined ? undefined : { kind: 'literal', name, value };
}

function isName(name: string, key: Place): boolean {
  if (name === '') key.refuse('is a column without a name', 'give it a name of at least one letter');
  else if (name === 'id')
    key.refuse('is a column named "id", which is the key attribute of every row', 'choose another name');
  else if (RESERVED.includes(name)) key.refuse('is a name that no column can have', 'choose another name');
  else if (!name.isWellFormed()) key.refuse('holds half of a character', 'write both halves of the \\u escape');
  else if (Buffer.byteLength(name) > MAX_NAME_BYTES) {
    key.refuse(`has ${Buffer.byteLength(name)} bytes, a column name has at most ${MAX_NAME_BYTES}`, 'shorten it');
  } else return true;
  return false;
}

/** Refuses columns that a drawn suffix can make the same: one row cannot hold two values under one name. */
function refuseClashes(columns: readonly { readonly spec: ColumnSpec; readonly key: Place }[]): void {
  const drawn = new Map<string, number>();
  for (const { spec } of columns) if (spec.kind === 'suffixed') drawn.set(spec.name, spec.r);
  for (const { spec, key } of columns) {
    const [tail = ''] = /\d{1,9}$/.exec(spec.name) ?? [];
    for (let length = 1; length <= tail.length; length++) {
      const digits = spec.name.slice(-length);
      const other = spec.name.slice(0, -length);
      const r = drawn.get(other);
      if (r === undefined || (digits.length > 1 && digits.startsWith('0'))) continue;
      // Its own suffix makes at least one digit more of the number, and "0" cannot begin a longer one.
      const smallest = spec.kind === 'suffixed' ? Number(digits) * 10 || Number.POSITIVE_INFINITY : Number(digits);
      if (smallest < r) {
        key.refuse(
          `can be the same column as ${quoted(other)} with one of its suffixes 0 to ${r - 1}`,
          'rename one of the two',
        );
      }
    }
  }
}

/** Any JSON value; `undefined` after a problem was recorded. */
function readJson(place: Place): Json | undefined {
  if (place.elements !== undefined) {
    const values = place.elements.map(readJson);
    const read = values.filter((value) => value !== undefined);
    return read.length === values.length ? read : undefined;
  }
  if (place.isObject) return readJsonObject(place);
  if (typeof place.value !== 'number' || isExact(place.value, place.raw)) return place.value;
  return place.refuse(`is ${place.shown}, which a 64-bit floating point number cannot hold`, 'write it as a text');
}

function readJsonObject(place: Place): Json | undefined {
  const entries: [string, Json][] = [];
  for (const { name, key, value } of place.members) {
    const read = readJson(value);
    if (name === '__proto__') key.refuse('is a name that no field can have', 'choose another name');
    else if (read !== undefined) entries.push([name, read]);
  }
  return Object.fromEntries(entries);
}

/** Whether a whole number kept all its digits; fractions are rounded by everyone who reads JSON. */
const isExact = (value: number, raw: string): boolean =>
  Number.isFinite(value) && (!/^-?\d+$/.test(raw) || BigInt(raw) === BigInt(value));
