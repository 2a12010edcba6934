import type { Column, Item, Op } from '@drumline/core/data';
import type { DataAction } from '@drumline/core/plan';
import type { ValueSource } from '../driver-options.ts';
import { listOf, textOf } from './answer.ts';
import { attributeOf, ID, idAttribute, SORT, VALUE } from './attribute.ts';
import { batchGet, batchWrite, type Part, type Target } from './batch.ts';
import type { Flight } from './flight.ts';
import { count, type Execute } from './multi-column.ts';

/**
 * One row a column: `id` (S) the item, `sk` (S) the column's name, `val` its value. An item is many rows, so nothing here
 * is atomic: that is DynamoDB's, and what such a table is measured for.
 */
export function multiRowActions(target: Target, values: ValueSource): Readonly<Record<DataAction, Execute>> {
  const puts = (items: readonly Item[]): Part[] =>
    rowsOf(items).map(({ item, column }) => putPart(item, column, values));

  /** Takes away what is not in the new row and writes what is; the two touch different rows, so they share batches. */
  const put: Execute = async (op, flight) => {
    const parts = await Promise.all(
      op.items.map(async (item) => {
        const kept = new Set(item.row.map((column) => column.name));
        const there = await sortKeys(target, item, flight);
        const gone = there?.filter((name) => !kept.has(name)) ?? [];
        return there === undefined ? [] : [...gone.map((name) => deletePart(item, name)), ...puts([item])];
      }),
    );
    if (flight.tally.error === undefined) await write(target, flight, op, parts.flat());
  };
  const update: Execute = (op, flight) => write(target, flight, op, puts(op.items));
  const del: Execute = async (op, flight) => {
    for (const item of op.items) {
      const names = await sortKeys(target, item, flight);
      if (names === undefined) return;
      if (names.length === 0) flight.tally.misses += 1;
      else
        await write(
          target,
          flight,
          { items: [item] },
          names.map((name) => deletePart(item, name)),
        );
    }
  };
  const getAll: Execute = (op, flight) => queryEach(target, flight, op.items, undefined);
  const getSub: Execute = (op, flight) =>
    op.items.every((item) => item.row.length === 0) ? getAll(op, flight) : readColumns(target, flight, op);

  return {
    putItem: put,
    updateItem: update,
    getItem: getAll,
    getSubItem: getSub,
    deleteItem: del,
    batchGetItem: getAll,
    batchGetSubItem: getSub,
    batchPutItem: update,
    query: (op, flight) => queryEach(target, flight, op.items, op.limit),
  };
}

async function write(target: Target, flight: Flight, op: Pick<Op, 'items'>, parts: readonly Part[]): Promise<void> {
  const undone = await batchWrite(target, flight, parts);
  flight.tally.items += new Set(op.items.map((item) => item.key)).size - undone.size;
}

/** Reads the asked columns of every item, each row by its key. */
async function readColumns(target: Target, flight: Flight, op: Op): Promise<void> {
  const parts = rowsOf(op.items).map(({ item, column: { name } }) => ({
    key: item.key,
    sort: name,
    json: keyText(item, name),
  }));
  const found = new Set<string>();
  const undone = await batchGet(target, flight, parts, [], (row) => found.add(textOf(row, ID) ?? ''));
  const asked = new Set(parts.map((part) => part.key));
  for (const key of undone) {
    asked.delete(key);
    found.delete(key);
  }
  count(flight, found.size, asked.size);
}

/** Reads every item whole, or its first `limit` rows. */
async function queryEach(
  target: Target,
  flight: Flight,
  items: readonly Item[],
  limit: number | undefined,
): Promise<void> {
  const distinctItems = new Map(items.map((item) => [item.key, item]));
  await Promise.all(
    [...distinctItems.values()].map(async (item) => {
      let rows = 0;
      const whole = await queryPages(target, flight, item.key, limit, [], (row) => {
        if (row !== undefined) rows += 1;
      });
      if (whole) count(flight, rows > 0 ? 1 : 0, 1);
    }),
  );
}

/** Names of the columns that an item has now; `undefined` when that could not be found out. */
async function sortKeys(target: Target, item: Item, flight: Flight): Promise<string[] | undefined> {
  const names: string[] = [];
  const whole = await queryPages(target, flight, item.key, undefined, [JSON.stringify(SORT)], (row) => {
    const name = textOf(row, SORT);
    if (name !== undefined) names.push(name);
  });
  return whole ? names : undefined;
}

/** Goes through the pages of a Query (1 MB each at most). Answers whether all of them came. */
async function queryPages(
  target: Target,
  flight: Flight,
  key: string,
  limit: number | undefined,
  names: readonly string[],
  onRow: (row: unknown) => void,
): Promise<boolean> {
  let after: string | undefined;
  let left = limit;
  do {
    const fields = await target.client.call('Query', target.text.query(key, left, names, after), flight);
    if (fields === undefined) return false;
    const rows = listOf(fields['Items']);
    rows.forEach(onRow);
    after = positionOf(fields['LastEvaluatedKey']);
    if (left !== undefined) left -= rows.length;
  } while (after !== undefined && (left === undefined || left > 0));
  return true;
}

/** JSON text of the key that a query goes on after: written anew, as nothing that came is sent back as it came. */
function positionOf(last: unknown): string | undefined {
  const [id, sort] = [textOf(last, ID), textOf(last, SORT)];
  if (id === undefined) return undefined;
  return `{"${ID}":{"S":${JSON.stringify(id)}}${sort === undefined ? '' : `,"${SORT}":{"S":${JSON.stringify(sort)}}`}}`;
}

const keyText = (item: Item, name: string): string =>
  `{${idAttribute(item.key)},"${SORT}":{"S":${JSON.stringify(name)}}}`;

const putPart = (item: Item, column: Column, values: ValueSource): Part => ({
  key: item.key,
  sort: column.name,
  json:
    `{"PutRequest":{"Item":{${idAttribute(item.key)},"${SORT}":{"S":${JSON.stringify(column.name)}},` +
    `"${VALUE}":${attributeOf(values(item, column))}}}}`,
});

const deletePart = (item: Item, name: string): Part => ({
  key: item.key,
  sort: name,
  json: `{"DeleteRequest":{"Key":${keyText(item, name)}}}`,
});

/** The rows that items are made of, each once: of two columns with one name the later counts. */
function rowsOf(items: readonly Item[]): { item: Item; column: Column }[] {
  const rows = new Map<string, { item: Item; column: Column }>();
  for (const item of items) for (const column of item.row) rows.set(`${item.key}:${column.name}`, { item, column });
  return [...rows.values()];
}
