import * as fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { hostileJson } from './hostile-json.ts';
import { Chance, mutant } from './mutations.ts';
import { complaintAbout, PARSERS, type Parser } from './parsers.ts';

/** Texts a parser: more by `FUZZ_RUNS=100000 npm test -- test/fuzz`. */
const RUNS = Number(process.env['FUZZ_RUNS'] ?? 1_000);
const SEED = Number(process.env['FUZZ_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

let tried = 0;
let refused = 0;
afterAll(() => {
  if (process.env['FUZZ_RUNS'] !== undefined)
    console.log(`fuzz seed ${SEED}: ${tried} texts tried, ${refused} refused`);
});

/** @throws with the text that did it. */
function attempt(parser: Parser, text: string): void {
  tried += 1;
  try {
    parser.parse(text);
  } catch (error) {
    refused += 1;
    const complaint = complaintAbout(error, parser);
    if (complaint === undefined) return;
    throw new Error(`${parser.name} (FUZZ_SEED=${SEED}) ${complaint}\nfor ${JSON.stringify(text.slice(0, 2_000))}`, {
      cause: error,
    });
  }
}

describe.each(PARSERS)('the parser of: $name', (parser) => {
  test('reads its samples', () => {
    for (const sample of parser.samples) expect(() => void parser.parse(sample)).not.toThrow();
  });

  test('reads or refuses whatever damaged bytes it is given', () => {
    const chance = new Chance(SEED);
    for (let run = 0; run < RUNS / (parser.slow ?? 1); run += 1) attempt(parser, mutant(parser.samples, chance));
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  test('reads or refuses whatever hostile values it is given', () => {
    fc.assert(
      fc.property(hostileJson(parser.samples), (text) => attempt(parser, text)),
      { numRuns: Math.ceil(RUNS / 5 / (parser.slow ?? 1)), seed: SEED },
    );
    expect('polluted' in {}).toBe(false);
  });
});

describe('a text of any length or depth', () => {
  test.each(PARSERS)('is read or refused by the parser of: $name', (parser) => {
    for (const text of [
      '['.repeat(20_000),
      '{"a":'.repeat(10_000),
      `${'['.repeat(10_000)}${']'.repeat(10_000)}`,
      '"'.repeat(20_001),
      `"${'\\u0000'.repeat(20_000)}"`,
      '9'.repeat(300_000),
      ' '.repeat(300_000),
      `{"__proto__":${'{"__proto__":'.repeat(2_000)}1${'}'.repeat(2_001)}`,
    ]) {
      attempt(parser, text);
    }
    expect(({} as { readonly a?: unknown }).a).toBeUndefined();
  });
});
