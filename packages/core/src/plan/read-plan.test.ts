import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Problem } from '../document/index.ts';
import type { Plan, Task } from './plan.ts';
import { parsePlan, readPlan } from './read-plan.ts';

const planOf = (text: string): Plan => readPlan(text, 'test.json');
const taskOf = (more: string, action = 'getItem'): Task => {
  const [task] = planOf(`{"action": "${action}", "qps": 1, "times": 1, ${more}}`).tasks;
  if (task === undefined) throw new TypeError('a plan of one task has one');
  return task;
};
const original = readFileSync(new URL('../../../../traffic/traffic.json', import.meta.url), 'utf8');

describe('readPlan', () => {
  test('reads the original traffic file unchanged', () => {
    const { root, tasks } = planOf(original);
    expect(root).toEqual({ kind: 'sequence', members: tasks });
    expect(tasks).toHaveLength(2);
    expect(tasks[0]).toMatchObject({
      action: 'updateItem',
      seed: '1',
      qps: '5000000',
      times: 2_170_660_028,
      samples: 16,
      data: [
        { kind: 'suffixed', name: 'request_', r: 16, len: 8_000 },
        { kind: 'bytes', name: 'bid_feedback_2', len: 10_000 },
        { kind: 'literal', name: 'impression', value: 'this is text' },
      ],
      line: 2,
      column: 3,
    });
    expect(tasks[1]).toMatchObject({
      action: 'query',
      seeds: [15.38, 48.58, 7.36, 22.58, 4.82, 1.29],
      duration: 86_400_000_000,
    });
    expect(tasks[1]?.qpss?.slice(0, 5)).toEqual(['0.7042', '0', '0', '0', '0.7746']);
  });

  test('fills in every default', () => {
    expect(planOf('\n {"action": "getItem", "qps": 0.29, "times": 7}').root).toEqual({
      kind: 'task',
      action: 'getItem',
      qps: '0.29',
      qpss: undefined,
      curve: 'step',
      clock: 'wall',
      timezone: undefined,
      times: 7,
      duration: undefined,
      repeat: 1,
      seed: undefined,
      seeds: undefined,
      offset: 0,
      samples: 0,
      data: undefined,
      arrivals: 'even',
      late: undefined,
      limit: 10,
      line: 2,
      column: 2,
    });
  });

  test('takes comments, trailing commas, a byte order mark, every kind of line end, and $schema beside a single task', () => {
    const text =
      '\ufeff// one\r\n{ /* two */ "$schema": "x",\r"action": "query", // three\n"qps": 1e3, "duration": "1h30m", "limit": 1000, }';
    expect(planOf(text).tasks).toMatchObject([{ qps: '1000', duration: 5_400_000_000, limit: 1_000, line: 2 }]);
  });

  test('lists are in turn sequences and groups, to any depth', () => {
    const t = '{"action": "getItem", "qps": 1, "times": 1}';
    const { root, tasks } = planOf(`[${t}, [${t}, [${t}, ${t}]]]`);
    expect(tasks).toHaveLength(4);
    expect(root).toEqual({
      kind: 'sequence',
      members: [tasks[0], { kind: 'group', members: [tasks[1], { kind: 'sequence', members: [tasks[2], tasks[3]] }] }],
    });
  });

  test('lists nest 64 deep', () => {
    expect(planOf(`${'['.repeat(64)}{"action": "getItem", "qps": 1, "times": 1}${']'.repeat(64)}`).tasks).toHaveLength(
      1,
    );
  });

  test('keeps small and fractional rates as the shortest decimal text', () => {
    const rates = ['0.1', '2.50', '1e-7', '1000000000', '3.3e2'].map(
      (qps) => planOf(`{"action": "getItem", "qps": ${qps}, "times": 1}`).tasks[0]?.qps,
    );
    expect(rates).toEqual(['0.1', '2.5', '0.0000001', '1000000000', '330']);
  });

  test.each([
    ['1', '1'],
    ['"1"', '1'],
    ['1.0', '1'],
    ['0', undefined],
    ['"0"', undefined],
    ['-0', undefined],
    ['9007199254740991', '9007199254740991'],
    ['"monday"', 'monday'],
  ])('seed %s names the stream %o', (json, expected) => {
    expect(taskOf(`"seed": ${json}`).seed).toBe(expected);
  });

  test('seed and seeds go together: the seed then seeds the choice', () => {
    expect(taskOf('"seed": 5, "seeds": [1, 2.5]')).toMatchObject({ seed: '5', seeds: [1, 2.5] });
  });

  test.each([
    ['"send"', undefined],
    ['"drop"', 1_000_000],
    ['{"drop": "500ms"}', 500_000],
    ['{"drop": 2}', 2_000_000],
  ])('late %s drops at the age of %o µs', (json, expected) => {
    expect(taskOf(`"late": ${json}`).late).toBe(expected);
  });

  test.each([
    ['getItem', 0],
    ['query', 0],
    ['batchGetItem', 10],
    ['batchGetSubItem', 10],
    ['batchPutItem', 10],
  ])('%s has %i samples when the file does not say', (action, samples) => {
    expect(taskOf('"seed": 1', action).samples).toBe(samples);
  });

  test('reads literals of every JSON type, names of object methods among the columns', () => {
    const data = taskOf(
      '"data": {"constructor": 1, "toString": {"value": null}, "n": {"value": -1.5e3}, "o": {"value": {"a": [true, {}]}}, "a_": {"r": 5, "len": 0}, "a_5": 1, "a_01": 2, "sk": "x"}',
    ).data;
    expect(data).toEqual([
      { kind: 'bytes', name: 'constructor', len: 1 },
      { kind: 'literal', name: 'toString', value: null },
      { kind: 'literal', name: 'n', value: -1_500 },
      { kind: 'literal', name: 'o', value: { a: [true, {}] } },
      { kind: 'suffixed', name: 'a_', r: 5, len: 0 },
      { kind: 'bytes', name: 'a_5', len: 1 },
      { kind: 'bytes', name: 'a_01', len: 2 },
      { kind: 'literal', name: 'sk', value: 'x' },
    ]);
  });
});

