import type { Item } from '@drumline/core/data';
import type { DataAction } from '@drumline/core/plan';
import type { ValueSource } from '../driver-options.ts';
import { redisValue } from './redis-value.ts';
import type { Arg, RedisCommand } from './resp.ts';
import { columnsRead, type FirstStep, keysDeleted, type Step, written } from './step.ts';

/**
 * One hash an item: the key is the item's own 32 hex digits, which no other key of Drumline looks like; a field a column.
 */
export function multiColumnSteps(values: ValueSource): Readonly<Record<DataAction, FirstStep>> {
  const set = (item: Item): RedisCommand => {
    const command: [string, ...Arg[]] = ['HSET', item.key];
    for (const column of item.row) command.push(column.name, redisValue(values(item, column)));
    return command;
  };
  const put = (item: Item): Step => {
    const del: RedisCommand = ['DEL', item.key];
    return { commands: item.row.length === 0 ? [del] : [del, set(item)], atomic: true, read: written };
  };
  const update = (item: Item): Step =>
    item.row.length === 0 ? nothing : { commands: [set(item)], atomic: false, read: written };
  return {
    putItem: put,
    updateItem: update,
    getItem: get,
    getSubItem: getSub,
    deleteItem: (item) => ({ commands: [['DEL', item.key]], atomic: false, read: readDeleted }),
    batchGetItem: get,
    batchGetSubItem: getSub,
    batchPutItem: put,
    query: get,
  };
}

const get = (item: Item): Step => ({ commands: [['HGETALL', item.key]], atomic: false, read: readColumns });

const getSub = (item: Item): Step =>
  item.row.length === 0
    ? get(item)
    : { commands: [['HMGET', item.key, ...item.row.map((column) => column.name)]], atomic: false, read: readColumns };

/** Fields and values by turns, or a value for each field that was asked for. */
const readColumns: Step['read'] = (replies, tally) => columnsRead(replies[0], tally);
const readDeleted: Step['read'] = (replies, tally) => keysDeleted(replies[0], tally);

/** Setting no column at all: Redis has no command for it, and nothing would change. */
const nothing: Step = { commands: [['PING']], atomic: false, read: written };
