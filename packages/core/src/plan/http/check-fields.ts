import {
  duration,
  type Fields,
  integer,
  type Kind,
  optional,
  type Place,
  readRecord,
  recordSchema,
  text,
} from '../../document/index.ts';
import { anyJson } from '../columns.ts';
import type { HeaderCheck, HttpChecks, JsonCheck } from './http-task.ts';
import { parseJsonPath } from './json-path.ts';

type Range = readonly [from: number, to: number];

const MAX_SIZE = Number.MAX_SAFE_INTEGER;
/** What an answer must be when its task says nothing of the status. */
const DEFAULT_STATUS: readonly Range[] = [[100, 399]];

const oneStatus = [
  { type: 'integer', minimum: 100, maximum: 599 },
  { type: 'string', pattern: '^[1-5]xx$' },
];

const status: Kind<readonly Range[]> = {
  schema: { anyOf: [...oneStatus, { type: 'array', items: { anyOf: oneStatus }, minItems: 1, maxItems: 100 }] },
  read(place) {
    const places = place.elements ?? [place];
    if (places.length === 0) return place.refuse('is an empty list: no answer could pass', 'add a status, e.g. 200');
    const ranges = places.map(readStatus).filter((range) => range !== undefined);
    return ranges.length === places.length ? ranges : undefined;
  },
};

function readStatus(place: Place): Range | undefined {
  const { value } = place;
  if (typeof value === 'string' && /^[1-5]xx$/.test(value)) {
    const from = Number(value[0]) * 100;
    return [from, from + 99];
  }
  if (typeof value === 'number' && Number.isInteger(value) && value >= 100 && value <= 599) return [value, value];
  return place.refuse(`is ${place.shown}, which no answer has`, 'write a status of 100 to 599, or "2xx"');
}

const pattern = text({}, (source) => {
  try {
    return void new RegExp(source, 'u');
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^.*: /s, '') : 'wrong';
    return {
      must: `must be a regular expression: ${reason}`,
      hint: 'mend it; a literal one of .*+?()[]{}|\\^$ needs \\\\ before it',
    };
  }
});

const anyText = text({}, () => undefined);

const headerFields = {
  matches: optional(pattern, { about: 'A regular expression.', examples: ['^application/json'] }),
} satisfies Fields;

const headers: Kind<readonly HeaderCheck[]> = {
  schema: {
    type: 'object',
    additionalProperties: { anyOf: [{ type: 'string' }, { const: true }, recordSchema(headerFields)] },
  },
  read(place) {
    if (!place.isObject)
      return place.refuse(
        `is ${place.shown}, must be an object by header`,
        'write e.g. { "content-type": "text/html" }',
      );
    return place.members.map(({ name, key, value }) => {
      if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(name))
        key.refuse('is a name that no header has', 'take the odd characters away');
      return { name: name.toLowerCase(), ...readHeader(value) };
    });
  },
};

function readHeader(place: Place): Omit<HeaderCheck, 'name'> {
  if (typeof place.value === 'string') return { equals: place.value };
  if (place.value === true) return {};
  if (place.isObject) {
    const { matches } = readRecord(place, headerFields, { what: 'a check of a header' })?.values ?? {};
    return matches === undefined ? {} : { matches };
  }
  place.refuse(`is ${place.shown}, must be a text, true, or { "matches" }`, 'write true when any value will do');
  return {};
}

const bodyFields = {
  contains: optional(anyText, { about: 'A text that the body must hold.', examples: ['"ok"'] }),
  matches: optional(pattern, { about: 'A regular expression that the body must match.', examples: ['id=\\d+'] }),
} satisfies Fields;

const body: Kind<HttpChecks['body']> = {
  schema: recordSchema(bodyFields),
  read(place) {
    const values = readRecord(place, bodyFields, { what: 'an object with contains or matches' })?.values;
    if (values === undefined) return undefined;
    const { contains, matches } = values;
    return { ...(contains !== undefined && { contains }), ...(matches !== undefined && { matches }) };
  },
};

