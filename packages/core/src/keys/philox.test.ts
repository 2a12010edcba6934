import { describe, expect, test } from 'vitest';
import { philox } from './philox.ts';

const hex = (words: Iterable<number>): string => [...words].map((w) => w.toString(16).padStart(8, '0')).join(' ');

/** The paper's round function on BigInts without any regard for speed: what the fast one is held to. */
function reference(counter: readonly [number, number, number, number], key: readonly [number, number]): bigint[] {
  const mask = 0xffffffffn;
  let [a, b, c, d] = [BigInt(counter[0]), BigInt(counter[1]), BigInt(counter[2]), BigInt(counter[3])];
  let [k, l] = [BigInt(key[0]), BigInt(key[1])];
  for (let round = 0; round < 10; round++) {
    const p = a * 0xd2511f53n;
    const q = c * 0xcd9e8d57n;
    [a, b, c, d] = [(q >> 32n) ^ b ^ k, q & mask, (p >> 32n) ^ d ^ l, p & mask];
    [k, l] = [(k + 0x9e3779b9n) & mask, (l + 0xbb67ae85n) & mask];
  }
  return [a, b, c, d];
}

describe('philox4x32-10', () => {
  // Random123, tests/kat_vectors, the three rows "philox4x32 10": counter, key, expected.
  test.each([
    [[0, 0, 0, 0], [0, 0], '6627e8d5 e169c58d bc57ac4c 9b00dbd8'],
    [[-1, -1, -1, -1], [-1, -1], '408f276d 41c83b0e a20bc7c6 6d5451fd'],
    [[0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0], 'd16cfe09 94fdcceb 5001e420 24126ea1'],
  ])('gives the published answer for counter %j and key %j', ([c0, c1, c2, c3], [k0, k1], expected) => {
    const out = new Uint32Array(4);
    philox(out, c0!, c1!, c2!, c3!, k0!, k1!);
    expect(hex(out)).toBe(expected);
  });

  test('agrees with plain 64-bit arithmetic along a chain of blocks, before and after it is compiled', () => {
    const out = new Uint32Array([1, 2, 3, 4]);
    let differing = 0;
    for (let i = 0; i < 20_000; i++) {
      const [a, b, c, d] = [out[0]!, out[1]!, out[2]!, out[3]!];
      philox(out, a, b, c, d, i, ~i);
      if (i % 100 === 0) differing += Number(reference([a, b, c, d], [i, ~i >>> 0]).join() !== out.join());
    }
    expect(differing).toBe(0);
  });

  test('passes the chi-square test for bytes and has no two equal blocks in 50,000 counters', () => {
    const out = new Uint32Array(4);
    const bytes = new Uint8Array(out.buffer);
    const counts = new Float64Array(256);
    const seen = new Set<string>();
    for (let n = 0; n < 50_000; n++) {
      philox(out, n, 0, 0, 0, 1, 2);
      seen.add(out.join());
      for (const byte of bytes) counts[byte]! += 1;
    }
    const mean = (50_000 * 16) / 256;
    const chi2 = counts.reduce((sum, count) => sum + (count - mean) ** 2 / mean, 0);
    // 255 degrees of freedom: 99.9 % of all samples lie between 186 and 330.
    expect(chi2).toBeGreaterThan(186);
    expect(chi2).toBeLessThan(330);
    expect(seen.size).toBe(50_000);
  });
});
