import { execFileSync } from 'node:child_process';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { keyAt, streamOf } from '../keys/index.ts';
import { bytesColumn, matches, valueOf, wordOf } from './values.ts';

const item = { word: 0x12345678 };

const hexOf = (word: number, name: string): string => valueOf({ word }, bytesColumn(name, 16)).toString('hex');

describe('values', () => {
  test('have the asked length, from none to 10 MB', () => {
    for (const len of [0, 1, 8_000, 2 ** 20, 10_000_000]) {
      expect(valueOf(item, bytesColumn('a', len))).toHaveLength(len);
    }
  });

  test('are frozen for a key and column', () => {
    expect(valueOf({ word: wordOf(keyAt(streamOf('1'), 0)) }, bytesColumn('request_3', 8))).toEqual(
      Buffer.from('4c6cb71ae3520ebf', 'hex'),
    );
  });

  test('do not depend on what else the process has made', () => {
    const script = `
      import { bytesColumn, valueOf } from ${JSON.stringify(import.meta.resolve('./values.ts'))};
      const lens = process.argv.slice(1).map(Number);
      const made = new Map(lens.map((len) => [len, valueOf({ word: 7 }, bytesColumn('c', len)).toString('base64').slice(0, 200)]));
      process.stdout.write(JSON.stringify([...made].sort((a, b) => a[0] - b[0])));`;
    const made = (lens: number[]): string =>
      execFileSync(process.execPath, ['--input-type=module', '-e', script, ...lens.map(String)], { encoding: 'utf8' });
    expect(made([5, 3_000_000, 100])).toBe(made([100, 5, 3_000_000]));
  });

  test('differ between keys and between columns', () => {
    const made = Array.from({ length: 100 }, (_, i) => [hexOf(i, 'a'), hexOf(i, `b_${i}`)]).flat();
    expect(new Set(made).size).toBe(200);
  });

  test('look random: every byte occurs about as often (chi-square)', () => {
    const counts = new Float64Array(256);
    for (const byte of valueOf(item, bytesColumn('a', 500_000))) counts[byte]! += 1;
    const mean = 500_000 / 256;
    const chi2 = counts.reduce((sum, count) => sum + (count - mean) ** 2 / mean, 0);
    expect(chi2).toBeGreaterThan(186);
    expect(chi2).toBeLessThan(330);
  });

  test('that are literals are what the plan says', () => {
    expect(valueOf(item, { name: 'a', value: 'this is text' })).toBe('this is text');
    expect(valueOf(item, { name: 'a', value: { deep: [1, null] } })).toEqual({ deep: [1, null] });
  });
});

describe('checking on reading', () => {
  test('accepts what was made and nothing that differs in a byte or in length', () => {
    const column = bytesColumn('a', 100);
    const made = Buffer.from(valueOf(item, column));
    expect(matches(item, column, made)).toBe(true);
    expect(matches(item, column, made.subarray(0, 99))).toBe(false);
    expect(matches(item, bytesColumn('b', 100), made)).toBe(false);
    expect(matches({ word: 1 }, column, made)).toBe(false);
    fc.assert(
      fc.property(fc.nat(99), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const changed = Buffer.from(made);
        changed[at]! ^= flip;
        expect(matches(item, column, changed)).toBe(false);
      }),
    );
  });

  test('takes text as UTF-8 and other literals as JSON', () => {
    expect(matches(item, { name: 'a', value: 'é' }, Buffer.from('é'))).toBe(true);
    expect(matches(item, { name: 'a', value: 'é' }, Buffer.from('e'))).toBe(false);
    expect(matches(item, { name: 'a', value: { n: 1 } }, Buffer.from('{"n":1}'))).toBe(true);
    expect(matches(item, { name: 'a', value: null }, Buffer.from(''))).toBe(false);
  });

  test('needs no bytes of an empty value', () => {
    expect(matches(item, bytesColumn('a', 0), new Uint8Array(0))).toBe(true);
  });
});

test('the word of a key as text is the one that its stream drew', () => {
  expect(wordOf('0403020a000000000000000000000000')).toBe(0x0a020304);
  expect(wordOf('ffffffff000000000000000000000000')).toBe(0xffffffff);
  expect(wordOf('user:1')).not.toBe(wordOf('user:2'));
});
