import { describe, expect, test } from 'vitest';
import { describeProblem } from '../document/index.ts';
import { DrumlineError } from '../errors/index.ts';
import { parsePlan, readPlan } from './read-plan.ts';

/** A title, a file, and for each problem in order: its position and a part of its line. */
type Row = readonly [title: string, text: string, problems: readonly (readonly [at: string, part: string])[]];

const task = (more: string): string => `{"action": "getItem", "qps": 1, "times": 1, ${more}}`;
const batch = (more: string): string => `{"action": "batchPutItem", "qps": 1, "times": 1, ${more}}`;
/** Column at which `more` begins in `task(more)`. */
const AT = task('').length;

const SYNTAX: readonly Row[] = [
  ['an empty file', '', [['1:1', 'the file is empty; write at least [ { "action"']]],
  ['a file of white space and comments', '\n// nothing\n/* here */', [['1:1', 'the file is empty']]],
  ['a comment without an end', '[\n/* todo', [['2:1', 'the comment that begins here never ends; write "*/"']]],
  ['a list that is never closed', `\n[${task('"seed": 1')}`, [['2:1', 'the list that begins here is never closed']]],
  [
    'a wrong closing bracket',
    '[\n  {"action": "getItem", "qps": 1\n]',
    [['3:1', '"]" cannot close the object that begins at 2:3; write "}" before it']],
  ],
  ['a closing bracket too much', `[${task('"seed": 1')}]\n]`, [['2:1', '"]" closes nothing; take it away']]],
  [
    'two tasks without a list',
    `${task('"seed": 1')},\n${task('"seed": 2')}`,
    [
      [
        `1:${AT + 10}`,
        'nothing may follow the end of the document, but "," does; take it away, or put all in one list',
      ],
    ],
  ],
  ['a bare word as name', task('seed: 1'), [[`1:${AT}`, 'seed is not in double quotes; write "seed"']]],
  ['single quotes', task("'seed': 1"), [[`1:${AT}`, `'seed' is not in double quotes; write "seed"`]]],
  ['a missing comma', '{"action": "getItem",\n"qps": 1\n"times": 1}', [['3:1', 'a comma was expected before "times"']]],
  ['a missing colon', task('"seed" 1'), [[`1:${AT + 7}`, 'a colon was expected, not 1; write ":"']]],
  ['a missing value', task('"seed": '), [[`1:${AT + 8}`, 'a value was expected, not "}"']]],
  ['a comma too much', task('"seed": 1,, "offset": 1'), [[`1:${AT + 10}`, 'there is a comma too much; take it away']]],
  ['NaN', task('"offset": NaN'), [[`1:${AT + 10}`, 'NaN is not a number in JSON; write a finite number']]],
  ['minus infinity', task('"offset": -Infinity'), [[`1:${AT + 10}`, '-Infinity is not a number in JSON']]],
  ['a hexadecimal number', task('"seed": 0x10'), [[`1:${AT + 8}`, '0x10 is not how JSON writes a number']]],
  [
    'a leading zero',
    task('"seed": 01'),
    [[`1:${AT + 8}`, '01 is not how JSON writes a number; write it without the leading 0']],
  ],
  ['digits in groups', task('"seed": 1_000'), [[`1:${AT + 8}`, '1_000 is not how JSON writes a number']]],
  ['a capital True', task('"seed": True'), [[`1:${AT + 8}`, 'True is unknown in JSON; write true']]],
  [
    'a # comment',
    `[ # reads\n${task('"seed": 1')}]`,
    [['1:3', '"#" does not begin a comment in JSON; begin the comment with "//"']],
  ],
  ['an open text', task('"seed": "monday'), [[`1:${AT + 8}`, 'the text that begins here has no end on its line']]],
  ['an unknown escape', task('"seed": "\\q"'), [[`1:${AT + 8}`, 'has an unknown escape']]],
  ['a tab in a text', task('"seed": "a\tb"'), [[`1:${AT + 8}`, 'holds a control character']]],
  ['brackets without end', '['.repeat(200_000), [['1:129', 'nested more than 128 brackets deep']]],
  [
    'a broken task beside a wrong one',
    `[\n{"action": getItem},\n{"action": "getItem", "qps": -1, "times": 1}\n]`,
    [
      ['2:12', 'getItem is not in double quotes; write "getItem"'],
      ['3:30', '[1].qps is -1'],
    ],
  ],
];

