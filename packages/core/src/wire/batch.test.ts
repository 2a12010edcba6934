import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { instant, micros } from '../units/index.ts';
import { type Batch, encodeBatch, MAX_BATCH_OPS, MOST_REDELIVERIES } from './batch.ts';
import { decodeElement } from './element.ts';

const BATCH: Batch = {
  run: 'k3v9x2ab',
  task: 0,
  first: 4_500,
  count: 200,
  at: instant(1_795_332_280_918_123),
  span: micros(398),
};

const batches = fc.record(
  {
    run: fc.string({ minLength: 1, maxLength: 64, unit: 'binary' }),
    task: fc.nat(1_000_000),
    first: fc.maxSafeNat(),
    count: fc.integer({ min: 1, max: MAX_BATCH_OPS }),
    at: fc.maxSafeNat().map(instant),
    span: fc.nat(3_600_000_000).map(micros),
    positions: fc.array(fc.maxSafeNat(), { maxLength: 20 }),
    redelivered: fc.integer({ min: 1, max: MOST_REDELIVERIES }),
  },
  { requiredKeys: ['run', 'task', 'first', 'count', 'at', 'span'] },
);

describe('a batch', () => {
  test('comes back as it was encoded', () => {
    fc.assert(
      fc.property(batches, (batch) => {
        // Lengths are counted in UTF-16 units.
        fc.pre(batch.run.length <= 64);
        expect(decodeElement(encodeBatch(batch))).toEqual({ kind: 'batch', batch });
      }),
    );
  });

  test.each([
    ['10 ops a second', { count: 1, span: micros(0), first: 864_000 }],
    ['5,000,000 ops a second after a year', { count: 200, span: micros(40), first: 157_680_000_000_000 }],
    ['the largest batch there is', { count: MAX_BATCH_OPS, span: micros(10_000), first: Number.MAX_SAFE_INTEGER }],
  ])('has at most 200 bytes at %s', (_, change) => {
    expect(Buffer.byteLength(encodeBatch({ ...BATCH, ...change }))).toBeLessThanOrEqual(120);
  });

  test('has at most 200 bytes with three streams of a day of 5,000,000 ops a second, redelivered', () => {
    const positions = [432_000_000_000, 432_000_000_000, 432_000_000_000];
    expect(Buffer.byteLength(encodeBatch({ ...BATCH, positions, redelivered: 1 }))).toBeLessThanOrEqual(200);
  });

  test('says nothing of redelivery when there was none, so that its text is the same as ever', () => {
    expect(encodeBatch(BATCH)).not.toContain('redelivered');
  });
});
