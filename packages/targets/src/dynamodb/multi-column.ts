import type { Item, Op } from '@drumline/core/data';
import type { DataAction } from '@drumline/core/plan';
import type { ValueSource } from '../driver-options.ts';
import { fieldsOf, listOf } from './answer.ts';
import { idAttribute, namesOf, refuseKeyColumn } from './attribute.ts';
import { batchGet, batchWrite, type Part, type Target } from './batch.ts';
import type { Operation } from './dynamo-client.ts';
import type { Flight } from './flight.ts';
import { rowText } from './table-text.ts';

/** Carries out an op, entering everything in the flight's tally. Throws only what the op itself is to blame for. */
export type Execute = (op: Op, flight: Flight) => Promise<void>;

/**
 * One row an item: key `id` (S), an attribute a column. A sub-read that finds none of its columns is a miss; what
 * DeleteItem deletes DynamoDB does not say, so that no delete is one.
 */
export function multiColumnActions(target: Target, values: ValueSource): Readonly<Record<DataAction, Execute>> {
  const { client, text } = target;

  const write = (operation: Operation, body: (item: Item) => string): Execute =>
    eachItem(async (item, flight) => {
      refuseKeyColumn(item);
      if ((await client.call(operation, body(item), flight)) !== undefined) flight.tally.items += 1;
    });
  const read = (operation: Operation, body: (item: Item, op: Op) => string): Execute =>
    eachItem(async (item, flight, op) => {
      const fields = await client.call(operation, body(item, op), flight);
      if (fields !== undefined) count(flight, hasRow(fields) ? 1 : 0, 1);
    });
  const batchRead = async (op: Op, flight: Flight, names: readonly string[]): Promise<void> => {
    const parts = distinct(op.items, (item) => `{${idAttribute(item.key)}}`);
    let found = 0;
    const undone = await batchGet(target, flight, parts, names, (row) => {
      if (!isEmpty(row)) found += 1;
    });
    count(flight, found, parts.length - undone.size);
  };
  const batchPut: Execute = async (op, flight) => {
    op.items.forEach(refuseKeyColumn);
    const parts = distinct(op.items, (item) => `{"PutRequest":{"Item":${rowText(item, values)}}}`);
    const undone = await batchWrite(target, flight, parts);
    flight.tally.items += parts.length - undone.size;
  };

  return {
    putItem: write('PutItem', (item) => text.putItem(item, values)),
    updateItem: write('UpdateItem', (item) => text.updateItem(item, values)),
    getItem: read('GetItem', (item) => text.getItem(item)),
    getSubItem: read('GetItem', (item) => text.getSubItem(item)),
    deleteItem: write('DeleteItem', (item) => text.deleteItem(item)),
    batchGetItem: (op, flight) => batchRead(op, flight, []),
    batchGetSubItem: (op, flight) => batchRead(op, flight, namesOf(op.items)),
    batchPutItem: batchPut,
    query: read('Query', (item, op) => text.query(item.key, op.limit, [], undefined)),
  };
}

/** Does the same for every item of an op at once; all but batch actions have one. */
function eachItem(one: (item: Item, flight: Flight, op: Op) => Promise<void>): Execute {
  return (op, flight) => {
    const [only, ...more] = op.items;
    if (only !== undefined && more.length === 0) return one(only, flight, op);
    return Promise.all(op.items.map((item) => one(item, flight, op))).then(() => undefined);
  };
}

/** One part an item; of items with one key the last counts, since a batch may name a key only once. */
const distinct = (items: readonly Item[], json: (item: Item) => string): Part[] =>
  [...new Map(items.map((item) => [item.key, item])).values()].map((item) => ({ key: item.key, json: json(item) }));

/** Enters `found` of `asked` items. */
export function count(flight: Flight, found: number, asked: number): void {
  flight.tally.items += found;
  flight.tally.misses += Math.max(0, asked - found);
}

/** Whether an answer to GetItem or Query holds anything. */
function hasRow(fields: Readonly<Record<string, unknown>>): boolean {
  return !isEmpty(fields['Item']) || listOf(fields['Items']).length > 0;
}

/** An item of which nothing was asked that it has comes back as `{}`. */
function isEmpty(row: unknown): boolean {
  const fields = fieldsOf(row);
  if (fields === undefined) return true;
  for (const _name in fields) return false;
  return true;
}