const SHAPE: readonly Row[] = [
  ['a text as plan', '"getItem"', [['1:1', 'the file is "getItem", must be a task (an object) or a list of tasks']]],
  ['an empty list', '[]', [['1:1', 'the file is an empty list; add a task']]],
  ['an empty group', `[${task('"seed": 1')},\n[]]`, [['2:1', '[1] is an empty list']]],
  ['null among tasks', `[null, ${task('"seed": 1')}]`, [['1:2', '[0] is null, must be a task']]],
  [
    'lists in 65 lists',
    '['.repeat(65) + task('"seed": 1') + ']'.repeat(65),
    [['1:65', 'is nested in 64 lists, the most is 63']],
  ],
  [
    'an empty task',
    '[\n  {}]',
    [
      ['2:3', '[0] has no "action", which is required; write "action": "updateItem"'],
      ['2:3', '[0] has no "qps", which is required; write "qps": 1000'],
      ['2:3', '[0] has neither "times" nor "duration"'],
    ],
  ],
  [
    'a field twice',
    task('"seed": 1, "seed": 2'),
    [[`1:${AT + 11}`, 'seed is a second field with the name "seed", the first is in line 1']],
  ],
  [
    'a column twice',
    task('"data": {"a": 1, "a": 2}'),
    [[`1:${AT + 17}`, 'data.a is a second field with the name "a"']],
  ],
  ['an unknown field', task('"sede": 1'), [[`1:${AT}`, 'sede is an unknown field; did you mean "seed"?']]],
  [
    'a field nobody could mean',
    task('"colour": 1'),
    [[`1:${AT}`, 'colour is an unknown field; take it away; the fields here are action, qps,']],
  ],
  ['__proto__ as a field', task('"__proto__": {}'), [[`1:${AT}`, '__proto__ is an unknown field']]],
  ['constructor as a field', task('"constructor": 1'), [[`1:${AT}`, 'constructor is an unknown field']]],
  ['$schema inside a list', `[${task('"$schema": "x"')}]`, [[`1:${AT + 1}`, '[0].$schema is an unknown field']]],
];

