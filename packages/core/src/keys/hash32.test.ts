import { expect, test } from 'vitest';
import { hash32, mix32 } from './hash32.ts';

// The published FNV-1a 32-bit vectors (RFC 9923).
test.each([
  ['', 0x811c9dc5],
  ['a', 0xe40c292c],
  ['foobar', 0xbf9cf968],
])('hashes %j as FNV-1a does', (text, expected) => {
  expect(hash32(text)).toBe(expected);
});

test('hashes the UTF-8 bytes of text beyond ASCII', () => {
  let hash = 0x811c9dc5n;
  for (const byte of Buffer.from('naïve 鼓')) hash = ((hash ^ BigInt(byte)) * 0x01000193n) & 0xffffffffn;
  expect(hash32('naïve 鼓')).toBe(Number(hash));
});

test('mixes without collisions and lets one input bit change about half of the output', () => {
  expect(new Set(Array.from({ length: 10_000 }, (_, i) => mix32(i))).size).toBe(10_000);
  let changed = 0;
  for (let i = 0; i < 1_000; i++) changed += (mix32(i) ^ mix32(i ^ 1)).toString(2).replaceAll(/[^1]/g, '').length;
  expect(changed / 1_000).toBeGreaterThan(8);
});
