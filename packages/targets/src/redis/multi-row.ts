import type { Item } from '@drumline/core/data';
import type { Action } from '@drumline/core/plan';
import type { ValueSource } from '../driver-options.ts';
import { redisValue } from './redis-value.ts';
import type { Arg, RedisCommand, Reply } from './resp.ts';
import { columnsRead, type FirstStep, keysDeleted, type Step, written } from './step.ts';

/**
 * One key a column, `{<id>}:<column>`, and the sorted set `{<id>}` of the item's columns (all of score 0, so in the order
 * of their bytes, as DynamoDB sorts rows). The braces put all of an item in one cluster slot. Columns and index change in
 * one transaction, by what comes and goes, so the index always names just what is there, whoever else writes the item.
 */
export function multiRowSteps(values: ValueSource): Readonly<Record<Action, FirstStep>> {
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
    return commands.length === 0 ? readIndex(item, -1, written) : { commands, atomic: true, read: written };
  };
  const put = (item: Item): Step =>
    readIndex(item, -1, (replies, tally) => {
      const kept = new Set(item.row.map((column) => column.name));
      const gone = namesIn(replies[0]).filter((name) => !kept.has(name));
      const commands = [...remove(item, gone), ...set(item)];
      return commands.length === 0 ? written(replies, tally) : { commands, atomic: true, read: written };
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

const namesIn = (index: Reply | undefined): string[] => (Array.isArray(index) ? index.map(String) : []);

/** Reads the index from its first column to number `last`, −1 = all. */
const readIndex = (item: Item, last: number, read: Step['read']): Step => ({
  commands: [['ZRANGE', indexOf(item), '0', String(last)]],
  atomic: false,
  read,
});

const readValues = (item: Item, names: readonly string[]): Step => ({
  commands: [['MGET', ...names.map((name) => columnKey(item, name))]],
  atomic: false,
  read: (replies, tally) => columnsRead(replies[0], tally),
});

const readAll = (item: Item, last: number): Step =>
  readIndex(item, last, (replies, tally) => {
    const names = namesIn(replies[0]);
    return names.length === 0 ? columnsRead(null, tally) : readValues(item, names);
  });

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
  readIndex(item, -1, (replies, tally) => {
    const commands = remove(item, namesIn(replies[0]));
    return commands.length === 0
      ? keysDeleted(0, tally)
      : { commands, atomic: true, read: (counts) => keysDeleted(counts[0], tally) };
  });
