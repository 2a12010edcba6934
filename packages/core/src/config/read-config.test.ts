import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { describeProblem } from '../document/index.ts';
import { refusedOffers } from '../document/refused-offers.ts';
import { CONFIG_FIELDS } from './config-fields.ts';
import { configSchema } from './config-schema.ts';
import { parseConfig, readConfig } from './read-config.ts';
import { sameConfig } from './same-config.ts';

const original = readFileSync(new URL('../../../../config/config.json', import.meta.url), 'utf8');
const config = (more: string): string => `{"table_name": "stress-test", "threads": 10, ${more}}`;
/** Column at which `more` begins in `config(more)`. */
const AT = config('').length;

type Row = readonly [title: string, text: string, problems: readonly (readonly [at: string, part: string])[]];

const BAD: readonly Row[] = [
  ['an empty file', '', [['1:1', 'the file is empty; write at least { "table_name"']]],
  ['a list', '[1]', [['1:1', 'the file is a list of 1, must be an object']]],
  [
    'an empty object',
    '\n{}',
    [
      ['2:1', 'the file has no "table_name", which is required; write "table_name": "stress-test"'],
      ['2:1', 'the file has no "threads", which is required; write "threads": 10'],
    ],
  ],
  [
    'a name of the wrong style',
    config('"maxInFlight": 5'),
    [[`1:${AT}`, 'maxInFlight is an unknown field; did you mean "max_in_flight"?']],
  ],
  [
    'a table name too short',
    '{"table_name": "ab", "threads": 1}',
    [['1:16', 'table_name is "ab", has 2 characters, must have 3 to 255']],
  ],
  [
    'a table name too long',
    `{"table_name": "${'a'.repeat(256)}", "threads": 1}`,
    [['1:16', 'has 256 characters, must have 3 to 255']],
  ],
  [
    'a table name with a space',
    '{"table_name": "my table", "threads": 1}',
    [['1:16', 'table_name is "my table", must consist of the letters']],
  ],
  ['a table name that is a number', '{"table_name": 5, "threads": 1}', [['1:16', 'table_name is 5, must be a text']]],
  [
    'no thread',
    '{"table_name": "abc", "threads": 0}',
    [['1:34', 'threads is 0, must be a whole number from 1 to 1024']],
  ],
  [
    'too many threads',
    '{"table_name": "abc", "threads": 2000}',
    [['1:34', 'threads is 2000, must be a whole number from 1 to 1024; write 1024 or less']],
  ],
  [
    'an impossible region',
    config('"region": "US East"'),
    [[`1:${AT + 10}`, 'region is "US East", must be the name of an AWS region']],
  ],
  [
    'an unknown target',
    config('"db_type": "dynamo"'),
    [[`1:${AT + 11}`, 'db_type is "dynamo", must be one of "dynamodb", "redis", "http"; did you mean "dynamodb"?']],
  ],
  [
    'an address that is none, and a base URL with a password',
    config('"http": { "local_address": "host", "base_url": "http://u:secret@h" }'),
    [
      [`1:${AT + 27}`, 'http.local_address is "host", must be an IP address of the worker’s host'],
      [`1:${AT + 47}`, 'http.base_url holds a password, must hold none'],
    ],
  ],
  [
    'a Redis address with spaces',
    config('"redis_addr": "my redis"'),
    [[`1:${AT + 14}`, 'redis_addr is "my redis", must be host:port']],
  ],
  ['a Redis port out of bounds', config('"redis_addr": "localhost:99999"'), [[`1:${AT + 14}`, 'must be host:port']]],
  [
    'an endpoint without scheme',
    config('"endpoint": "127.0.0.1:8000"'),
    [
      [
        `1:${AT + 12}`,
        'endpoint is "127.0.0.1:8000", must be an http or https URL; write e.g. "http://127.0.0.1:8000"',
      ],
    ],
  ],
  [
    'nothing in flight',
    config('"max_in_flight": 0'),
    [[`1:${AT + 17}`, 'max_in_flight is 0, must be a whole number from 1']],
  ],
  ['no time', config('"timeout": 0'), [[`1:${AT + 11}`, 'timeout is 0, must be a duration from 1ms to 1h']]],
  [
    'too much time',
    config('"timeout": "2h"'),
    [[`1:${AT + 11}`, 'timeout is "2h", must be a duration from 1ms to 1h']],
  ],
  [
    'too many retries',
    config('"retries": 11'),
    [[`1:${AT + 11}`, 'retries is 11, must be a whole number from 0 to 10']],
  ],
  [
    'a text for a boolean',
    config('"consistent_read": "yes"'),
    [[`1:${AT + 19}`, 'consistent_read is "yes", must be true or false']],
  ],
  ['an empty batch', config('"batch_ops": 0'), [[`1:${AT + 13}`, 'batch_ops is 0, must be a whole number from 1']]],
  [
    'an object as sample_data',
    config('"sample_data": {}'),
    [[`1:${AT + 15}`, 'sample_data is an object, must be a list']],
  ],
  [
    'bad rows',
    config('"sample_data": [{}, {"a": null}, {"id": 1}]'),
    [
      [`1:${AT + 16}`, 'sample_data[0] names no column'],
      [`1:${AT + 26}`, 'sample_data[1].a is null, must be a text'],
      [`1:${AT + 34}`, 'sample_data[2].id is a column named "id"'],
    ],
  ],
  [
    'bad thresholds',
    config('"slo": ["rate > 99%", "errros p99 < 5", 7]'),
    [
      [
        `1:${AT + 22}`,
        'slo[1] is "errros p99 < 5", whose column 1 has a problem: "errros" is an unknown metric; did you mean "errors"?',
      ],
      [`1:${AT + 40}`, 'slo[2] is 7, must be a text'],
    ],
  ],
  ['a field twice', config('"threads": 5'), [[`1:${AT}`, 'threads is a second field with the name "threads"']]],
  ['a bare word', config('"region": us-east-1'), [[`1:${AT + 10}`, 'is not in double quotes']]],
];

