import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { capacityOf, fits, listOf, parseAnswer } from './answer.ts';
import { AnswerRoom } from './answer-room.ts';

const OPERATIONS = ['PutItem', 'GetItem', 'Query', 'BatchGetItem', 'BatchWriteItem'] as const;
const row = { id: { S: 'a' }, sk: { S: 'b' }, x: { B: 'AAAA' } };
const GOOD = [
  { Item: row, ConsumedCapacity: { CapacityUnits: 0.5 } },
  { Items: [row, row], LastEvaluatedKey: { id: { S: 'a' }, sk: { S: 'b' } } },
  { Responses: { t: [row] }, UnprocessedKeys: { t: { Keys: [{ id: { S: 'a' } }] } }, ConsumedCapacity: [] },
  { UnprocessedItems: { t: [{ PutRequest: { Item: row } }] }, ConsumedCapacity: [{ CapacityUnits: 3 }] },
  { __type: 'com.amazon#ThrottlingException', message: 'slow' },
];

describe('an answer', () => {
  test.each([
    [200, '{"Item":{}}', undefined],
    [200, '[]', 'DRUM_DDB_ANSWER'],
    [200, 'null', 'DRUM_DDB_ANSWER'],
    [200, '', 'DRUM_DDB_ANSWER'],
    [204, '{}', 'DRUM_DDB_ANSWER'],
    [400, '{"__type":"x#ValidationException"}', 'DRUM_DDB_VALIDATION'],
    [400, '{"__type":"constructor"}', 'DRUM_DDB_VALIDATION'],
    [400, '{"__type":7}', 'DRUM_DDB_ANSWER'],
    [400, '{"__proto__":{"__type":"x#ThrottlingException"}}', 'DRUM_DDB_ANSWER'],
    [429, 'slow down', 'DRUM_DDB_THROTTLED'],
    [503, '<html>', 'DRUM_DDB_SERVER'],
  ])('of status %i with %s is %s', (status, body, error) => {
    expect(parseAnswer(status, Buffer.from(body)).error).toBe(error);
  });

  test.each([
    ['GetItem', { Item: 5 }],
    ['GetItem', { Item: [] }],
    ['Query', { Items: {} }],
    ['Query', { Items: [1] }],
    ['Query', { Items: [], LastEvaluatedKey: { id: { S: 'a' }, sk: { N: '1' } } }],
    ['Query', { Items: [], LastEvaluatedKey: 'next' }],
    ['BatchGetItem', { Responses: [] }],
    ['BatchGetItem', { Responses: { t: {} } }],
    ['BatchGetItem', { UnprocessedKeys: { t: 1 } }],
    ['BatchWriteItem', { UnprocessedItems: { t: 'x' } }],
    ['BatchWriteItem', { UnprocessedItems: { t: [null] } }],
  ])('to %s with %j does not fit', (operation, fields) => {
    expect(fits(operation, fields, 't')).toBe(false);
  });

  test.each([Number.POSITIVE_INFINITY, -1, 1e7, '5', [1], true])(
    'that claims %j units of capacity counts none',
    (units) => {
      expect(capacityOf({ ConsumedCapacity: { CapacityUnits: units } })).toBeNaN();
      expect(capacityOf({ ConsumedCapacity: [{ CapacityUnits: 1 }, { CapacityUnits: units }] })).toBeNaN();
    },
  );

  test('of any bytes, or of good ones with some changed, is fields or a code, and its figures are figures', () => {
    const edits = fc.array(fc.record({ at: fc.nat(400), byte: fc.nat(255), drop: fc.nat(3) }), { maxLength: 4 });
    const mutated = fc.tuple(fc.constantFrom(...GOOD), edits).map(([good, changes]) => {
      let bytes = Buffer.from(JSON.stringify(good));
      for (const { at, byte, drop } of changes) {
        const place = at % (bytes.length + 1);
        bytes = Buffer.concat([bytes.subarray(0, place), Buffer.from([byte]), bytes.subarray(place + drop)]);
      }
      return bytes;
    });
    const names = [
      'Item',
      'Items',
      'Responses',
      'UnprocessedKeys',
      'UnprocessedItems',
      'LastEvaluatedKey',
      't',
      'id',
      'S',
    ];
    const wild = fc
      .object({
        key: fc.constantFrom('ConsumedCapacity', 'CapacityUnits', '__proto__', '__type', 'Keys', ...names),
        maxDepth: 4,
      })
      .map((value) => Buffer.from(JSON.stringify(value)));
    const random = fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes));
    const status = fc.constantFrom(200, 200, 200, 100, 301, 400, 413, 500, 0, Number.NaN);
    fc.assert(
      fc.property(fc.oneof(mutated, wild, random), status, fc.constantFrom(...OPERATIONS), (bytes, code, operation) => {
        const answer = parseAnswer(code, bytes);
        if (answer.error !== undefined) return;
        const units = capacityOf(answer.fields);
        expect(Number.isNaN(units) || (units >= 0 && units < 1e9)).toBe(true);
        if (operation !== 'Query' || !fits(operation, answer.fields, 't')) return;
        for (const one of listOf(answer.fields['Items'])) expect(one).toBeTypeOf('object');
      }),
      { numRuns: 20_000 },
    );
  });
});

test('answers get room up to a bound each and together, and give it back', () => {
  const room = new AnswerRoom();
  const [part, all] = [8 * 2 ** 20, 256 * 2 ** 20];
  expect([room.take(part, 3 * part), room.take(part, 4 * part)]).toEqual([true, false]);
  for (let taken = part; taken < all; taken += part) expect(room.take(part, 0)).toBe(true);
  expect(room.take(1, 0)).toBe(false);
  room.give(part);
  expect(room.take(part, 0)).toBe(true);
});
