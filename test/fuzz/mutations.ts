/** A small generator with a seed, so that every finding can be found again: mulberry32. */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** 0 to `below` − 1. */
  below(below: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let word = this.#state;
    word = Math.imul(word ^ (word >>> 15), word | 1);
    word ^= word + Math.imul(word ^ (word >>> 7), word | 61);
    return Math.floor((((word ^ (word >>> 14)) >>> 0) / 2 ** 32) * below);
  }

  pick<T>(of: readonly T[]): T {
    const index = this.below(of.length);
    const picked = of[index];
    if (picked === undefined && of.length === 0) throw new RangeError('nothing to pick from');
    return picked as T;
  }
}

/** What parsers stumble over: numbers at the edges, names that objects have already, what moves a terminal, half characters. */
const TOKENS: readonly string[] = [
  ...[
    '0',
    '-0',
    '-1',
    '1e999',
    '-1e999',
    '1e-999',
    '9007199254740993',
    '18446744073709551616',
    '0x10',
    'NaN',
    'Infinity',
  ],
  ...['null', 'true', '[]', '{}', '""', '[[[[[[[[', '{"a":'.repeat(40), '"__proto__":', '"constructor":{"prototype":'],
  ...['__proto__', 'toString', 'hasOwnProperty', '\\u0000', '\\ud800', '\u001b[2J\u001b]0;x\u0007', '\u202e', '\ufeff'],
  ...[
    '//',
    '/*',
    '*/',
    ',',
    ':',
    '"',
    "'",
    '\\',
    '{',
    '}',
    '[',
    ']',
    '%',
    '%zz',
    '%00',
    '\r\n',
    '@',
    '#',
    ' ',
    '\t',
    '\u0000',
  ],
];

type Mutation = (bytes: Buffer, chance: Chance, others: readonly Buffer[]) => Buffer;

const cutOut = (bytes: Buffer, from: number, length: number): Buffer =>
  Buffer.concat([bytes.subarray(0, from), bytes.subarray(from + length)]);
const putIn = (bytes: Buffer, at: number, piece: Buffer): Buffer =>
  Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at)]);
const pieceOf = (bytes: Buffer, chance: Chance, longest: number): Buffer => {
  const from = chance.below(bytes.length);
  return bytes.subarray(from, from + 1 + chance.below(longest));
};

const MUTATIONS: readonly Mutation[] = [
  // One bit turned over.
  (bytes, chance) => {
    const copy = Buffer.from(bytes);
    const at = chance.below(copy.length);
    copy[at] = (copy[at] ?? 0) ^ (1 << chance.below(8));
    return copy;
  },
  // A byte replaced by any other: most of them leave UTF-8.
  (bytes, chance) => {
    const copy = Buffer.from(bytes);
    copy[chance.below(copy.length)] = chance.below(256);
    return copy;
  },
  (bytes, chance) => cutOut(bytes, chance.below(bytes.length), 1 + chance.below(8)),
  (bytes, chance) => bytes.subarray(0, chance.below(bytes.length)),
  (bytes, chance) => putIn(bytes, chance.below(bytes.length), Buffer.from(chance.pick(TOKENS))),
  // A token instead of a piece.
  (bytes, chance) => {
    const at = chance.below(bytes.length);
    return putIn(cutOut(bytes, at, 1 + chance.below(12)), at, Buffer.from(chance.pick(TOKENS)));
  },
  // A piece again, elsewhere, perhaps very often.
  (bytes, chance) => {
    const piece = pieceOf(bytes, chance, 40);
    const times = chance.below(20) === 0 ? 2_000 : 1 + chance.below(3);
    return putIn(bytes, chance.below(bytes.length), Buffer.concat(Array.from({ length: times }, () => piece)));
  },
  // A piece of another sample.
  (bytes, chance, others) => putIn(bytes, chance.below(bytes.length), pieceOf(chance.pick(others), chance, 200)),
];

/** Text made of a sample by 1 to 6 mutations of its bytes, as a client of Redis would read it. */
export function mutant(samples: readonly string[], chance: Chance): string {
  const all = samples.map((sample) => Buffer.from(sample));
  let bytes: Buffer = chance.pick(all);
  for (let left = 1 + chance.below(6); left > 0; left -= 1) {
    bytes = bytes.length === 0 ? Buffer.from(chance.pick(TOKENS)) : chance.pick(MUTATIONS)(bytes, chance, all);
  }
  return bytes.toString();
}
