import { type JsonSchema, type Kind, refuseUnknown } from './kind.ts';
import type { Place } from './place.ts';

interface FieldBase<T> {
  readonly kind: Kind<T>;
  /** What it means, for editors and the reference. */
  readonly about: string;
  /** JSON values that editors offer. */
  readonly examples?: readonly unknown[];
}
interface RequiredField<T> extends FieldBase<T> {
  readonly presence: 'required';
}
interface OptionalField<T> extends FieldBase<T> {
  readonly presence: 'optional';
}
interface DefaultedField<T> extends FieldBase<T> {
  readonly presence: 'defaulted';
  /** What an absent field means, as the file would say it and as it is read. */
  readonly default: { readonly json: unknown; readonly value: T };
}
export type Field<T> = RequiredField<T> | OptionalField<T> | DefaultedField<T>;
export type Fields = Readonly<Record<string, Field<unknown>>>;

interface Description {
  readonly about: string;
  readonly examples?: readonly unknown[];
}

export const required = <T>(kind: Kind<T>, description: Description): RequiredField<T> => ({
  presence: 'required',
  kind,
  ...description,
});

export const optional = <T>(kind: Kind<T>, description: Description): OptionalField<T> => ({
  presence: 'optional',
  kind,
  ...description,
});

/** @param json The default as the file would say it, when that differs from how it is read. */
export const defaulted = <T>(
  kind: Kind<T>,
  value: T,
  description: Description,
  json: unknown = value,
): DefaultedField<T> => ({ presence: 'defaulted', kind, default: { json, value }, ...description });

/** What the fields read to. A field that is absent or wrong is `undefined`, or its default if it has one. */
export type Values<F extends Fields> = {
  readonly [Name in keyof F]: F[Name] extends DefaultedField<infer T>
    ? T
    : F[Name] extends Field<infer T>
      ? T | undefined
      : never;
};

export interface Reading<F extends Fields> {
  readonly values: Values<F>;
  /** Where each field stands that the file has, right or wrong. */
  readonly places: ReadonlyMap<keyof F, Place>;
}

/** Reads an object: every field, every unknown name, every required field that is missing. */
export function readRecord<F extends Fields>(
  place: Place,
  fields: F,
  { what, ignored = [] }: { readonly what: string; readonly ignored?: readonly string[] },
): Reading<F> | undefined {
  const known = Object.keys(fields);
  if (!place.isObject) {
    return place.refuse(
      `is ${place.shown}, must be ${what}`,
      `write an object: { ${known
        .slice(0, 2)
        .map((name) => `"${name}": …`)
        .join(', ')} }`,
    );
  }
  const table = new Map(Object.entries(fields));
  const values = new Map<string, unknown>();
  const places = new Map<string, Place>();
  for (const { name, key, value } of place.members) {
    const field = table.get(name);
    if (field !== undefined) {
      places.set(name, value);
      values.set(name, field.kind.read(value));
    } else if (!ignored.includes(name)) refuseUnknown(name, key, known);
  }
  for (const [name, field] of table) {
    if (field.presence === 'defaulted') values.set(name, values.get(name) ?? field.default.value);
    if (field.presence === 'required' && !places.has(name) && !place.isBroken) {
      const example = field.examples?.[0];
      place.refuse(`has no "${name}", which is required`, `write "${name}": ${JSON.stringify(example) ?? '…'}, say`);
    }
  }
  // Each kind has read its own field, which no type can follow.
  return { values: Object.fromEntries(values) as Values<F>, places };
}

/** The JSON Schema of such an object. */
export function recordSchema(fields: Fields, more: JsonSchema = {}): JsonSchema & { readonly properties: JsonSchema } {
  const entries = Object.entries(fields);
  const properties = Object.fromEntries(entries.map(([name, field]) => [name, fieldSchema(field)]));
  return {
    type: 'object',
    required: entries.filter(([, field]) => field.presence === 'required').map(([name]) => name),
    additionalProperties: false,
    ...more,
    properties,
  };
}

function fieldSchema(field: Field<unknown>): JsonSchema {
  return {
    description: field.about,
    ...field.kind.schema,
    ...(field.presence === 'defaulted' ? { default: field.default.json } : {}),
    ...(field.examples === undefined ? {} : { examples: field.examples }),
  };
}
