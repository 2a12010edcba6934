import {
  choice,
  closest,
  decimalText,
  defaulted,
  duration,
  type Fields,
  integer,
  type Kind,
  list,
  mapped,
  optional,
  positive,
  readRecord,
  recordSchema,
  required,
  text,
} from '../document/index.ts';
import { type Micros, micros } from '../units/index.ts';
import { columns } from './columns.ts';
import { httpChecks, httpRequest } from './http/index.ts';
import { ACTIONS, type Action } from './plan.ts';

/** Operations per second. The lower bound is one in 31 years; decimal texts stay short. */
const MIN_RATE = 0.000_000_001;
export const MAX_RATE = 1_000_000_000;
const MAX_SEED_LENGTH = 256;
/** Age at which `"late": "drop"` drops. */
const DROP_AGE = '1s';
const DROP_AGE_MICROS = micros(1_000_000);

/** Items of one op of a batch action: DynamoDB's limits, default 10. */
export const BATCH_ITEMS: ReadonlyMap<Action, { readonly default: number; readonly max: number }> = new Map([
  ['batchGetItem', { default: 10, max: 100 }],
  ['batchGetSubItem', { default: 10, max: 100 }],
  ['batchPutItem', { default: 10, max: 25 }],
]);

/** Rows that a single-item action may make up front. */
const MAX_SAMPLES = 1_000_000;

const decimal = (kind: Kind<number>): Kind<string> => mapped(kind, decimalText);

const curve = mapped(list(decimal(positive(MIN_RATE, MAX_RATE, { zero: true })), 24, 24), (hours, place) =>
  hours.some((hour) => hour !== '0')
    ? hours
    : place.refuse('is 0 in all 24 hours, one must be above 0', 'write 1 for the hours of full rate'),
);

const weights = list(positive(MIN_RATE, MAX_RATE), 1, 1_024);

const timezone = text({ minLength: 1 }, (name) => {
  if (isTimezone(name)) return undefined;
  const near = closest(name, ['UTC', ...Intl.supportedValuesOf('timeZone')]);
  const hint = near === undefined ? 'write e.g. "UTC" or "Europe/Berlin"' : `did you mean "${near}"?`;
  return { must: 'must be an IANA time zone', hint };
});

function isTimezone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

