import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { keyAt, streamOf } from '../keys/index.ts';
import { ACTIONS, type Action, type ColumnSpec } from '../plan/plan.ts';
import type { Item, Op } from './op.ts';
import { itemsPerOp, OpSource, streamChoice, type TaskData } from './op-source.ts';

const DATA: readonly ColumnSpec[] = [
  { kind: 'suffixed', name: 'request_', r: 16, len: 8_000 },
  { kind: 'bytes', name: 'bid_feedback_2', len: 10_000 },
  { kind: 'literal', name: 'impression', value: 'this is text' },
];
const SAMPLE_DATA: readonly (readonly ColumnSpec[])[] = [
  [{ kind: 'bytes', name: 'a', len: 1 }],
  [{ kind: 'bytes', name: 'b', len: 2 }],
];
const WEIGHTS = [3, 1, 2];

const task = (changes: Partial<TaskData> = {}): TaskData => ({
  action: 'updateItem',
  seed: '1',
  seeds: undefined,
  offset: 0,
  samples: 0,
  data: DATA,
  limit: 10,
  ...changes,
});
const isBatch = (action: Action): boolean => action.startsWith('batch');

/** Ops first…first + count − 1 of a task, with the positions that a publisher would stamp. */
function opsOf(of: TaskData, first: number, count: number, source = new OpSource(of, SAMPLE_DATA)): Op[] {
  const positions = new Float64Array(of.seeds?.length ?? 0);
  streamChoice(of)?.advance(positions, 0, first * itemsPerOp(of));
  const batch = { first, count, ...(of.seeds && { positions: [...positions] }) };
  return source.ops(
    batch,
    Float64Array.from({ length: count }, (_, i) => 1_000 + i),
  );
}
const itemsOf = (of: TaskData, first: number, count: number): Item[] =>
  opsOf(of, first, count).flatMap((op) => op.items);

describe('the ops of a task', () => {
  test('carry number, action, intended start and limit', () => {
    const ops = opsOf(task({ action: 'query', limit: 7 }), 40, 2);
    expect(ops.map(({ n, action, intended, limit }) => [n, action, intended, limit])).toEqual([
      [40, 'query', 1_000, 7],
      [41, 'query', 1_001, 7],
    ]);
  });

  test('with seed take key offset + n of its stream', () => {
    const keys = itemsOf(task({ offset: 2 ** 40 }), 5, 3).map((item) => item.key);
    expect(keys).toEqual([5, 6, 7].map((n) => keyAt(streamOf('1'), 2 ** 40 + n)));
  });

  test('of a batch action hold samples items: keys offset + n · m to offset + n · m + m − 1', () => {
    const [op] = opsOf(task({ action: 'batchGetItem', samples: 4, offset: 100 }), 3, 1);
    expect(op?.items.map((item) => item.key)).toEqual([112, 113, 114, 115].map((n) => keyAt(streamOf('1'), n)));
  });

  test('with seeds advance each stream only when it is picked', () => {
    const keys = itemsOf(task({ seeds: WEIGHTS, offset: 9 }), 0, 300).map((item) => item.key);
    const walks = WEIGHTS.map((_, i) => Array.from({ length: 300 }, (__, p) => keyAt(streamOf(String(i + 1)), 9 + p)));
    const picked = [0, 0, 0];
    for (const key of keys) {
      const stream = walks.findIndex((walk, i) => walk[picked[i]!] === key);
      expect(stream).toBeGreaterThanOrEqual(0);
      picked[stream]! += 1;
    }
    expect(Math.min(...picked)).toBeGreaterThan(20);
  });

  test('are the same wherever a run is cut into batches, and whoever makes them', () => {
    const any = fc.record({
      action: fc.constantFrom(...ACTIONS),
      samples: fc.integer({ min: 1, max: 5 }),
      seeds: fc.constantFrom(undefined, WEIGHTS),
      offset: fc.nat(1_000),
      data: fc.constantFrom(undefined, DATA),
    });
    fc.assert(
      fc.property(any, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 8 }), (changes, sizes) => {
        const of = task(changes);
        const total = sizes.reduce((sum, size) => sum + size, 0);
        const whole = opsOf(of, 0, total).map(({ n, items }) => ({ n, items }));
        const shared = new OpSource(of, SAMPLE_DATA);
        let first = 0;
        const pieces = sizes.map((size, i) => {
          const ops = opsOf(of, first, size, i % 2 === 0 ? shared : undefined);
          first += size;
          return ops;
        });
        expect(pieces.flat().map(({ n, items }) => ({ n, items }))).toEqual(whole);
      }),
      { numRuns: 60 },
    );
  });

  test('with positions that are not of their first op are refused', () => {
    const source = new OpSource(task({ seeds: WEIGHTS }), []);
    for (const positions of [[1, 2], [1, 2, 3, 4], [1, 1, 1], undefined]) {
      const batch = { first: 10, count: 1, ...(positions && { positions }) };
      expect(() => source.ops(batch, [0])).toThrow(expect.objectContaining({ code: 'DRUM_ELEMENT_INVALID' }));
    }
    expect(source.ops({ first: 0, count: 1 }, [0])).toHaveLength(1);
  });
});

describe('what one task wrote, another finds', () => {
  const pairs = ACTIONS.flatMap((writer) => ACTIONS.map((reader) => [writer, reader] as const));

  test.each(pairs)('%s and %s with seed 1 see the same keys and columns', (writer, reader) => {
    const samplesOf = (action: Action): number => (isBatch(action) ? 5 : 0);
    const a = itemsOf(task({ action: writer, samples: samplesOf(writer) }), 0, isBatch(writer) ? 8 : 40);
    const b = itemsOf(task({ action: reader, samples: samplesOf(reader) }), 0, isBatch(reader) ? 8 : 40);
    expect(a).toEqual(b);
  });

  test('single-item actions with equal samples see the same keys and columns', () => {
    const written = itemsOf(task({ action: 'putItem', samples: 16 }), 0, 40);
    expect(itemsOf(task({ action: 'getSubItem', samples: 16 }), 0, 40)).toEqual(written);
    expect(itemsOf(task({ action: 'getSubItem', samples: 3 }), 0, 40)).not.toEqual(written);
  });

  test.each([0, 16])('a read by seeds finds what each stream wrote by seed, with samples %i', (samples) => {
    const written = new Map(
      ['1', '2', '3'].flatMap((seed) => itemsOf(task({ seed, samples }), 0, 200)).map((item) => [item.key, item]),
    );
    const read = itemsOf(task({ action: 'getSubItem', seed: 'chooser', seeds: WEIGHTS, samples }), 0, 200);
    for (const item of read) expect(written.get(item.key)).toEqual(item);
  });

  test('a later part is read by offset', () => {
    expect(itemsOf(task({ offset: 25 }), 0, 10)).toEqual(itemsOf(task(), 25, 10));
  });
});

const sampledNames = (action: Action): Set<string> =>
  new Set(
    itemsOf(task({ action, data: undefined, samples: 1 }), 0, 100).flatMap((item) => item.row.map((c) => c.name)),
  );

describe('columns', () => {
  test('come from sample_data when the task has no data and the action needs columns', () => {
    expect(sampledNames('batchPutItem')).toEqual(new Set(['a', 'b']));
    expect(sampledNames('getItem')).toEqual(new Set());
  });

  test('do not depend on the order of the keys of data', () => {
    expect(itemsOf(task({ data: DATA.toReversed() }), 0, 50)).toEqual(itemsOf(task(), 0, 50));
  });
});
