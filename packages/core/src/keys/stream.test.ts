import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Block, below, DOMAIN, draw, keyAt, streamOf, uniform } from './stream.ts';

describe('the keys of a stream', () => {
  // Frozen: data that an earlier version wrote must be found by a later one. Computed apart from this code as well.
  test('of seed 1 are these', () => {
    const stream = streamOf('1');
    expect(stream).toEqual({ k0: 964056541, k1: -1953806103 });
    expect(Array.from({ length: 10 }, (_, n) => keyAt(stream, n))).toEqual([
      'e55b0cb406b567816f3d3d53fd27b363',
      '9792643dcabcbf5ce7f9ea59b56cbe5d',
      '432739d553b9362535b34f8a4e33e68d',
      '991abce0f12e263e7b3943a8ce230a29',
      'bf942a52b70708c5cf415df4c49d95ee',
      'cb688c8aa643b221c512d16adab8a32c',
      '5494d9d1a9c8d988bbfbfbca0c25f383',
      'ae23edaebbd66cfb661e7d090f6017f6',
      '61b06161f755667fa2e52372d1b0f47f',
      'fb2b5eff559c905832e50dc342bc1f60',
    ]);
  });

  test('use all 53 bits of the index', () => {
    const stream = streamOf('1');
    expect(keyAt(stream, 2 ** 32)).toBe('2d7a5ac5e6d6df761ec4a7591d36a13c');
    expect(keyAt(stream, 2 ** 53 - 1)).toBe('9bfb348e329656279a0266e7aa873f92');
    const indices = [0, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 33, 2 ** 52, 2 ** 53 - 1];
    expect(new Set(indices.map((index) => keyAt(stream, index))).size).toBe(indices.length);
  });

  test('differ between seeds, also between those that repeat or end like each other', () => {
    const seeds = Array.from({ length: 2_000 }, (_, seed) => String(seed));
    seeds.push('a', 'aa', 'aaa', 'abab', 'ab', '\u0101', '\u0001', '', 'ÿ', 'x'.repeat(255), 'x'.repeat(256));
    expect(new Set(seeds.map((seed) => keyAt(streamOf(seed), 0))).size).toBe(seeds.length);
  });

  test('are the words in order, each lowest byte first, in lower-case hex', () => {
    const block = new Block();
    block.words.set([0x03020100, 0x0b0a0908, 0xffeeddcc, 0x00000001]);
    expect(block.hex()).toBe('0001020308090a0bccddeeff01000000');
  });
});

describe('draws', () => {
  test('of one index share no block between domains and names', () => {
    const words = new Uint32Array(4);
    const blocks = Object.values(DOMAIN).flatMap((domain) =>
      [0, 1, 0xffffffff].map((name) => {
        draw(words, streamOf('1'), 5, domain, name);
        return words.join();
      }),
    );
    expect(new Set(blocks).size).toBe(blocks.length);
  });

  test('below a bound stay below it and reach both ends', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 31 }), fc.integer({ min: 0, max: 2 ** 32 - 1 }), (bound, word) => {
        const value = below(bound, word);
        expect(Number.isInteger(value) && value >= 0 && value < bound).toBe(true);
      }),
    );
    expect(below(16, 0)).toBe(0);
    expect(below(16, 2 ** 32 - 1)).toBe(15);
    expect(below(2 ** 31, 2 ** 32 - 1)).toBe(2 ** 31 - 1);
  });
});

describe('uniform draws of a beat', () => {
  const stream = streamOf('arrivals');

  test('are functions of (beat, slot, i), each of which matters', () => {
    expect(uniform(stream, 7, 1, 3)).toBe(uniform(stream, 7, 1, 3));
    const places = [0, 1, 2, 3, 2 ** 32 - 1].flatMap((beat) =>
      [0, 1].flatMap((slot) => [0, 1, 2, 3].map((i) => [beat, slot, i])),
    );
    places.push([2 ** 32, 0, 0], [2 ** 33, 0, 0], [2 ** 52, 0, 0]);
    expect(new Set(places.map(([beat, slot, i]) => uniform(stream, beat!, slot!, i!))).size).toBe(places.length);
  });

  test('lie in [0, 1) with the mean, variance and neighbour correlation of a uniform distribution', () => {
    const count = 100_000;
    const values = Array.from({ length: count }, (_, i) => uniform(stream, i >> 4, 0, i & 15));
    expect(Math.min(...values.slice(0, 1_000))).toBeGreaterThanOrEqual(0);
    expect(values.every((value) => value >= 0 && value < 1)).toBe(true);
    const mean = values.reduce((sum, value) => sum + value, 0) / count;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / count;
    const covariance = values.slice(1).reduce((sum, value, i) => sum + (value - mean) * (values[i]! - mean), 0) / count;
    // Four standard errors.
    expect(Math.abs(mean - 0.5)).toBeLessThan(4 * Math.sqrt(1 / 12 / count));
    expect(Math.abs(variance - 1 / 12)).toBeLessThan(4 * Math.sqrt(1 / 180 / count));
    expect(Math.abs(covariance * 12)).toBeLessThan(4 / Math.sqrt(count));
  });
});
