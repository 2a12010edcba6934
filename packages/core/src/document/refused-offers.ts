import { isDeepStrictEqual } from 'node:util';
import { openDocument } from './document.ts';
import { Place } from './place.ts';
import type { Field, Fields } from './record.ts';

/**
 * What a table of fields offers in editors and its own parser would refuse: examples with problems, and defaults that do
 * not read to what an absent field means. For tests of such tables.
 */
export function refusedOffers(fields: Fields): readonly string[] {
  return Object.entries(fields).flatMap(([name, field]) => [
    ...(field.examples ?? [])
      .filter((json) => read(field, json) === undefined)
      .map((json) => `${name}: ${String(json)}`),
    ...(field.presence !== 'defaulted' || isDeepStrictEqual(read(field, field.default.json), field.default.value)
      ? []
      : [`${name}: default ${String(field.default.json)}`]),
  ]);
}

function read(field: Field<unknown>, json: unknown): unknown {
  const document = openDocument(JSON.stringify(json), 'a value');
  const value = document.root === undefined ? undefined : field.kind.read(new Place(document, document.root));
  return document.findings.problems.length > 0 ? undefined : value;
}
