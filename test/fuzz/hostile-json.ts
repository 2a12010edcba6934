import * as fc from 'fast-check';

// `undefined` has no text of its own.
const textOf = (value: unknown): string => JSON.stringify(value) ?? 'null';

/** JSON text of any value at all, with a liking for what has broken parsers before. */
const hostileValue: fc.Arbitrary<string> = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }).map(textOf),
  fc
    .constantFrom<unknown>(
      ...[
        null,
        true,
        '',
        0,
        -1,
        1.5,
        1e300,
        -1e300,
        2 ** 53,
        2 ** 53 + 2,
        5e-324,
        [],
        {},
        [[]],
        [null],
        '0',
        ' ',
        '\u0000',
      ],
      ...['__proto__', '\ud800', '\u001b[31m', '\u202e', 'x'.repeat(300), '9'.repeat(400), '1e999', '../..', '%zz'],
    )
    .map(textOf),
  fc.constantFrom(
    '['.repeat(200) + ']'.repeat(200),
    `${'{"a":'.repeat(200)}0${'}'.repeat(200)}`,
    textOf(Array(500).fill(0)),
    '1e999',
    '-0',
    '{"__proto__":{"polluted":true}}',
    '{"constructor":{"prototype":{"polluted":true}}}',
  ),
  fc.string({ unit: 'binary', maxLength: 40 }).map(textOf),
  fc.double().map(textOf),
);

const hostileName = fc.oneof(
  fc.constantFrom(
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    'hasOwnProperty',
    'length',
    '',
    '0',
    '-1',
    '\u0000',
  ),
  fc.string({ maxLength: 12 }),
);

/** What happens to one place of a sample. */
interface Blow {
  /** Chooses the place. */
  readonly at: number;
  readonly how: 'replace' | 'add' | 'drop' | 'wrap';
  readonly name: string;
  /** JSON. */
  readonly value: string;
}

const blow: fc.Arbitrary<Blow> = fc.record({
  at: fc.nat(10_000),
  how: fc.constantFrom('replace', 'replace', 'add', 'drop', 'wrap'),
  name: hostileName,
  value: hostileValue,
});

/** JSON text of a valid sample of which one to four places were struck; now and then of no sample at all. */
export function hostileJson(samples: readonly string[]): fc.Arbitrary<string> {
  const struck = fc
    .tuple(fc.constantFrom(...samples), fc.array(blow, { minLength: 1, maxLength: 4 }))
    .map(([sample, blows]) => {
      let value: unknown;
      try {
        value = JSON.parse(sample);
      } catch {
        return sample;
      }
      for (const each of blows) value = strike(value, each);
      return textOf(value);
    });
  return fc.oneof({ weight: 8, arbitrary: struck }, { weight: 1, arbitrary: hostileValue });
}

type Container = Record<string, unknown> | unknown[];

const isContainer = (value: unknown): value is Container => typeof value === 'object' && value !== null;

function strike(root: unknown, { at, how, name, value: text }: Blow): unknown {
  const value: unknown = JSON.parse(text);
  const places = placesOf(root);
  const place = places[at % Math.max(1, places.length)];
  if (place === undefined) return how === 'wrap' ? [root] : value;
  const { container, key } = place;
  if (how === 'add') put(container, name, value);
  else if (how === 'wrap') put(container, key, [read(container, key)]);
  else if (how === 'replace') put(container, key, value);
  else if (Array.isArray(container)) container.splice(Number(key), 1);
  else Reflect.deleteProperty(container, key);
  return root;
}

const read = (container: Container, key: string): unknown => Reflect.get(container, key);

/** As JSON.parse does it: a member named `__proto__` is a member. */
function put(container: Container, key: string, value: unknown): void {
  if (Array.isArray(container)) container.splice(Number(key) || 0, 1, value);
  else Object.defineProperty(container, key, { value, enumerable: true, configurable: true, writable: true });
}

/** Where the values of a document are, outer ones first; enough of them. */
function placesOf(root: unknown): { readonly container: Container; readonly key: string }[] {
  const places: { readonly container: Container; readonly key: string }[] = [];
  const containers = isContainer(root) ? [root] : [];
  for (let next = containers.shift(); next !== undefined && places.length < 500; next = containers.shift()) {
    for (const [key, inner] of Object.entries(next)) {
      places.push({ container: next, key });
      if (isContainer(inner)) containers.push(inner);
    }
  }
  return places;
}