/** The number 1 and the text "1" are the same stream. */
const seed: Kind<string> = {
  schema: {
    anyOf: [
      { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
      { type: 'string', minLength: 1, maxLength: MAX_SEED_LENGTH },
    ],
  },
  read(place) {
    const { value } = place;
    const expected = 'must be a whole number from 0, or a text';
    if (typeof value === 'number') {
      if (value < 0) return place.refuse(`is ${place.shown}, ${expected}`, 'write 0 or more, or a text');
      if (!Number.isInteger(value))
        return place.refuse(`is ${place.shown}, ${expected}`, `write "${value}" or a whole number`);
      if (Number.isSafeInteger(value)) return decimalText(value);
      return place.refuse(
        `is ${place.shown}, must be at most ${Number.MAX_SAFE_INTEGER}`,
        'write it as a text in quotes',
      );
    }
    if (typeof value !== 'string') return place.refuse(`is ${place.shown}, ${expected}`, 'write e.g. 1 or "monday"');
    if (value === '') return place.refuse('is an empty text', 'write a seed, or leave the field out to have one drawn');
    if (!value.isWellFormed()) return place.refuse('holds half of a character', 'write both halves of the \\u escape');
    if (value.length <= MAX_SEED_LENGTH) return value;
    return place.refuse(`has ${value.length} characters, a seed has at most ${MAX_SEED_LENGTH}`, 'shorten it');
  },
};

const dropFields = {
  drop: required(duration('1ms', '365d'), {
    about: 'Age in seconds, or as text, at which an operation is dropped instead of sent.',
    examples: ['500ms', 2],
  }),
} satisfies Fields;

/** `null` = always send, else the age at which an op is dropped. */
const late: Kind<Micros | null> = {
  schema: {
    anyOf: [
      { enum: ['send', 'drop'] },
      recordSchema(dropFields, { description: 'Drop an operation that is this much late.' }),
    ],
  },
  read(place) {
    if (place.isObject) return readRecord(place, dropFields, { what: '{ "drop": … }' })?.values.drop;
    if (place.value === 'send') return null;
    if (place.value === 'drop') return DROP_AGE_MICROS;
    const expected = 'must be "send", "drop", or { "drop": age }';
    return place.refuse(`is ${place.shown}, ${expected}`, 'write e.g. { "drop": "500ms" }');
  },
};

/** The fields of a task: the one source for the parser, the JSON Schema and the reference. */
export const TASK_FIELDS = {
  action: required(choice(ACTIONS), {
    about: 'What an operation does to its target.',
    examples: ['updateItem'],
  }),
  qps: required(decimal(positive(MIN_RATE, MAX_RATE)), {
    about: 'Operations per second; fractions are kept exactly.',
    examples: [1000, 0.5],
  }),
  qpss: optional(curve, {
    about:
      '24 multipliers of qps by hour of day. An hour that is not 0 holds its value; across a run of zero hours the rate moves in a straight line from the value before to the value after, round midnight too.',
    examples: [
      [0.7, 0, 0, 0, 0.8, 0, 0.8, 0, 0.9, 1, 1, 1, 0.8, 0.5, 0.4, 0.4, 0.4, 0.3, 0.4, 0.4, 0.5, 0.6, 0.6, 0.7],
    ],
  }),
  curve: defaulted(choice(['step', 'smooth']), 'step', {
    about: 'How qpss moves within an hour: "step" holds the hour’s value, "smooth" makes the day one continuous curve.',
  }),
  clock: defaulted(choice(['wall', 'run']), 'wall', {
    about: 'Whether hour 0 of qpss is midnight ("wall") or the start of the task ("run").',
  }),
  timezone: optional(timezone, {
    about: 'IANA time zone of the hours of qpss with the wall clock. Absent: the publisher’s.',
    examples: ['UTC', 'Europe/Berlin', 'Asia/Shanghai'],
  }),
  times: optional(integer(1, Number.MAX_SAFE_INTEGER), {
    about: 'Exactly this many operations. With duration: whichever comes first. One of the two is required.',
    examples: [100_000],
  }),
  duration: optional(duration('10ms', '3650d'), {
    about: 'Stop after this long: seconds, or a text such as "1h30m" or "250ms".',
    examples: [3600, '1h30m'],
  }),
  repeat: defaulted(integer(1, 1_000_000), 1, {
    about: 'Run the task this many times in all, keys from the start each time.',
  }),
  seed: optional(seed, {
    about:
      'Names the key stream; 1 and "1" are the same. 0 or absent: drawn when the run starts, logged and stored with it. With seeds it seeds the choice of stream.',
    examples: [1, 'monday'],
  }),
  seeds: optional(weights, {
    about: 'Weights > 0: each operation picks stream i (the stream of seed i, from 1) with probability wᵢ/Σw.',
    examples: [[15.38, 48.58, 7.36, 22.58, 4.82, 1.29]],
  }),
  offset: defaulted(integer(0, Number.MAX_SAFE_INTEGER), 0, {
    about: 'Start in the key stream: operation n uses key offset + n.',
    examples: [1_000_000],
  }),
  samples: optional(integer(0, MAX_SAMPLES), {
    about:
      'Single-item actions: so many rows are made up front and each operation picks one; 0 (the default) makes a fresh row an operation. Batch actions: items an operation, 10 by default, at most 100 for reads and 25 for writes.',
    examples: [16],
  }),
  data: optional(columns, {
    about:
      'Column → text, number of random bytes, { "r", "len" } for a drawn suffix, or { "value" } for a literal of any type. Absent: a row of the config’s sample_data.',
  }),
  arrivals: defaulted(choice(['even', 'poisson']), 'even', { about: 'Spacing of the intended starts.' }),
  late: defaulted<Micros | null>(
    late,
    null,
    {
      about: `What a worker does with an operation whose time has passed: "send" it, "drop" it when it is ${DROP_AGE} late, or drop it at a stated age: { "drop": "500ms" }. Both are counted.`,
      examples: ['send', 'drop', { drop: '500ms' }],
    },
    'send',
  ),
  limit: defaulted(integer(1, 1_000), 10, { about: 'Items that query asks for at most; only for query.' }),
  name: optional(
    text({ minLength: 1, maxLength: 100 }, (name) =>
      /^[^\p{C}]{1,100}$/u.test(name)
        ? undefined
        : { must: 'must have 1 to 100 printable characters', hint: 'shorten it' },
    ),
    {
      about:
        'What an http task is called in statistics. Absent: its method and path, with placeholders as they are written.',
      examples: ['read an item'],
    },
  ),
  request: optional(httpRequest, {
    about:
      'What http sends; required there. Its texts may hold placeholders: {{key}}, {{n}}, {{run}}, {{column name}}, {{random 1 100}}, {{hex 16}}, {{uuid}}, {{pick a|b|c}}; {{{{ is a literal {{.',
    examples: [{ url: 'http://127.0.0.1:8080/items/{{key}}' }],
  }),
  checks: optional(httpChecks, {
    about:
      'What the answer to an http request must be like; an op whose answer is not fails. Absent: a status below 400.',
    examples: [{ status: 200, body: { contains: 'ok' } }],
  }),
} satisfies Fields;
