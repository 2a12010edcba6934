import { describe, expect, test } from 'vitest';
import { streamOf } from '../keys/index.ts';
import type { ColumnSpec } from '../plan/plan.ts';
import { RowSource, rowTemplate } from './row-template.ts';

const suffixed = (name: string, r: number, len = 8): ColumnSpec => ({ kind: 'suffixed', name, r, len });
const source = (rows: readonly (readonly ColumnSpec[])[], samples = 0, seed = '1'): RowSource =>
  new RowSource(rowTemplate(rows), streamOf(seed), samples);
const names = (rows: RowSource, count: number): string[] =>
  Array.from({ length: count }, (_, i) =>
    rows
      .rowAt(i)
      .map((column) => column.name)
      .join(),
  );

const wide = (): RowSource => source([[suffixed('a_', 2 ** 31)]], 2 ** 31);

describe('rows of a task with data', () => {
  test('are frozen for a stream', () => {
    expect(names(source([[suffixed('request_', 16)]]), 8)).toEqual([
      'request_11',
      'request_5',
      'request_6',
      'request_0',
      'request_6',
      'request_6',
      'request_3',
      'request_11',
    ]);
    expect(names(source([[suffixed('request_', 16)]], 4), 8)).toEqual([
      'request_15',
      'request_15',
      'request_7',
      'request_13',
      'request_12',
      'request_12',
      'request_15',
      'request_13',
    ]);
  });

  test('do not depend on the order of the columns, nor one column on another', () => {
    const [a, b, c] = [suffixed('a_', 9), suffixed('b_', 7), { kind: 'bytes', name: 'z', len: 3 } as const];
    expect(names(source([[a, b, c]]), 50)).toEqual(names(source([[c, b, a]]), 50));
    const alone = names(source([[a]]), 50);
    expect(names(source([[b, a]]), 50).map((row) => row.split(',')[0])).toEqual(alone);
  });

  test('with samples 0 draw every suffix about as often (chi-square), each column apart', () => {
    const rows = source([[suffixed('a_', 16), suffixed('b_', 16)]]);
    const pairs = new Float64Array(256);
    for (const row of names(rows, 50_000)) {
      const [a, b] = row.split(',').map((name) => Number(name.slice(2)));
      pairs[16 * a! + b!]! += 1;
    }
    const mean = 50_000 / 256;
    const chi2 = pairs.reduce((sum, count) => sum + (count - mean) ** 2 / mean, 0);
    expect(chi2).toBeGreaterThan(186);
    expect(chi2).toBeLessThan(330);
  });

  test('with samples N come from N rows made up front, each picked about as often', () => {
    const rows = source([[suffixed('a_', 1_000_000)]], 10);
    const counts = Map.groupBy(names(rows, 10_000), (name) => name);
    expect(counts.size).toBe(10);
    for (const picked of counts.values()) expect(Math.abs(picked.length - 1_000)).toBeLessThan(150);
  });

  test('are one object wherever they are the same, so that drivers can remember what they made of them', () => {
    const rows = source([[suffixed('a_', 3), { kind: 'literal', name: 'b', value: 1 }]], 2);
    expect(new Set(Array.from({ length: 100 }, (_, i) => rows.rowAt(i))).size).toBe(2);
    const fresh = source([[suffixed('a_', 3)]]);
    expect(new Set(Array.from({ length: 100 }, (_, i) => fresh.rowAt(i)[0])).size).toBe(3);
  });

  test('are the same beyond the number of suffixes and rows that are remembered', () => {
    expect(names(wide(), 20)).toEqual(names(wide(), 20));
    expect(new Set(names(wide(), 20)).size).toBe(20);
  });

  test('hold a name once when two columns come to the same one', () => {
    const rows = names(source([[suffixed('a', 20), suffixed('a1', 5)]]), 500).map((row) => row.split(','));
    expect(rows.some((row) => row.length === 1)).toBe(true);
    for (const row of rows) expect(new Set(row).size).toBe(row.length);
  });
});

describe('rows of sample_data', () => {
  const rows = [
    [{ kind: 'bytes', name: 'x', len: 1 }],
    [suffixed('y_', 2)],
    [{ kind: 'bytes', name: 'z', len: 1 }],
  ] as const;

  test('are picked by a draw, all about as often', () => {
    const counts = Map.groupBy(names(source(rows), 9_000), (name) => name[0]);
    for (const name of ['x', 'y', 'z']) expect(Math.abs(counts.get(name)!.length - 3_000)).toBeLessThan(200);
  });

  test('are picked for each of the rows made up front', () => {
    expect(new Set(names(source(rows, 2), 1_000)).size).toBeLessThanOrEqual(2);
  });

  test('are empty when there is none', () => {
    expect(source([]).rowAt(5)).toEqual([]);
  });
});