const FIELDS: readonly Row[] = [
  [
    'an unknown action',
    '{"action": "putitm", "qps": 1, "times": 1}',
    [['1:12', 'action is "putitm", must be one of "putItem", "updateItem"']],
  ],
  ['an action near to one', '{"action": "putitm", "qps": 1, "times": 1}', [['1:12', 'did you mean "putItem"?']]],
  ['an action that is a number', '{"action": 5, "qps": 1, "times": 1}', [['1:12', 'action is 5, must be one of']]],
  [
    'qps 0',
    '{"action": "getItem", "qps": 0, "times": 1}',
    [['1:30', 'qps is 0, must be a number > 0 and at most 1000000000; write 1']],
  ],
  ['qps below 0', '{"action": "getItem", "qps": -5, "times": 1}', [['1:30', 'qps is -5, must be a number > 0']]],
  [
    'an absurd qps',
    '{"action": "getItem", "qps": 1e10, "times": 1}',
    [['1:30', 'qps is 1e10, must be a number > 0 and at most 1000000000; write 1000000000 or less']],
  ],
  ['an endless qps', '{"action": "getItem", "qps": 1e999, "times": 1}', [['1:30', 'qps is 1e999']]],
  [
    'a vanishing qps',
    '{"action": "getItem", "qps": 1e-12, "times": 1}',
    [['1:30', 'qps is 1e-12, must be at least 0.000000001']],
  ],
  [
    'qps in quotes',
    '{"action": "getItem", "qps": "5", "times": 1}',
    [['1:30', 'qps is "5", must be a number > 0 and at most 1000000000; write 5 without quotes']],
  ],
  ['qps "NaN"', '{"action": "getItem", "qps": "NaN", "times": 1}', [['1:30', 'qps is "NaN", must be a number']]],
  [
    'neither times nor duration',
    '{"action": "getItem", "qps": 1}',
    [['1:1', 'has neither "times" nor "duration", one of them must end it; add "times": 1000']],
  ],
  ['times 0', '{"action": "getItem", "qps": 1, "times": 0}', [['1:42', 'times is 0, must be a whole number from 1']]],
  [
    'a fraction of times',
    '{"action": "getItem", "qps": 1, "times": 1.5}',
    [['1:42', 'times is 1.5, must be a whole number from 1 to 9007199254740991; write 1 or 2']],
  ],
  ['duration 0', task('"duration": 0'), [[`1:${AT + 12}`, 'duration is 0, must be a duration from 10ms to 3650d']]],
  [
    'a duration of unknown unit',
    task('"duration": "5min"'),
    [[`1:${AT + 12}`, 'duration is "5min", has the unknown unit "min"; the units are d, h, m, s, ms, us']],
  ],
  ['a duration backwards', task('"duration": "30m1h"'), [[`1:${AT + 12}`, 'must name its units from large to small']]],
  ['a duration below 0', task('"duration": -1'), [[`1:${AT + 12}`, 'duration is -1, must not be negative']]],
  ['a list as duration', task('"duration": [1]'), [[`1:${AT + 12}`, 'duration is a list of 1, must be a duration']]],
  ['repeat 0', task('"repeat": 0'), [[`1:${AT + 10}`, 'repeat is 0, must be a whole number from 1 to 1000000']]],
  [
    'qpss of 3 hours',
    task('"qpss": [1, 2, 3]'),
    [[`1:${AT + 8}`, 'qpss is a list of 3, must be a list of 24; add 21']],
  ],
  [
    'qpss of 25 hours',
    task(`"qpss": [${Array(25).fill(1).join()}]`),
    [[`1:${AT + 8}`, 'must be a list of 24; take away 1']],
  ],
  ['qpss all 0', task(`"qpss": [${Array(24).fill(0).join()}]`), [[`1:${AT + 8}`, 'qpss is 0 in all 24 hours']]],
  ['qpss below 0', task(`"qpss": [-1${',1'.repeat(23)}]`), [[`1:${AT + 9}`, 'qpss[0] is -1, must be a number ≥ 0']]],
  [
    'a peak beyond the bound',
    `{"action": "getItem", "qps": 1e9, "times": 1, "qpss": [${Array(24).fill(2).join()}]}`,
    [['1:55', 'qpss makes 2000000000 operations a second of qps 1000000000, the most is 1000000000']],
  ],
  [
    'an unknown curve',
    task('"curve": "smoth"'),
    [[`1:${AT + 9}`, 'curve is "smoth", must be one of "step", "smooth"; did you mean "smooth"?']],
  ],
  ['an unknown clock', task('"clock": "utc"'), [[`1:${AT + 9}`, 'clock is "utc", must be one of "wall", "run"']]],
  [
    'an unknown time zone',
    task('"timezone": "Europe/Berlon"'),
    [[`1:${AT + 12}`, 'timezone is "Europe/Berlon", must be an IANA time zone; did you mean "Europe/Berlin"?']],
  ],
  ['a seed below 0', task('"seed": -1'), [[`1:${AT + 8}`, 'seed is -1, must be a whole number from 0, or a text']]],
  [
    'a fraction as seed',
    task('"seed": 1.5'),
    [[`1:${AT + 8}`, 'seed is 1.5, must be a whole number from 0, or a text']],
  ],
  [
    'a seed too large for a number',
    task('"seed": 9007199254740993'),
    [[`1:${AT + 8}`, 'seed is 9007199254740993, must be at most 9007199254740991; write it as a text']],
  ],
  ['an empty seed', task('"seed": ""'), [[`1:${AT + 8}`, 'seed is an empty text']]],
  ['half a character as seed', task('"seed": "\\ud800"'), [[`1:${AT + 8}`, 'seed holds half of a character']]],
  ['no weight', task('"seeds": []'), [[`1:${AT + 9}`, 'seeds is an empty list, must be a list of 1 to 1024; add 1']]],
  [
    'too many weights',
    task(`"seeds": [${Array(1_025).fill(1).join()}]`),
    [[`1:${AT + 9}`, 'seeds is a list of 1025, must be a list of 1 to 1024; take away 1']],
  ],
  [
    'weights of 0 and below',
    task('"seeds": [0, 1, -2]'),
    [
      [`1:${AT + 10}`, 'seeds[0] is 0, must be a number > 0'],
      [`1:${AT + 16}`, 'seeds[2] is -2, must be a number > 0'],
    ],
  ],
  ['an offset below 0', task('"offset": -1'), [[`1:${AT + 10}`, 'offset is -1, must be a whole number from 0']]],
  [
    'an offset past the last key',
    task('"offset": 9007199254740991'),
    [['1:1', 'can come to 9.01e+15 operations or keys, the most is 9007199254740991']],
  ],
  [
    'too many samples',
    task('"samples": 1000001'),
    [[`1:${AT + 11}`, 'samples is 1000001, must be a whole number from 0 to 1000000']],
  ],
  [
    'samples 0 of a batch',
    batch('"samples": 0'),
    [[`1:${AT + 16}`, 'samples is 0, batchPutItem takes 1 to 25 items an operation; write 10']],
  ],
  [
    'a write batch too large',
    batch('"samples": 26'),
    [[`1:${AT + 16}`, 'samples is 26, batchPutItem takes 1 to 25 items an operation; write 25 or less']],
  ],
  [
    'a read batch too large',
    '{"action": "batchGetItem", "qps": 1, "times": 1, "samples": 101}',
    [['1:61', 'batchGetItem takes 1 to 100 items']],
  ],
  ['unknown arrivals', task('"arrivals": "poison"'), [[`1:${AT + 12}`, 'did you mean "poisson"?']]],
  [
    'an unknown way with late ops',
    task('"late": "dorp"'),
    [[`1:${AT + 8}`, 'late is "dorp", must be "send", "drop", or { "drop": age }']],
  ],
  [
    'a drop age of 0',
    task('"late": {"drop": 0}'),
    [[`1:${AT + 17}`, 'late.drop is 0, must be a duration from 1ms to 365d']],
  ],
  [
    'late without drop',
    task('"late": {"after": "1s"}'),
    [
      [`1:${AT + 8}`, 'late has no "drop"'],
      [`1:${AT + 9}`, 'late.after is an unknown field'],
    ],
  ],
  [
    'limit of another action',
    task('"limit": 5'),
    [[`1:${AT + 9}`, 'limit has no meaning for getItem, only for query']],
  ],
  [
    'limit 0',
    '{"action": "query", "qps": 1, "times": 1, "limit": 0}',
    [['1:52', 'limit is 0, must be a whole number from 1 to 1000']],
  ],
];

