import type { Item } from '@drumline/core/data';
import type { DataAction } from '@drumline/core/plan';
import type { ValueSource } from '../driver-options.ts';
import type { Tally } from '../tally.ts';
import { redisValue } from './redis-value.ts';
import type { Reply } from './reply.ts';
import type { Arg, RedisCommand } from './resp.ts';
import { columnsRead, type FirstStep, keysDeleted, type Step, UNFIT, written } from './step.ts';

/**
 * One key a column, `{<id>}:<column>`, and the sorted set `{<id>}` of the item's columns (all of score 0, so in the order
 * of their bytes, as DynamoDB sorts rows). The braces put all of an item in one cluster slot. Columns and index change in
 * one transaction, by what comes and goes, so the index always names just what is there, whoever else writes the item.
 */
export function multiRowSteps(values: ValueSource): Readonly<Record<DataAction, FirstStep>> {
  const set = (item: Item): RedisCommand[] => {
    if (item.row.length === 0) return [];
    const mset: [string, ...Arg[]] = ['MSET'];
    const index: [string, ...Arg[]] = ['ZADD', indexOf(item)];
    for (const column of item.row) {
      mset.push(columnKey(item, column.name), redisValue(values(item, column)));
      index.push('0', column.name);
    }
    return [mset, index];
  };
  const write = (item: Item): Step => {
    const commands = set(item);
    return commands.length === 0 ? readIndex(item, -1, unchanged) : { commands, atomic: true, read: written };
  };
  const put = (item: Item): Step =>
    readIndex(item, -1, (names, tally) => {
      const kept = new Set(item.row.map((column) => column.name));
      const gone = names.filter((name) => !kept.has(name));
      const commands = [...remove(item, gone), ...set(item)];
      return commands.length === 0 ? unchanged(names, tally) : { commands, atomic: true, read: written };
    });
  return {
    putItem: put,
    updateItem: write,
    getItem: (item) => readAll(item, -1),
    getSubItem: getSub,
    deleteItem: del,
    batchGetItem: (item) => readAll(item, -1),
    batchGetSubItem: getSub,
    batchPutItem: write,
    query: (item, limit) => readAll(item, limit - 1),
  };
}

const indexOf = (item: Item): string => `{${item.key}}`;
const columnKey = (item: Item, name: string): string => `{${item.key}}:${name}`;

/** Names of columns, unless the reply is no list of names. */
function namesIn(index: Reply | undefined): string[] | undefined {
  if (!Array.isArray(index)) return undefined;
  const names: string[] = [];
  for (const name of index) {
    if (!Buffer.isBuffer(name)) return undefined;
    names.push(name.toString());
  }
  return names;
}

type ReadNames = (names: readonly string[], tally: Tally) => ReturnType<Step['read']>;

/** Reads the index from its first column to number `last`, −1 = all. */
const readIndex = (item: Item, last: number, read: ReadNames): Step => ({
  commands: [['ZRANGE', indexOf(item), '0', String(last)]],
  atomic: false,
  read: ([index], tally) => {
    const names = namesIn(index);
    return names === undefined ? UNFIT : read(names, tally);
  },
});

/** An item of no columns is written without a change. */
const unchanged: ReadNames = (_names, tally) => written([], tally);

const readValues = (item: Item, names: readonly string[]): Step => ({
  commands: [['MGET', ...names.map((name) => columnKey(item, name))]],
  atomic: false,
  read: (replies, tally) => columnsRead(replies[0], tally),
});

const readAll = (item: Item, last: number): Step =>
  readIndex(item, last, (names, tally) => (names.length === 0 ? columnsRead([], tally) : readValues(item, names)));

const getSub = (item: Item): Step =>
  item.row.length === 0
    ? readAll(item, -1)
    : readValues(
        item,
        item.row.map((column) => column.name),
      );

const remove = (item: Item, names: readonly string[]): RedisCommand[] =>
  names.length === 0
    ? []
    : [
        ['DEL', ...names.map((name) => columnKey(item, name))],
        ['ZREM', indexOf(item), ...names],
      ];

const del = (item: Item): Step =>
  readIndex(item, -1, (names, tally) => {
    const commands = remove(item, names);
    return commands.length === 0
      ? keysDeleted(0, tally)
      : { commands, atomic: true, read: (counts) => keysDeleted(counts[0], tally) };
  });
