import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DrumlineError } from '../errors/index.ts';
import { DATA_ACTIONS } from '../plan/plan.ts';
import { decodeElement } from './element.ts';

const KEY = '52fdfc072182654f163f5f0f9a621d72';
const OTHER = '9566c74d10037c4d7bbb0407d1e2c649';
const original = (element: object) => {
  const read = decodeElement(JSON.stringify(element));
  return read.kind === 'original' ? read.original : read;
};

describe('decodeElement, the original publisher’s forms', () => {
  test.each(['getItem', 'deleteItem', 'query'])('%s has a key', (action) => {
    expect(original({ action, key: KEY })).toEqual({ action, items: [{ key: KEY, columns: [] }] });
  });

  test.each(['putItem', 'updateItem', 'getSubItem'])('%s has a key and columns', (action) => {
    expect(original({ data: { a: 100, b: 'text', c: 0 }, key: KEY, action })).toEqual({
      action,
      items: [
        {
          key: KEY,
          columns: [
            { name: 'a', len: 100 },
            { name: 'b', value: 'text' },
            { name: 'c', len: 0 },
          ],
        },
      ],
    });
  });

  test('batchGetItem has a list of keys', () => {
    expect(original({ action: 'batchGetItem', items: [KEY, OTHER] })).toEqual({
      action: 'batchGetItem',
      items: [
        { key: KEY, columns: [] },
        { key: OTHER, columns: [] },
      ],
    });
  });

  test('batchGetSubItem has the columns beside the keys, the same for all', () => {
    const columns = [{ name: 'a', len: 9 }];
    expect(original({ action: 'batchGetSubItem', items: [KEY, OTHER], data: { a: 9 } })).toEqual({
      action: 'batchGetSubItem',
      items: [
        { key: KEY, columns },
        { key: OTHER, columns },
      ],
    });
  });

  test('batchPutItem has a row by key', () => {
    expect(original({ action: 'batchPutItem', items: { [KEY]: { a: 9 }, [OTHER]: { b: 'x' } } })).toEqual({
      action: 'batchPutItem',
      items: [
        { key: KEY, columns: [{ name: 'a', len: 9 }] },
        { key: OTHER, columns: [{ name: 'b', value: 'x' }] },
      ],
    });
  });

  test('every action has a form', () => {
    const forms = [{ key: KEY, data: { a: 1 } }, { items: { [KEY]: { a: 1 } } }];
    const readable = DATA_ACTIONS.filter((action) =>
      forms.some((form) => {
        try {
          return original({ action, ...form }) !== undefined;
        } catch {
          return false;
        }
      }),
    );
    expect(readable).toEqual(DATA_ACTIONS);
  });

  test('a column named like a part of every object is a column', () => {
    const read = decodeElement(`{"action":"putItem","key":"k","data":{"__proto__":5,"constructor":"x"}}`);
    expect(read).toMatchObject({
      original: {
        items: [
          {
            columns: [
              { name: '__proto__', len: 5 },
              { name: 'constructor', value: 'x' },
            ],
          },
        ],
      },
    });
  });
});

const deep = (open: string, close: string): string => `${open.repeat(200_000)}1${close.repeat(200_000)}`;
const batch = (change: object): string =>
  JSON.stringify({ run: 'r', task: 0, first: 0, count: 1, at: 1, span: 0, ...change });
const put = (change: object): string => JSON.stringify({ action: 'putItem', key: KEY, data: { a: 1 }, ...change });