const json: Kind<readonly JsonCheck[]> = {
  schema: { type: 'object', minProperties: 1 },
  read(place) {
    if (!place.isObject)
      return place.refuse(`is ${place.shown}, must be an object by path`, 'write e.g. { "items[0].id": 5 }');
    const checks: JsonCheck[] = [];
    for (const { name, key, value } of place.members) {
      const steps = parseJsonPath(name);
      if (steps === undefined) key.refuse('is no path into JSON', 'write e.g. items[0].name or $["a b"]');
      const expected = readExpected(value);
      if (steps !== undefined && expected !== undefined) checks.push({ path: name, steps, ...expected });
    }
    return checks;
  },
};

function readExpected(place: Place): Omit<JsonCheck, 'path' | 'steps'> | undefined {
  if (!place.isObject) {
    const equals = anyJson.read(place);
    return equals === undefined ? undefined : { equals, exists: true };
  }
  const [member, ...more] = place.members;
  if (more.length === 0 && member?.name === 'exists' && typeof member.value.value === 'boolean')
    return { exists: member.value.value };
  if (more.length === 0 && member?.name === 'equals') {
    const equals = anyJson.read(member.value);
    return equals === undefined ? undefined : { equals, exists: true };
  }
  return place.refuse(
    'is an object, must be a value, { "exists": true } or { "equals": … }',
    'write { "equals": … } for an object',
  );
}

const sizeFields = {
  min: optional(integer(0, MAX_SIZE), { about: 'Bytes at least.', examples: [1] }),
  max: optional(integer(0, MAX_SIZE), { about: 'Bytes at most.', examples: [100_000] }),
} satisfies Fields;

const size: Kind<HttpChecks['size']> = {
  schema: recordSchema(sizeFields),
  read(place) {
    const values = readRecord(place, sizeFields, { what: 'an object with min or max' })?.values;
    if (values === undefined) return undefined;
    const { min, max } = values;
    if (min !== undefined && max !== undefined && min > max)
      return place.refuse(`has min ${min} above max ${max}: no answer could pass`, 'exchange the two');
    return { ...(min !== undefined && { min }), ...(max !== undefined && { max }) };
  },
};

const checkFields = {
  status: optional(status, {
    about: 'A status, a class such as "2xx", or a list of them. Absent: below 400.',
    examples: [200, '2xx', [200, 404]],
  }),
  headers: optional(headers, {
    about: 'By header: its value, true when any will do, or { "matches" }.',
    examples: [{ 'content-type': { matches: '^application/json' } }],
  }),
  body: optional(body, { about: 'What the text of the body must hold.', examples: [{ contains: 'ok' }] }),
  json: optional(json, {
    about: 'By path into the body’s JSON: the value, { "equals" } or { "exists" }.',
    examples: [{ 'items[0].id': 5, next: { exists: false } }],
  }),
  size: optional(size, {
    about: 'Bounds of the body’s length in bytes, as it came.',
    examples: [{ min: 1, max: 100_000 }],
  }),
  time: optional(duration('1us', '1h'), {
    about: 'The service time must not be longer than this.',
    examples: ['250ms'],
  }),
} satisfies Fields;

/** Reads `checks` of an http task. */
export const httpChecks: Kind<HttpChecks> = {
  schema: recordSchema(checkFields),
  read(place) {
    const values = readRecord(place, checkFields, { what: 'an object of checks' })?.values;
    if (values === undefined) return undefined;
    const { time } = values;
    return {
      status: values.status ?? DEFAULT_STATUS,
      headers: values.headers ?? [],
      body: values.body ?? {},
      json: values.json ?? [],
      size: values.size ?? {},
      ...(time !== undefined && { time }),
    };
  },
};

/** What holds when a task has no `checks`. */
export const DEFAULT_CHECKS: HttpChecks = { status: DEFAULT_STATUS, headers: [], body: {}, json: [], size: {} };
