import type { Kind, Place } from '../../document/index.ts';
import type { Pairs } from './http-task.ts';

/** What is wrong with a name or a text: a clause that begins with "must", and what to write; `undefined` = nothing. */
export type TextCheck = (text: string) => { readonly must: string; readonly hint: string } | undefined;

const aText = { type: 'string' };

/** An object of texts by name; a list gives a name several times. */
export function namedTexts(checkName: TextCheck, checkText: TextCheck): Kind<Pairs> {
  const readText = (name: string, place: Place): (readonly [string, string])[] => {
    const { value } = place;
    if (typeof value !== 'string') {
      place.refuse(`is ${place.shown}, must be a text`, 'write a text in double quotes');
      return [];
    }
    const fault = checkText(value);
    if (fault !== undefined) place.refuse(`is ${place.shown}, ${fault.must}`, fault.hint);
    return [[name, value]];
  };
  return {
    schema: {
      type: 'object',
      additionalProperties: { anyOf: [aText, { type: 'array', items: aText, minItems: 1, maxItems: 100 }] },
    },
    read(place) {
      if (!place.isObject)
        return place.refuse(`is ${place.shown}, must be an object of texts by name`, 'write e.g. { "name": "text" }');
      const pairs: (readonly [string, string])[] = [];
      for (const { name, key, value } of place.members) {
        const fault = checkName(name);
        if (fault !== undefined) key.refuse(`is a name that ${fault.must}`, fault.hint);
        const texts = value.elements ?? [value];
        if (texts.length === 0) value.refuse('is an empty list', 'add a text, or take the name away');
        for (const text of texts) pairs.push(...readText(name, text));
      }
      return pairs;
    },
  };
}
