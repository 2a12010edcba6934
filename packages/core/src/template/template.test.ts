import { assert, constantFrom, property, string } from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Op } from '../data/op.ts';
import { OpSource } from '../data/op-source.ts';
import type { ColumnSpec } from '../plan/plan.ts';
import { parseTemplate } from './parse-template.ts';
import { type Escape, TemplateCompiler } from './template-compiler.ts';

const DATA: readonly ColumnSpec[] = [
  { kind: 'literal', name: 'who', value: 'jo hn' },
  { kind: 'literal', name: 'tags', value: ['a', 1] },
  { kind: 'bytes', name: 'blob', len: 9 },
];
const TASK = { run: 'r1', seed: '7', offset: 0, data: DATA };

function opsOf(count: number, offset = 0): Op[] {
  const source = new OpSource(
    { action: 'http', seed: '7', seeds: undefined, samples: 0, limit: 10, offset, data: DATA },
    [],
  );
  return source.ops(
    { first: 0, count },
    Array.from({ length: count }, () => 0),
  );
}

function render(
  text: string,
  { op = opsOf(1)[0]!, offset = 0, escape = undefined as Escape | undefined } = {},
): string {
  const rendered = new TemplateCompiler({ ...TASK, offset }).compile(text, escape);
  return typeof rendered === 'string' ? rendered : rendered(op);
}

const faultsOf = (text: string, columns: readonly string[] = []) => parseTemplate(text, columns).faults;

describe('a template', () => {
  test('is its text where it holds no placeholder, and needs no op for what is the same for all', () => {
    const compiler = new TemplateCompiler(TASK);
    expect(compiler.compile('a } b {c}')).toBe('a } b {c}');
    expect(compiler.compile('{{run}}/{{column who}}/{{ column tags }}')).toBe('r1/jo hn/["a",1]');
    expect(compiler.compile('{{{{key}}')).toBe('{{key}}');
  });

  test('holds the op’s key and number', () => {
    const [, op] = opsOf(2);
    expect(render('/{{key}}/{{n}}', { op: op! })).toBe(`/${op?.items[0]?.key}/1`);
  });

  test('shows the bytes of a column in base64url', () => {
    expect(Buffer.from(render('{{column blob}}'), 'base64url')).toHaveLength(9);
  });

  test('escapes what was written, and what options and columns put in', () => {
    expect(render('{{column who}} é', { escape: encodeURIComponent })).toBe('jo%20hn%20%C3%A9');
    expect(render('{{pick a b|a b}}', { escape: encodeURIComponent })).toBe('a%20b');
  });

  test('makes the same text of an op in every process', () => {
    // The draws are part of the contract: whoever changes them changes the requests of every seed.
    expect(render('{{hex 8}} {{random 1 1000}} {{pick a|b|c}} {{uuid}}')).toBe(
      'dfe72ffc 322 a 2166aa9e-7864-4fff-a760-479ee496d068',
    );
  });

  test('draws anew for each placeholder and each op, and alike at the same key', () => {
    const [first, second] = opsOf(2);
    const [a, b] = render('{{hex 32}} {{hex 32}}').split(' ');
    expect(a).not.toBe(b);
    expect(render('{{hex 32}}', { op: second! })).not.toBe(a);
    expect(render('{{hex 32}}', { op: first!, offset: 1 })).toBe(render('{{hex 32}}', { op: second! }));
  });

  test('draws whole numbers from both bounds on, all of them about as often', () => {
    const rendered = new TemplateCompiler(TASK).compile('{{random -2 2}}');
    const counts = new Map<string, number>();
    for (const op of opsOf(5_000)) {
      const text = typeof rendered === 'string' ? rendered : rendered(op);
      counts.set(text, (counts.get(text) ?? 0) + 1);
    }
    expect([...counts.keys()].sort()).toEqual(['-1', '-2', '0', '1', '2']);
    for (const count of counts.values()) expect(Math.abs(count - 1_000)).toBeLessThan(150);
  });

  test('makes UUIDs of version 4', () => {
    expect(render('{{uuid}}')).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
  });

  test('is refused with the place, and what was probably meant', () => {
    expect(faultsOf('ab{{kee}}')).toEqual([
      { at: 2, message: 'has the unknown placeholder {{kee}}', hint: 'did you mean {{key}}?' },
    ]);
    expect(faultsOf('{{column nam}} {{nope', ['name'])).toEqual([
      { at: 0, message: 'names the column "nam", which "data" does not have', hint: 'did you mean {{column name}}?' },
      { at: 15, message: 'has a "{{" that no "}}" closes', hint: 'close it; for a literal {{ write {{{{' },
    ]);
  });

  test.each([
    '{{}}',
    '{{key 1}}',
    '{{random}}',
    '{{random 1}}',
    '{{random 5 1}}',
    '{{random 1.5 2}}',
    '{{hex 0}}',
    '{{hex 33}}',
    '{{hex}}',
    '{{pick}}',
    '{{column}}',
    '{{column x}}',
  ])('%s is refused', (text) => {
    expect(faultsOf(text)).toHaveLength(1);
  });

  test('never throws, whatever the text, and keeps all of it when there is no placeholder', () => {
    assert(
      property(string({ unit: constantFrom('{', '}', '{{', '}}', 'k', 'key', ' ', 'hex', '4', '|') }), (text) => {
        const { parts, faults } = parseTemplate(text, []);
        if (!text.includes('{{')) expect(parts).toEqual(text === '' ? [] : [text]);
        for (const { at } of faults) expect(text.startsWith('{{', at)).toBe(true);
      }),
    );
  });
});