describe('a bad config file:', () => {
  test.each(BAD)('%s', (_title, text, expected) => {
    const result = parseConfig(text);
    const found = 'problems' in result ? result.problems : [];
    const lines = found.map((problem) => describeProblem(problem, 'f'));
    expect(lines).toEqual(
      expected.map(([at, part]) => expect.stringMatching(new RegExp(`^f:${at}: .*${RegExp.escape(part)}`))),
    );
  });
});

describe('readConfig', () => {
  test('reads the original config file unchanged', () => {
    expect(readConfig(original, 'config.json')).toMatchObject({
      tableName: 'stress-test',
      region: 'us-east-1',
      threads: 10,
      sampleData: [
        [
          { kind: 'bytes', name: 'bid_feedback_1h_16', len: 140 },
          { kind: 'bytes', name: 'bid_feedback_1h_2', len: 139 },
        ],
        expect.any(Array),
        expect.any(Array),
        expect.any(Array),
      ],
    });
  });

  test('reads what http tasks share, and what of it is left out is the default', () => {
    const http = {
      base_url: 'https://h/a',
      connections: 5,
      connect_timeout: '250ms',
      max_body: 9,
      local_address: '::1',
    };
    expect(readConfig(config(`"http": ${JSON.stringify(http)}`), 'c.json').http).toEqual({
      baseUrl: 'https://h/a',
      connections: 5,
      connectTimeout: 250_000,
      maxBody: 9,
      localAddress: '::1',
    });
    expect(readConfig(config('"http": { "connections": 5 }'), 'c.json').http).toEqual({
      connections: 5,
      connectTimeout: 5_000_000,
      maxBody: 16 * 1024 * 1024,
    });
  });

  test('fills in every default and ignores $schema', () => {
    expect(
      readConfig('{"$schema": "./schema/config.schema.json", "table_name": "abc", "threads": 1}', 'c.json'),
    ).toEqual({
      tableName: 'abc',
      region: 'us-east-1',
      threads: 1,
      sampleData: [],
      dbType: undefined,
      redisAddr: undefined,
      endpoint: undefined,
      maxInFlight: 1_000,
      timeout: 10_000_000,
      retries: 0,
      consistentRead: false,
      http: { connectTimeout: 5_000_000, maxBody: 16 * 1024 * 1024 },
      batchOps: 200,
      slos: [],
    });
  });

  test('reads every field', () => {
    const text = config(
      '"region": "eu-central-1", "db_type": "redis", "redis_addr": "rediss://user@host:6380/1", "endpoint": "https://localhost:8000", "max_in_flight": 5, "timeout": "250ms", "retries": 3, "consistent_read": true, "batch_ops": 1000',
    );
    expect(readConfig(text, 'c.json')).toMatchObject({
      region: 'eu-central-1',
      dbType: 'redis',
      redisAddr: 'rediss://user@host:6380/1',
      endpoint: 'https://localhost:8000',
      maxInFlight: 5,
      timeout: 250_000,
      retries: 3,
      consistentRead: true,
      batchOps: 1_000,
    });
  });

  test.each(['127.0.0.1:6379', 'redis.internal', '[::1]:6379', 'redis://h:1', 'my-group'])(
    'takes the address %s',
    (address) => {
      expect(readConfig(config(`"redis_addr": "${address}"`), 'c.json').redisAddr).toBe(address);
    },
  );

  test('fails with one coded error that lists all problems', () => {
    expect(() => readConfig('{"threads": 0}', 'c.json')).toThrow(
      expect.objectContaining({
        code: 'DRUM_CONFIG_INVALID',
        message: [
          'c.json has 2 problems:',
          'c.json:1:1: the file has no "table_name", which is required; write "table_name": "stress-test", say',
          'c.json:1:13: threads is 0, must be a whole number from 1 to 1024; write 1 or more',
        ].join('\n'),
      }),
    );
  });

  test('whatever the text, parseConfig answers a config or problems', () => {
    const anyText = fc.string({ unit: fc.nat(0xffff).map((unit) => String.fromCharCode(unit)) });
    const filler = fc.constantFrom('', '{', ']', '"', '-1', 'x');
    const mutated = fc
      .tuple(fc.nat(original.length), fc.nat(30), filler)
      .map(([at, length, piece]) => original.slice(0, at) + piece + original.slice(at + length));
    const property = fc.property(fc.oneof(anyText, fc.json(), mutated), (text) => {
      const result = parseConfig(text);
      return 'config' in result || result.problems.length > 0;
    });
    expect(() => fc.assert(property, { numRuns: 300 })).not.toThrow();
  });
});