function warningsOf(more: string): readonly string[] {
  const result = parsePlan(`{"action": "getItem", "qps": 1, "times": 1, ${more}}`);
  return 'warnings' in result ? result.warnings.map(({ path, message }) => `${path} ${message}`) : ['refused'];
}

describe('warnings', () => {
  const day = `"qpss": [${Array(24).fill(1).join()}]`;

  test('name options of a curve that is not there', () => {
    expect(warningsOf('"curve": "smooth", "clock": "run", "timezone": "UTC"')).toEqual([
      'curve does nothing without qpss',
      'clock does nothing without qpss',
      'timezone does nothing without qpss',
    ]);
    expect(warningsOf(`${day}, "curve": "smooth", "timezone": "UTC"`)).toEqual([]);
  });

  test('name a time zone beside the clock of the run', () => {
    expect(warningsOf(`${day}, "clock": "run", "timezone": "UTC"`)).toEqual([
      'timezone does nothing with "clock": "run"',
    ]);
  });

  test('name a stream that is hardly ever picked', () => {
    expect(warningsOf('"seeds": [1000, 0.0001]')).toEqual([
      'seeds[1] is 0.0001 of 1000.0001: stream 2 is hardly ever picked',
    ]);
  });
});

/** What is wrong with the answer to a text: every problem stands on a place of it and says what is wrong and what to write. */
function faultsOf(text: string): readonly unknown[] {
  const result = parsePlan(text);
  if ('plan' in result) return result.plan.tasks.length > 0 ? [] : [result];
  const lines = text.split(/\r\n|\n|\r/);
  const isSound = ({ line, column, message, hint }: Problem): boolean =>
    column >= 1 && column <= (lines[line - 1]?.length ?? -1) + 1 && message !== '' && hint !== '';
  return result.problems.length > 0 ? result.problems.filter((problem) => !isSound(problem)) : [result];
}

const isSound = (text: string): boolean => faultsOf(text).length === 0;

describe('whatever the text, parsePlan answers a plan or problems', () => {
  const anyText = fc.string({ unit: fc.nat(0xffff).map((unit) => String.fromCharCode(unit)) });

  test('for any text', () => {
    expect(() => fc.assert(fc.property(anyText, isSound))).not.toThrow();
  });

  test('for any JSON', () => {
    expect(() => fc.assert(fc.property(fc.json(), isSound))).not.toThrow();
  });

  test('for soups of the marks of JSON and the words of a plan', () => {
    const pieces = [
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"',
      '\\',
      '//',
      '/*',
      '*/',
      '\n',
      '1',
      '-',
      '.',
      'e',
      "'",
      '#',
      'null',
    ];
    const words = [
      '"action"',
      '"getItem"',
      '"qps"',
      '"times"',
      '"data"',
      '"seeds"',
      '"late"',
      '"__proto__"',
      '"value"',
    ];
    const soup = fc.array(fc.constantFrom(...pieces, ...words), { maxLength: 60 });
    expect(() => fc.assert(fc.property(soup, (parts) => isSound(parts.join(' '))))).not.toThrow();
  });

  test('for the original file with parts cut out, doubled or replaced', () => {
    const filler = fc.constantFrom('', '{', ']', '"', ',', '0', '-1', 'x', '\n', 'null', '[]', '{}', '/*', '\u0000');
    const mutated = fc.property(
      fc.nat(original.length),
      fc.nat(40),
      filler,
      (at, length, piece) =>
        isSound(original.slice(0, at) + piece + original.slice(at + length)) &&
        isSound(original.slice(0, at + length) + piece + original.slice(at)),
    );
    expect(() => fc.assert(mutated)).not.toThrow();
  });

  test('for tasks whose fields hold any value', () => {
    const names = ['qps', 'qpss', 'times', 'duration', 'seed', 'seeds', 'samples', 'data', 'late', 'timezone', 'limit'];
    const fields = fc.dictionary(fc.constantFrom(...names), fc.jsonValue());
    const tasks = fc.property(fields, (more) =>
      isSound(JSON.stringify([{ action: 'query', qps: 1, times: 1, ...more }])),
    );
    expect(() => fc.assert(tasks)).not.toThrow();
  });
});
