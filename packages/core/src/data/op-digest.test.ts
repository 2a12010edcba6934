import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { instant } from '../units/index.ts';
import type { Column, Op } from './op.ts';
import { addDigests, NO_DIGEST, OpDigest } from './op-digest.ts';
import { OpHasher } from './op-hasher.ts';
import { OpSource } from './op-source.ts';
import { bytesColumn } from './values.ts';

const ops = new OpSource(
  {
    action: 'updateItem',
    seed: '1',
    seeds: undefined,
    offset: 0,
    samples: 0,
    data: [
      { kind: 'suffixed', name: 'a_', r: 5, len: 9 },
      { kind: 'literal', name: 'b', value: 'text' },
    ],
    limit: 10,
  },
  [],
).ops({ first: 0, count: 60 }, new Float64Array(60));

function digestOf(executed: readonly Op[], task = 0): string {
  const digest = new OpDigest();
  for (const op of executed) digest.add(task, op);
  return digest.toString();
}

describe('the digest of executed operations', () => {
  test('is frozen', () => {
    expect(digestOf(ops)).toBe('bc904ae6ca1b03e0');
    expect(new OpDigest().toString()).toBe('0000000000000000');
    expect(NO_DIGEST).toBe('0000000000000000');
  });

  test('does not depend on the order, nor on how many workers shared the ops', () => {
    const whole = digestOf(ops);
    fc.assert(
      fc.property(
        fc.shuffledSubarray([...ops], { minLength: ops.length }),
        fc.integer({ min: 1, max: 7 }),
        (order, workers) => {
          expect(digestOf(order)).toBe(whole);
          const parts = Array.from({ length: workers }, (_, w) => order.filter((_op, i) => i % workers === w));
          expect(parts.map((part) => digestOf(part)).reduce(addDigests, NO_DIGEST)).toBe(whole);
        },
      ),
    );
  });

  test('shows an op that was left out, executed twice or executed twice instead of another', () => {
    const seen = [ops, ops.slice(1), [...ops, ops[3]!], [...ops, ops[3]!, ops[3]!], [...ops.slice(1), ops[3]!]].map(
      (o) => digestOf(o),
    );
    expect(new Set(seen).size).toBe(seen.length);
  });

  test('changes with every part of an op', () => {
    const one = (changes: Partial<Op>, task = 0): string => digestOf([{ ...ops[0]!, ...changes }], task);
    const item = ops[0]!.items[0]!;
    const key = (at: number): string =>
      item.key.slice(0, at) + (item.key[at] === '0' ? '1' : '0') + item.key.slice(at + 1);
    const row = (...columns: Column[]): string => one({ items: [{ ...item, row: columns }] });
    const seen = [
      one({}),
      one({}, 1),
      one({ n: 1 }),
      one({ n: 2 ** 32 }),
      one({ action: 'putItem' }),
      one({ items: [item, item] }),
      one({ items: [] }),
      ...Array.from({ length: 32 }, (_, at) => one({ items: [{ ...item, key: key(at) }] })),
      one({ items: [{ ...item, key: 'short' }] }),
      row(),
      row(bytesColumn('a', 1)),
      row(bytesColumn('a', 2)),
      row(bytesColumn('b', 1)),
      row({ name: 'a', value: 1 }),
      row({ name: 'a', value: '1' }),
      row({ name: 'b', value: 1 }),
      row(bytesColumn('a', 1), bytesColumn('b', 1)),
      row(...Array.from({ length: 100 }, (_, i) => bytesColumn(`c${i}`, 1))),
    ];
    expect(new Set(seen).size).toBe(seen.length);
  });

  test('does not depend on when the op was intended: a repeat at another time is the same work', () => {
    expect(digestOf([{ ...ops[0]!, intended: instant(5) }])).toBe(digestOf([ops[0]!]));
  });

  test('has no two equal hashes among 20,000 single ops, in either half', () => {
    const seen = Array.from({ length: 20_000 }, (_, n) => digestOf([{ ...ops[0]!, n }]));
    expect(new Set(seen).size).toBe(seen.length);
    // 20,000 values of 32 bits have 0.05 collisions on average; six or more come once in 10¹⁰.
    for (const half of [0, 8])
      expect(new Set(seen.map((d) => d.slice(half, half + 8))).size).toBeGreaterThan(seen.length - 6);
  });

  test('adds up modulo 2⁶⁴', () => {
    const digests = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
    const text = (sum: bigint): string => BigInt.asUintN(64, sum).toString(16).padStart(16, '0');
    fc.assert(
      fc.property(digests, digests, (a, b) => {
        expect(addDigests(text(a), text(b))).toBe(text(a + b));
      }),
    );
  });

  test('can share its hasher with others under way', () => {
    const hasher = new OpHasher();
    const [even, odd] = [new OpDigest(hasher), new OpDigest(hasher)];
    for (const [i, op] of ops.entries()) (i % 2 === 0 ? even : odd).add(0, op);
    expect(addDigests(even.toString(), odd.toString())).toBe(digestOf(ops));
  });

  test.each(['12', '', 'x'.repeat(16), '0'.repeat(17)])('refuses to add %j, which is no digest', (text) => {
    expect(() => addDigests(NO_DIGEST, text)).toThrow(RangeError);
    expect(() => addDigests(text, NO_DIGEST)).toThrow(RangeError);
  });
});
