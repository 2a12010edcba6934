import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { instant, micros } from '../units/index.ts';
import { type Batch, encodeBatch, MAX_BATCH_OPS, MOST_REDELIVERIES } from './batch.ts';
import { decodeElement } from './element.ts';
import { redelivery } from './redelivery.ts';

const batches: fc.Arbitrary<Batch> = fc.record(
  {
    run: fc.string({ minLength: 1, maxLength: 64 }),
    task: fc.nat(1_000_000),
    first: fc.maxSafeNat(),
    count: fc.integer({ min: 1, max: MAX_BATCH_OPS }),
    at: fc.maxSafeNat().map(instant),
    span: fc.nat(3_600_000_000).map(micros),
    positions: fc.array(fc.maxSafeNat(), { maxLength: 5 }),
    redelivered: fc.integer({ min: 1, max: MOST_REDELIVERIES - 1 }),
  },
  { requiredKeys: ['run', 'task', 'first', 'count', 'at', 'span'] },
);

describe('a redelivered element', () => {
  test('is the same batch with one redelivery more, under another text, and tells whose ops it has', () => {
    fc.assert(
      fc.property(batches, (batch) => {
        const text = encodeBatch(batch);
        const { element, ops } = redelivery(text);
        expect(element).not.toBe(text);
        const redelivered = (batch.redelivered ?? 0) + 1;
        expect(decodeElement(element)).toEqual({ kind: 'batch', batch: { ...batch, redelivered } });
        expect(ops).toEqual({ run: batch.run, task: batch.task, count: batch.count });
      }),
    );
  });

  test('counts up to 1,000 and stays readable', () => {
    let text = encodeBatch({ run: 'r', task: 0, first: 0, count: 1, at: instant(0), span: micros(0) });
    for (let i = 0; i < MOST_REDELIVERIES + 5; i += 1) text = redelivery(text).element;
    expect(decodeElement(text)).toMatchObject({ batch: { redelivered: MOST_REDELIVERIES } });
  });

  test('that is no batch comes back as it was, in no ledger', () => {
    const fields = fc.constantFrom('run', 'task', 'first', 'count', 'at', 'span', 'positions', 'redelivered');
    const wrong = fc.constantFrom(null, -1, 1.5, '', {}, [-1]);
    const forged = fc
      .tuple(batches, fields, wrong)
      .map(([batch, field, value]) => JSON.stringify({ ...batch, [field]: value }));
    const original = '{"action":"getItem","key":"52fdfc07"}';
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary-ascii' }), forged, fc.constant(original)), (text) => {
        expect(redelivery(text)).toEqual({ element: text });
      }),
    );
  });
});
