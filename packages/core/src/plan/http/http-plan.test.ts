import { describe, expect, test } from 'vitest';
import { parsePlan } from '../read-plan.ts';
import { parseJsonPath } from './json-path.ts';

const URL = 'http://127.0.0.1:8080/items/{{key}}?a=1';

/** The first task of a file with these fields. */
function taskOf(fields: object) {
  const result = parsePlan(JSON.stringify({ action: 'http', qps: 1, times: 1, ...fields }));
  if ('problems' in result) throw new Error(JSON.stringify(result.problems));
  return result.plan.tasks[0];
}

const requestOf = (request: object) => taskOf({ request: { url: URL, ...request } })?.http?.request;

/** `path message` of each problem. */
function problemsOf(fields: object, action = 'http'): string[] {
  const result = parsePlan(JSON.stringify({ action, qps: 1, times: 1, ...fields }));
  return 'problems' in result ? result.problems.map(({ path, message }) => `${path} ${message}`) : [];
}

const requestProblems = (request: object): string[] => problemsOf({ request: { url: URL, ...request } });
const checkProblems = (checks: object, request = {}): string[] =>
  problemsOf({ request: { url: URL, ...request }, checks });

describe('an http task', () => {
  test('is named after method and path, with placeholders as they are written', () => {
    expect(taskOf({ request: { url: URL } })?.http?.name).toBe('GET /items/{{key}}');
    expect(taskOf({ request: { url: 'http://h' } })?.http?.name).toBe('GET /');
    expect(taskOf({ request: { url: URL }, name: 'read' })?.http?.name).toBe('read');
  });

  test('is a POST when it has a body and says nothing else', () => {
    expect(requestOf({})?.method).toBe('GET');
    expect(requestOf({ body: { text: 'x' } })?.method).toBe('POST');
    expect(requestOf({ body: { text: 'x' }, method: 'PUT' })?.method).toBe('PUT');
  });

  test('keeps every form of a body, of headers and of a query', () => {
    expect(requestOf({ body: { json: { a: ['{{n}}', null] } } })?.body).toEqual({
      kind: 'json',
      json: { a: ['{{n}}', null] },
    });
    expect(requestOf({ body: { form: { a: ['1', '2'] } } })?.body).toEqual({
      kind: 'form',
      fields: [
        ['a', '1'],
        ['a', '2'],
      ],
    });
    expect(requestOf({ body: { bytes: 9 } })?.body).toEqual({ kind: 'bytes', len: 9 });
    expect(requestOf({ headers: { 'X-A': '1' }, query: { q: '{{n}}' } })).toMatchObject({
      headers: [['x-a', '1']],
      query: [['q', '{{n}}']],
    });
  });

  test('passes answers below 400 when it has no checks', () => {
    expect(taskOf({ request: { url: URL } })?.http?.checks).toEqual({
      status: [[100, 399]],
      headers: [],
      body: {},
      json: [],
      size: {},
    });
  });

  test('reads every check', () => {
    const checks = {
      status: [200, '4xx'],
      headers: { 'Content-Type': 'a', etag: true, date: { matches: '^M' } },
      body: { contains: 'x', matches: 'y+' },
      json: { 'a[0].b': 5, c: { exists: false }, $: { equals: { d: 1 } } },
      size: { min: 1, max: 2 },
      time: '250ms',
    };
    expect(taskOf({ request: { url: URL }, checks })?.http?.checks).toEqual({
      status: [
        [200, 200],
        [400, 499],
      ],
      headers: [{ name: 'content-type', equals: 'a' }, { name: 'etag' }, { name: 'date', matches: '^M' }],
      body: { contains: 'x', matches: 'y+' },
      json: [
        { path: 'a[0].b', steps: ['a', 0, 'b'], equals: 5, exists: true },
        { path: 'c', steps: ['c'], exists: false },
        { path: '$', steps: [], equals: { d: 1 }, exists: true },
      ],
      size: { min: 1, max: 2 },
      time: 250_000,
    });
  });

  test('needs a request, and other actions have none', () => {
    expect(problemsOf({})).toEqual([' the file has no "request", which http needs']);
    expect(problemsOf({ request: { url: URL }, checks: {}, name: 'a' }, 'getItem')).toEqual([
      'request has no meaning for getItem, only for http',
      'checks has no meaning for getItem, only for http',
      'name has no meaning for getItem, only for http',
    ]);
    expect(problemsOf({ request: { url: URL }, samples: 5, limit: 5 })).toEqual([
      'samples has no meaning for http',
      'limit has no meaning for http, only for query',
    ]);
  });

  test('says where in the file a placeholder is wrong, all of them at once', () => {
    const text = `{ "action": "http", "qps": 1, "times": 1, "data": { "who": "x", "s": { "r": 2, "len": 1 } },
  "request": {
    "url": "http://h/{{kee}}",
    "headers": { "x-a": "\\t\\u0041{{column wo}}" },
    "body": { "json": { "a": ["{{column s}}"] } } } }`;
    const result = parsePlan(text);
    expect(
      'problems' in result && result.problems.map(({ line, column, path, hint }) => [line, column, path, hint]),
    ).toEqual([
      [1, 70, 'data.s', 'write a number of bytes or a text'],
      [3, 22, 'request.url', 'did you mean {{key}}?'],
      [4, 34, 'request.headers.x-a', 'did you mean {{column who}}?'],
      [5, 32, 'request.body.json.a[0]', 'the columns of "data" are who'],
    ]);
  });

  test.each([
    ['ftp://h/', 'must be an http or https URL, or a path'],
    ['http://user:word@h/', 'must hold no user and password'],
    ['http://{{key}}/', 'must have a fixed host'],
    ['http://h:99999/', 'must have a host'],
    ['http:///x', 'must have a host'],
    ['http://h/a b', 'must hold no blanks and no letters beyond ASCII'],
    ['http://h/é', 'must hold no blanks and no letters beyond ASCII'],
    ['/a#b', 'must hold no fragment'],
  ])('cannot go to %s', (url, must) => {
    expect(problemsOf({ request: { url } })).toEqual([expect.stringContaining(must)]);
  });

  test('has one form of a body, and leaves the frame of the message to Drumline', () => {
    expect(requestProblems({ body: { text: 'a', bytes: 1 } })).toEqual([
      'request.body has 2 forms of a body, must have one',
    ]);
    expect(requestProblems({ headers: { 'Content-Length': '5' } })).toEqual([
      expect.stringContaining('must be left to Drumline'),
    ]);
    expect(requestProblems({ headers: { 'x a': '5' } })).toHaveLength(1);
    expect(requestProblems({ headers: { x: 'a\nb' } })).toHaveLength(1);
  });

  test('warns of credentials that would stand in Redis', () => {
    const result = parsePlan(
      JSON.stringify({ action: 'http', qps: 1, times: 1, request: { url: URL, headers: { Authorization: 'x' } } }),
    );
    expect('warnings' in result && result.warnings.map(({ path }) => path)).toEqual(['request.headers.Authorization']);
  });

  test('refuses checks that can never hold', () => {
    expect(checkProblems({ status: 99 })).toEqual(['checks.status is 99, which no answer has']);
    expect(checkProblems({ status: [] })).toEqual(['checks.status is an empty list: no answer could pass']);
    expect(checkProblems({ status: '6xx' })).toHaveLength(1);
    expect(checkProblems({ size: { min: 5, max: 4 } })).toEqual([
      'checks.size has min 5 above max 4: no answer could pass',
    ]);
    expect(checkProblems({ body: { contains: 'x' }, json: { a: 1 }, size: { min: 1 } }, { method: 'HEAD' })).toEqual([
      'checks.body can never hold: an answer to HEAD has no body',
      'checks.json can never hold: an answer to HEAD has no body',
      'checks.size can never hold: an answer to HEAD has no body',
    ]);
  });

  test('refuses patterns and paths that cannot be read', () => {
    expect(checkProblems({ body: { matches: '(' } })).toEqual([
      expect.stringContaining('must be a regular expression: Unterminated group'),
    ]);
    expect(checkProblems({ json: { 'a..b': 1 } })).toEqual([expect.stringContaining('is no path into JSON')]);
    expect(checkProblems({ json: { a: { b: 1 } } })).toEqual([expect.stringContaining('is an object, must be')]);
  });
});

test.each([
  ['$', []],
  ['a', ['a']],
  ['$.a.b', ['a', 'b']],
  ['a[0].b', ['a', 0, 'b']],
  ['[2]', [2]],
  ['["a b"].c', ['a b', 'c']],
  ['', undefined],
  ['a[', undefined],
  ['a[-1]', undefined],
  ['$a', undefined],
])('the path %j has the steps %j', (path, steps) => {
  expect(parseJsonPath(path)).toEqual(steps);
});
