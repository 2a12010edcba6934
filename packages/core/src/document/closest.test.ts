import { expect, test } from 'vitest';
import { closest } from './closest.ts';

const FIELDS = ['action', 'qps', 'qpss', 'times', 'timezone', 'table_name', 'putItem', 'batchPutItem'];

test.each([
  ['acton', 'action'],
  ['aciton', 'action'],
  ['QPS', 'qps'],
  ['tableName', 'table_name'],
  ['put', 'putItem'],
  ['time', 'times'],
  ['colour', undefined],
  ['', undefined],
  ['constructor', undefined],
])('for %o suggests %o', (word, expected) => {
  expect(closest(word, FIELDS)).toBe(expected);
});