const COLUMNS: readonly Row[] = [
  ['no column', task('"data": {}'), [[`1:${AT + 8}`, 'data names no column']]],
  ['a list as data', task('"data": []'), [[`1:${AT + 8}`, 'data is an empty list, must be an object of columns']]],
  [
    'a boolean column',
    task('"data": {"a": true}'),
    [
      [
        `1:${AT + 14}`,
        'data.a is true, must be a text, a number of bytes, { "r", "len" } or { "value" }; write { "value": true }',
      ],
    ],
  ],
  [
    'bytes below 0',
    task('"data": {"a": -1}'),
    [[`1:${AT + 14}`, 'data.a is -1, must be a whole number from 0 to 16777216']],
  ],
  ['a fraction of bytes', task('"data": {"a": 1.5}'), [[`1:${AT + 14}`, 'data.a is 1.5, must be a whole number']]],
  [
    '{len} without r',
    task('"data": {"a": {"len": 5}}'),
    [[`1:${AT + 14}`, 'data.a has no "r", which is required; write "r": 16']],
  ],
  [
    'r 0',
    task('"data": {"a": {"r": 0, "len": 5}}'),
    [[`1:${AT + 20}`, 'data.a.r is 0, must be a whole number from 1 to 1000000000']],
  ],
  [
    'value beside r',
    task('"data": {"a": {"r": 1, "value": 5}}'),
    [[`1:${AT + 14}`, 'data.a has "value" beside "r" or "len"']],
  ],
  [
    'a value that loses digits',
    task('"data": {"a": {"value": 12345678901234567890}}'),
    [
      [
        `1:${AT + 24}`,
        'data.a.value is 12345678901234567890, which a 64-bit floating point number cannot hold; write it as a text',
      ],
    ],
  ],
  [
    'an endless value',
    task('"data": {"a": {"value": [1e999]}}'),
    [[`1:${AT + 25}`, 'data.a.value[0] is 1e999, which a 64-bit']],
  ],
  ['a column without a name', task('"data": {"": 1}'), [[`1:${AT + 9}`, 'data[""] is a column without a name']]],
  [
    'a column named id',
    task('"data": {"id": 1}'),
    [[`1:${AT + 9}`, 'data.id is a column named "id", which is the key attribute of every row']],
  ],
  [
    'a column named __proto__',
    task('"data": {"__proto__": 1}'),
    [[`1:${AT + 9}`, 'data.__proto__ is a name that no column can have']],
  ],
  [
    '__proto__ in a literal',
    task('"data": {"a": {"value": {"__proto__": 1}}}'),
    [[`1:${AT + 25}`, 'is a name that no field can have']],
  ],
  [
    'a name longer than a sort key',
    task(`"data": {"${'ä'.repeat(513)}": 1}`),
    [[`1:${AT + 9}`, 'has 1026 bytes, a column name has at most 1024']],
  ],
  [
    'a suffix that makes another column',
    task('"data": {"a": {"r": 5, "len": 1}, "a4": 1}'),
    [[`1:${AT + 34}`, 'data.a4 can be the same column as "a" with one of its suffixes 0 to 4']],
  ],
  [
    'two suffixes that meet',
    task('"data": {"a": {"r": 16, "len": 1}, "a1": {"r": 2, "len": 1}}'),
    [[`1:${AT + 35}`, 'data.a1 can be the same column as "a"']],
  ],
];

