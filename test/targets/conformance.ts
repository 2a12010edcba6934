import { type Item, valueOf } from '@drumline/core/data';
import { type Driver, type DriverOptions, openDriver } from '@drumline/targets';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bytes, item, literal, run, type Stored, stored } from './target.ts';

/** A target as the suite needs it: made anew for the suite, and looked into by a client that is not the driver's. */
export interface Bench {
  readonly options: DriverOptions;
  look(of: Item): Promise<Stored>;
  stop(): Promise<void>;
}

/** What every driver must do in both modes. Keys differ from test to test, so that none sees another's items. */
export function describeActions(title: string, start: () => Promise<Bench>, multiRow: boolean): void {
  describe(`every action: ${title}`, () => {
    let bench: Bench;
    let driver: Driver;
    const missing = { items: 0, misses: 1 };
    const hit = { items: 1, misses: 0 };

    beforeAll(async () => {
      bench = await start();
      driver = openDriver(bench.options, valueOf);
      await driver.open();
    });
    afterAll(async () => {
      await driver.close();
      await bench.stop();
    });

    const row = [bytes('field1', 40), bytes('field2', 3, 2), literal('text', 'grüß "dich"\n')];

    test('putItem writes an item, byte for byte', async () => {
      const it = item(1, row);
      expect(await run(driver, 'putItem', [it])).toMatchObject(hit);
      expect(await bench.look(it)).toEqual(stored(it));
    });

    test('putItem replaces all that was there', async () => {
      await run(driver, 'putItem', [item(2, row)]);
      const after = item(2, [bytes('field2', 9, 5), literal('new', 'x')]);
      expect(await run(driver, 'putItem', [after])).toMatchObject(hit);
      expect(await bench.look(after)).toEqual(stored(after));
    });

    test('updateItem adds and changes columns and leaves the others', async () => {
      await run(driver, 'updateItem', [item(3, [literal('a', '1'), literal('b', '2')])]);
      expect(await run(driver, 'updateItem', [item(3, [literal('b', '3'), literal('c', '4')])])).toMatchObject(hit);
      expect(await bench.look(item(3))).toEqual({ a: '"1"', b: '"3"', c: '"4"' });
    });

    test('reads of what is not there are misses, not errors', async () => {
      for (const action of ['getItem', 'getSubItem', 'batchGetItem', 'batchGetSubItem', 'query'] as const) {
        const outcome = await run(driver, action, [item(4, [bytes('field1', 1)])]);
        expect({ action, ...outcome }).toMatchObject({ action, ...missing });
        expect(outcome.error).toBeUndefined();
      }
    });

    test('reads of what is there are hits and bring its bytes', async () => {
      const it = item(5, [bytes('field1', 2_000), bytes('field2', 10)]);
      await run(driver, 'putItem', [it]);
      for (const action of ['getItem', 'getSubItem', 'batchGetItem', 'batchGetSubItem', 'query'] as const) {
        const outcome = await run(driver, action, [it]);
        expect({ action, ...outcome }).toMatchObject({ action, ...hit });
        expect(outcome.bytesReceived).toBeGreaterThanOrEqual(2_010);
        expect(outcome.bytesSent).toBeGreaterThan(32);
      }
    });

    test('getSubItem reads no more than the columns it asks for, and misses when there is none of them', async () => {
      await run(driver, 'putItem', [item(6, [bytes('big', 20_000), bytes('small', 10)])]);
      const outcome = await run(driver, 'getSubItem', [item(6, [bytes('small', 1), bytes('none', 1)])]);
      expect(outcome).toMatchObject(hit);
      expect(outcome.bytesReceived).toBeLessThan(1_000);
      for (const action of ['getSubItem', 'batchGetSubItem'] as const) {
        expect(await run(driver, action, [item(6, [bytes('none', 1)])])).toMatchObject(missing);
      }
    });

    test('deleteItem deletes every column', async () => {
      const it = item(7, row);
      await run(driver, 'putItem', [it]);
      expect(await run(driver, 'deleteItem', [it])).toMatchObject(hit);
      expect(await bench.look(it)).toBeUndefined();
      expect(await run(driver, 'getItem', [it])).toMatchObject(missing);
      expect((await run(driver, 'deleteItem', [it])).error).toBeUndefined();
    });

    test('batchPutItem writes more items than one request takes', async () => {
      const items = Array.from({ length: 60 }, (_, i) => item(1_000 + i, row));
      const outcome = await run(driver, 'batchPutItem', items);
      expect(outcome).toMatchObject({ items: 60, misses: 0, unprocessed: 0 });
      for (const it of [items[0], items[25], items[59]])
        expect(await bench.look(it ?? item(0))).toEqual(stored(it ?? item(0)));
    });

    test('batch reads take more keys than one request does, and tell hits from misses', async () => {
      const items = Array.from({ length: 130 }, (_, i) =>
        item(2_000 + i, [literal('a', String(i)), literal('b', 'x')]),
      );
      await run(driver, 'batchPutItem', items.slice(0, 120));
      for (const action of ['batchGetItem', 'batchGetSubItem'] as const) {
        expect(await run(driver, action, items)).toMatchObject({ items: 120, misses: 10 });
      }
    });

    test('an item that a batch names twice counts once', async () => {
      const twice = [item(8, [literal('a', 'old')]), item(8, [literal('a', 'new')])];
      const write = await run(driver, 'batchPutItem', twice);
      expect(write.error).toBeUndefined();
      expect(await bench.look(item(8))).toEqual({ a: '"new"' });
      for (const action of ['batchGetItem', 'batchGetSubItem'] as const) {
        const outcome = await run(driver, action, twice);
        expect(outcome.error).toBeUndefined();
        expect(outcome.misses).toBe(0);
      }
    });

    test('reserved words, dashes, dots, spaces and quotes are names of columns like others', async () => {
      const names = ['select', 'name', 'a-b', 'c.d', 'two words', 'quo"te', 'ünï', '#0', ':0', '{x}'];
      const it = item(
        9,
        names.map((name, i) => bytes(name, 5 + i)),
      );
      for (const action of ['putItem', 'updateItem', 'batchPutItem'] as const) {
        expect((await run(driver, action, [it])).error).toBeUndefined();
        expect(Object.entries((await bench.look(it)) ?? {}).sort(byName)).toEqual(
          names.map((name, i) => [name, expect.stringMatching(`^[0-9a-f]{${2 * (5 + i)}}$`)] as const).sort(byName),
        );
      }
      for (const action of ['getSubItem', 'batchGetSubItem'] as const)
        expect(await run(driver, action, [it])).toMatchObject(hit);
    });

    test('every byte, the empty value and literals of every JSON type survive', async () => {
      const all = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
      const it = item(10, [
        literal('n', 1.5),
        literal('t', true),
        literal('z', null),
        literal('l', [1, 'a', [null]]),
        literal('m', { x: { y: -3 } }),
      ]);
      const whole = item(11, [bytes('all', 256), bytes('empty', 0), literal('nothing', '')]);
      const fixed = openDriver(bench.options, (of, column) => (column.name === 'all' ? all : valueOf(of, column)));
      await fixed.open();
      expect((await run(fixed, 'putItem', [whole])).error).toBeUndefined();
      expect((await run(fixed, 'putItem', [it])).error).toBeUndefined();
      await fixed.close();
      expect(await bench.look(whole)).toEqual({ all: all.toString('hex'), empty: '', nothing: '""' });
      expect(await bench.look(it)).toEqual({
        n: '1.5',
        t: 'true',
        z: 'null',
        l: '[1,"a",[null]]',
        m: '{"x":{"y":-3}}',
      });
    });

    test('an item of more columns than one batch takes is written, replaced, read and deleted whole', async () => {
      const wide = item(
        12,
        Array.from({ length: 130 }, (_, i) => bytes(`column${i}`, 20, i)),
      );
      const narrow = item(12, wide.row.slice(60, 95));
      expect(await run(driver, 'updateItem', [wide])).toMatchObject(hit);
      expect(await bench.look(wide)).toEqual(stored(wide));
      for (const action of ['getItem', 'getSubItem', 'batchGetSubItem'] as const)
        expect(await run(driver, action, [wide])).toMatchObject(hit);
      expect(await run(driver, 'putItem', [narrow])).toMatchObject(hit);
      expect(await bench.look(narrow)).toEqual(stored(narrow));
      expect(await run(driver, 'deleteItem', [wide])).toMatchObject(hit);
      expect(await bench.look(wide)).toBeUndefined();
    });

    test('what any write wrote, any read finds', async () => {
      let n = 3_000;
      for (const write of ['putItem', 'updateItem', 'batchPutItem'] as const) {
        for (const read of ['getItem', 'getSubItem', 'batchGetItem', 'batchGetSubItem', 'query'] as const) {
          const it = item(n++, [bytes('field1', 50), bytes('field2_7', 50)]);
          await run(driver, write, [it]);
          expect({ write, read, ...(await run(driver, read, [it])) }).toMatchObject({ write, read, ...hit });
          await run(driver, 'deleteItem', [it]);
          expect({ write, read, ...(await run(driver, read, [it])) }).toMatchObject({ write, read, ...missing });
        }
      }
    });

    test('an op without items or without columns is no error', async () => {
      expect(await run(driver, 'batchGetItem', [])).toMatchObject({ items: 0, misses: 0 });
      for (const action of ['updateItem', 'getSubItem', 'putItem', 'batchPutItem'] as const) {
        expect((await run(driver, action, [item(13)])).error).toBeUndefined();
      }
    });

    test('values of several hundred kilobytes pass, in items of several pages', async () => {
      const parts = multiRow ? 8 : 1;
      const it = item(
        14,
        Array.from({ length: parts }, (_, i) => bytes(`part${i}`, 300_000, i)),
      );
      expect(await run(driver, 'putItem', [it])).toMatchObject(hit);
      expect(await bench.look(it)).toEqual(stored(it));
      const outcome = await run(driver, 'getItem', [it]);
      expect(outcome).toMatchObject(hit);
      expect(outcome.bytesReceived).toBeGreaterThanOrEqual(parts * 300_000);
      expect(await run(driver, 'batchGetItem', [it, item(15)])).toMatchObject({ items: 1, misses: 1 });
      expect(await run(driver, 'deleteItem', [it])).toMatchObject(hit);
      expect(await bench.look(it)).toBeUndefined();
    });

    const limited = multiRow
      ? 'no more rows than its limit, in the order of their names'
      : 'the whole item, whatever its limit';
    test(`query reads ${limited}`, async () => {
      await run(driver, 'putItem', [item(16, [bytes('c', 50_000), bytes('a', 10), bytes('b', 10)])]);
      const outcome = await run(driver, 'query', [item(16)], 2);
      expect(outcome).toMatchObject(hit);
      if (multiRow) expect(outcome.bytesReceived).toBeLessThan(5_000);
      else expect(outcome.bytesReceived).toBeGreaterThanOrEqual(50_000);
      expect((await run(driver, 'query', [item(16)], 3)).bytesReceived).toBeGreaterThanOrEqual(50_000);
    });

    test('200 ops at once all end well', async () => {
      const items = Array.from({ length: 200 }, (_, i) => item(4_000 + i, row));
      const outcomes = await Promise.all(items.map((it) => run(driver, 'putItem', [it])));
      expect(outcomes.filter((one) => one.error !== undefined)).toEqual([]);
      const reads = await Promise.all(items.map((it) => run(driver, 'getItem', [it])));
      expect(reads.reduce((sum, one) => sum + one.items, 0)).toBe(200);
    });
  });
}

const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1);