describe('sameConfig', () => {
  const text = config('"timeout": 10, "sample_data": [{"a": 1, "b": {"value": {"x": 1, "y": 2}}}, {"c": "d"}]');

  test.each([
    ['comments and white space', `// hi\n${text.replaceAll(' ', '\n\t')}`],
    [
      'order of fields',
      '{"threads": 10, "sample_data": [{"a": 1, "b": {"value": {"x": 1, "y": 2}}}, {"c": "d"}], "table_name": "stress-test"}',
    ],
    [
      'order of columns and of names in a literal',
      text.replace('"a": 1, "b": {"value": {"x": 1, "y": 2}}', '"b": {"value": {"y": 2, "x": 1}}, "a": 1'),
    ],
    ['how a duration is written', text.replace('10, "sample', '"10s", "sample')],
    ['a default that is written out', text.replace('"timeout": 10', '"retries": 0')],
    ['how a number is written', text.replace('"a": 1', '"a": 1.0e0')],
  ])('does not see: %s', (_title, other) => {
    expect(sameConfig(text, other)).toBe(true);
  });

  test.each([
    ['a value', text.replace('"threads": 10', '"threads": 11')],
    ['a column', text.replace('"a": 1', '"a": 2')],
    ['a value inside a literal', text.replace('"y": 2', '"y": 3')],
    [
      'the order of rows, as ops draw a row by its number',
      config('"timeout": 10, "sample_data": [{"c": "d"}, {"a": 1, "b": {"value": {"x": 1, "y": 2}}}]'),
    ],
    ['a literal text that looks like bytes', text.replace('"a": 1', '"a": "1"')],
  ])('sees: %s', (_title, other) => {
    expect(sameConfig(text, other)).toBe(false);
  });

  test('a text that is no config is the same as none, not even itself', () => {
    expect(sameConfig('{', '{')).toBe(false);
    expect(sameConfig(text, '')).toBe(false);
    expect(sameConfig('', text)).toBe(false);
  });
});

describe('the config schema', () => {
  test('is the one in config/schema (else run: npm run generate)', () => {
    const file = new URL('../../../../config/schema/config.schema.json', import.meta.url);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(JSON.parse(JSON.stringify(configSchema())));
  });

  test('offers editors only what the parser takes, and defaults that read to what absence means', () => {
    expect(refusedOffers(CONFIG_FIELDS)).toEqual([]);
  });
});