describe.each([
  ['syntax', SYNTAX],
  ['shape', SHAPE],
  ['fields', FIELDS],
  ['columns', COLUMNS],
])('a bad traffic file, %s:', (_group, rows) => {
  test.each(rows)('%s', (_title, text, expected) => {
    const result = parsePlan(text);
    const found = 'problems' in result ? result.problems : [];
    const lines = found.map((problem) => describeProblem(problem, 'f'));
    expect(lines).toEqual(
      expected.map(([at, part]) => expect.stringMatching(new RegExp(`^f:${at}: .*${RegExp.escape(part)}`))),
    );
  });
});

test('one error lists all problems of a file, in its order, each with position, fault and fix', () => {
  const text =
    '[\n  { "action": "putitm", "qps": 0, "times": 5 },\n  [{ "action": "query", "tmes": 4, "qps": 2, "duration": 1 }]\n]';
  const read = (): unknown => readPlan(text, 'day.json');
  expect(read).toThrow(DrumlineError);
  expect(read).toThrow(
    expect.objectContaining({
      code: 'DRUM_PLAN_INVALID',
      exit: 2,
      message: [
        'day.json has 3 problems:',
        'day.json:2:15: [0].action is "putitm", must be one of "putItem", "updateItem", "getItem", "getSubItem", "deleteItem", "batchGetItem", "batchGetSubItem", "batchPutItem", "query", "http"; did you mean "putItem"?',
        'day.json:2:32: [0].qps is 0, must be a number > 0 and at most 1000000000; write 1, say',
        'day.json:3:25: [1][0].tmes is an unknown field; did you mean "times"?',
      ].join('\n'),
    }),
  );
});

test('a message holds nothing that a terminal would obey', () => {
  const file = '[{"\u009b31m\\u001b[2J": "\u202e"}]';
  expect(() => readPlan(file, 'x.json')).toThrow(/^[\n\x20-\x7e\xa0-\u2027]*$/);
});

test('a text of more than 4 Mi characters is refused without being parsed', () => {
  expect(parsePlan(`[${' '.repeat(4 * 1024 * 1024)}]`)).toMatchObject({
    problems: [{ line: 1, message: expect.stringContaining('the most is 4194304') }],
  });
});

test('of thousands of problems the first are listed and the others counted', () => {
  const result = parsePlan(`[${'1,'.repeat(1_500)}]`);
  const problems = 'problems' in result ? result.problems : [];
  expect(problems).toHaveLength(1_001);
  expect(problems.at(-1)?.message).toBe('there are 500 problems more');
});