const HOSTILE: readonly (readonly [string, string])[] = [
  ['', 'is not JSON'],
  ['garbage', 'is not JSON'],
  ['{"action":"putItem"', 'is not JSON'],
  ['null', 'is not an object'],
  ['[]', 'is not an object'],
  ['"run"', 'is not an object'],
  ['42', 'is not an object'],
  ['{}', 'neither "run"'],
  ['{"__proto__":{"run":"r","action":"getItem"}}', 'neither "run"'],
  ['{"constructor":1,"toString":2}', 'neither "run"'],
  [`{"a":"${'x'.repeat(5_000_000)}"}`, 'long, at most'],
  [`{"run":${deep('[', ']')}}`, 'run is a list of 1'],
  [`{"run":${deep('{"a":', '}')}}`, 'run is an object'],
  [`{"action":${deep('[', ']')}}`, 'unknown action a list'],
  [`{"action":"getItem","key":${deep('[', ']')}}`, 'the key a list'],
  [`{"action":"putItem","key":"k","data":{"a":${deep('[', ']')}}}`, 'a list of 1 in column "a"'],
  [batch({ redelivered: 0 }), 'redelivered is 0, expected a whole number from 1 to 1000'],
  [batch({ redelivered: 1_001 }), 'redelivered is 1001'],
  [batch({ redelivered: 1.5 }), 'redelivered is 1.5'],
  [batch({ redelivered: '1' }), 'redelivered is "1"'],
  [batch({ redelivered: null }), 'redelivered is null'],
  [batch({ run: '' }), 'run is ""'],
  [batch({ run: 7 }), 'run is 7'],
  [batch({ run: 'x'.repeat(65) }), 'run is "xxx'],
  [batch({ run: { toString: 'r' } }), 'run is an object'],
  [batch({ task: -1 }), 'task is -1'],
  [batch({ task: '0' }), 'task is "0"'],
  [batch({ task: undefined }), 'task is missing'],
  [batch({ first: 1.5 }), 'first is 1.5'],
  [batch({ first: 1e16 }), 'first is 10000000000000000'],
  [batch({ count: 0 }), 'count is 0'],
  [batch({ count: 1e9 }), 'count is 1000000000'],
  [batch({ count: true }), 'count is true'],
  [batch({ at: null }), 'at is null'],
  [batch({ at: -5 }), 'at is -5'],
  [batch({ span: 1e12 }), 'span is 1000000000000'],
  [batch({ positions: {} }), 'positions is an object'],
  [batch({ positions: [1, -1] }), 'positions is a list of 2'],
  [batch({ positions: [1, '2'] }), 'positions is a list of 2'],
  [batch({ positions: Array.from({ length: 1_025 }, () => 1) }), 'positions is a list of 1025'],
  [put({ action: 'dropTable' }), 'unknown action "dropTable"'],
  [put({ action: 'toString' }), 'unknown action "toString"'],
  [put({ action: null }), 'unknown action null'],
  [put({ key: '' }), 'the key ""'],
  [put({ key: undefined }), 'the key missing'],
  [put({ key: 'x'.repeat(2_049) }), 'the key "xxx'],
  [put({ data: undefined }), 'putItem without data'],
  [put({ data: {} }), 'putItem without data'],
  [put({ data: [1] }), 'data that is not an object'],
  [put({ data: 'a' }), 'data that is not an object'],
  [put({ data: { a: -1 } }), '-1 in column "a"'],
  [put({ data: { a: 0.5 } }), '0.5 in column "a"'],
  [put({ data: { a: 10_000_001 } }), '10000001 in column "a"'],
  [put({ data: { a: null } }), 'null in column "a"'],
  [put({ data: { a: { r: 5, len: 10 } } }), 'an object in column "a"'],
  [put({ data: Object.fromEntries(Array.from({ length: 7 }, (_, i) => [i, 1e7])) }), 'asks for 70000000 bytes'],
  ['{"action":"batchGetItem"}', 'has no "items"'],
  ['{"action":"batchGetItem","items":"k"}', 'has no "items"'],
  ['{"action":"batchGetItem","items":[]}', 'has 0 items'],
  ['{"action":"batchGetItem","items":[1]}', 'the key 1'],
  [JSON.stringify({ action: 'batchGetItem', items: Array.from({ length: 10_001 }, () => 'k') }), 'has 10001 items'],
  ['{"action":"batchGetSubItem","items":["k"]}', 'batchGetSubItem without data'],
  ['{"action":"batchPutItem","items":{"k":5}}', 'data that is not an object'],
  ['{"action":"batchPutItem","items":{"k":{}}}', 'batchPutItem without data'],
  ['{"action":"batchPutItem","items":{"":{"a":1}}}', 'the key ""'],
];

describe('decodeElement, what nobody should have pushed', () => {
  test.each(HOSTILE)('refuses %.50s: %s', (text, reason) => {
    expect(() => decodeElement(text)).toThrow(
      expect.objectContaining({ code: 'DRUM_ELEMENT_INVALID', message: expect.stringContaining(reason) }),
    );
  });

  test('a reason is short whatever the element', () => {
    for (const [text] of HOSTILE) {
      expect(() => decodeElement(text)).toThrow(expect.toSatisfy((error: Error) => error.message.length < 400));
    }
  });

  test('throws nothing but its coded error, whatever comes', () => {
    const fields = fc.constantFrom(
      'run',
      'task',
      'first',
      'count',
      'at',
      'span',
      'positions',
      'action',
      'key',
      'items',
      'data',
    );
    const elements = fc.dictionary(fields, fc.oneof(fc.jsonValue(), fc.constantFrom(...DATA_ACTIONS)));
    fc.assert(
      fc.property(elements, (element) => {
        try {
          decodeElement(JSON.stringify(element));
        } catch (error) {
          expect(error).toBeInstanceOf(DrumlineError);
        }
      }),
      { numRuns: 500 },
    );
  });
});
