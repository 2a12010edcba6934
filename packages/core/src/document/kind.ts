import { closest } from './closest.ts';
import { decimalText } from './decimal.ts';
import type { Place } from './place.ts';
import { quoted } from './printable.ts';

export type JsonSchema = Readonly<Record<string, unknown>>;

/**
 * A kind of value: how to read it and, for editors, its JSON Schema. Both come from the same bounds, so they cannot
 * disagree.
 */
export interface Kind<T> {
  readonly schema: JsonSchema;
  /** The value; `undefined` after a problem was recorded at the place. */
  read(place: Place): T | undefined;
}

/** A whole number within bounds. */
export function integer(min: number, max: number): Kind<number> {
  const expected = `must be a whole number from ${min} to ${max}`;
  return {
    schema: { type: 'integer', minimum: min, maximum: max },
    read(place) {
      const { value } = place;
      if (typeof value !== 'number') return place.refuse(`is ${place.shown}, ${expected}`, numberHint(value, min));
      if (value < min) return place.refuse(`is ${place.shown}, ${expected}`, `write ${min} or more`);
      if (value > max) return place.refuse(`is ${place.shown}, ${expected}`, `write ${max} or less`);
      if (Number.isInteger(value)) return value;
      const floor = Math.max(min, Math.floor(value));
      return place.refuse(`is ${place.shown}, ${expected}`, `write ${floor} or ${Math.min(max, floor + 1)}`);
    },
  };
}

/** A number above 0, fractions allowed, within bounds; with `zero` also 0. */
export function positive(min: number, max: number, { zero = false } = {}): Kind<number> {
  const expected = `must be a number ${zero ? '≥ 0' : '> 0'} and at most ${decimalText(max)}`;
  return {
    schema: { type: 'number', minimum: zero ? 0 : min, maximum: max },
    read(place) {
      const { value } = place;
      if (typeof value !== 'number') return place.refuse(`is ${place.shown}, ${expected}`, numberHint(value, 1));
      if (zero && value === 0) return 0;
      if (value <= 0) return place.refuse(`is ${place.shown}, ${expected}`, `write ${zero ? '0' : '1'}, say`);
      const least = decimalText(min);
      if (value < min) return place.refuse(`is ${place.shown}, must be at least ${least}`, `write ${least} or more`);
      if (value > max) return place.refuse(`is ${place.shown}, ${expected}`, `write ${decimalText(max)} or less`);
      return value;
    },
  };
}

function numberHint(value: unknown, example: number): string {
  const isNumeric = typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value));
  return isNumeric ? `write ${Number(value)} without quotes` : `write a number, e.g. ${example}`;
}

export const flag: Kind<boolean> = {
  schema: { type: 'boolean' },
  read(place) {
    const { value } = place;
    return typeof value === 'boolean'
      ? value
      : place.refuse(`is ${place.shown}, must be true or false`, 'write true or false');
  },
};

/** One of a few texts. */
export function choice<const T extends string>(values: readonly T[]): Kind<T> {
  const all = values.map((value) => `"${value}"`).join(', ');
  return {
    schema: { enum: values },
    read(place) {
      const found = values.find((value) => value === place.value);
      if (found !== undefined) return found;
      const near = typeof place.value === 'string' ? closest(place.value, values) : undefined;
      const hint = near === undefined ? 'write one of them' : `did you mean "${near}"?`;
      return place.refuse(`is ${place.shown}, must be one of ${all}`, hint);
    },
  };
}

/** A text that `check` finds nothing wrong with: it answers a clause that begins with "must", or `undefined`. */
export function text(
  schema: JsonSchema,
  check: (value: string) => { readonly must: string; readonly hint: string } | undefined,
): Kind<string> {
  return {
    schema: { type: 'string', ...schema },
    read(place) {
      const { value } = place;
      if (typeof value !== 'string')
        return place.refuse(`is ${place.shown}, must be a text`, 'write a text in double quotes');
      const fault = check(value);
      return fault === undefined ? value : place.refuse(`is ${place.shown}, ${fault.must}`, fault.hint);
    },
  };
}

/** A list of `min` to `max` values of one kind. */
export function list<T>(kind: Kind<T>, min: number, max: number): Kind<readonly T[]> {
  const size = min === max ? `${min}` : `${min} to ${max}`;
  return {
    schema: { type: 'array', items: kind.schema, minItems: min, maxItems: max },
    read(place) {
      const { elements } = place;
      const expected = `must be a list of ${size}`;
      if (elements === undefined) return place.refuse(`is ${place.shown}, ${expected}`, 'write a list: [ … ]');
      const values = elements.map((element) => kind.read(element));
      if (!place.isBroken && (elements.length < min || elements.length > max)) {
        const few = elements.length < min;
        const count = few ? min - elements.length : elements.length - max;
        return place.refuse(`is ${place.shown}, ${expected}`, `${few ? 'add' : 'take away'} ${count}`);
      }
      const read = values.filter((value) => value !== undefined);
      return read.length === values.length ? read : undefined;
    },
  };
}

/** The value of `kind`, turned into what the program works with. */
export function mapped<T, U>(kind: Kind<T>, turn: (value: T, place: Place) => U | undefined): Kind<U> {
  return {
    schema: kind.schema,
    read(place) {
      const value = kind.read(place);
      return value === undefined ? undefined : turn(value, place);
    },
  };
}

/** An unknown name: says which one was probably meant. */
export function refuseUnknown(name: string, key: Place, known: readonly string[]): void {
  const near = closest(name, known);
  const hint =
    near === undefined ? `take it away; the fields here are ${known.join(', ')}` : `did you mean ${quoted(near)}?`;
  key.refuse('is an unknown field', hint);
}
