import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SloVerdict } from '../judge/index.ts';
import { recordedRun } from '../recorded-run.fixture.ts';
import type { Summary } from '../summary.ts';
import { renderJunit } from './junit.ts';
import { xmlElement, xmlText } from './xml.ts';

const { summary } = recordedRun({
  run: 'r1',
  tasks: [
    { seed: 1, ops: 1_000, factor: 1, failed: 3 },
    { seed: 2, ops: 500, factor: 1, failed: 0, action: 'getItem' },
  ],
});
const GOOD: Summary = { ...summary, state: 'finished', balanced: true, slos: [] };

const SLO: SloVerdict = {
  text: "response_time p99 < 250ms && 'x'",
  scope: null,
  unit: 'us',
  value: 300_000,
  bound: 250_000,
  ok: false,
  decided: true,
  aborted: false,
};

/** Names of the cases, with what became of them. */
function casesOf(xml: string): Record<string, string> {
  const cases = [...xml.matchAll(/<testcase classname="[\w.]+" name="([^"]*)"[^>]*?(?:\/>|>(.*?)<\/testcase>)/gs)];
  return Object.fromEntries(
    cases.map(([, name = '', content = '']) => [name, /<(failure|error|skipped)/.exec(content)?.[1] ?? 'passed']),
  );
}

const attributes = (xml: string, element: string): string => new RegExp(`<${element} ([^>]*)>`).exec(xml)?.[1] ?? '';

describe('a JUnit report', () => {
  test('has a case for the end, the balance, the rate, and each task', () => {
    const xml = renderJunit(GOOD, false);
    expect(casesOf(xml)).toEqual({
      'the run finishes': 'passed',
      'every planned op has exactly one outcome': 'passed',
      'the planned rate is held': 'skipped',
      'task 0: putItem': 'passed',
      'task 1: getItem': 'passed',
    });
    expect(attributes(xml, 'testsuite')).toMatch(
      /^name="drumline run r1" tests="5" failures="0" errors="0" skipped="1" time="[\d.]+" timestamp="\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"$/,
    );
    expect(xml).toContain('DRUM_OP_TIMEOUT: 3');
  });

  test('has a case for each threshold', () => {
    const kept = { ...SLO, text: 'errors < 1%', unit: 'share' as const, value: 0.002, ok: true };
    const xml = renderJunit({ ...GOOD, slos: [SLO, kept] }, false);
    expect(casesOf(xml)).toMatchObject({
      'response_time p99 &lt; 250ms &amp;&amp; &apos;x&apos;': 'failure',
      'errors &lt; 1%': 'passed',
    });
    expect(xml).toContain('<failure message="it was 300 ms" type="thresholds"/>');
    expect(attributes(xml, 'testsuites')).toMatch(/^name="drumline" tests="7" failures="1" errors="0" time/);
  });

  test('fails where the command fails: a run that did not finish, a ledger that does not balance', () => {
    const [first, ...rest] = GOOD.tasks;
    const lost = { ...first!, ledger: { ...first!.ledger, ok: first!.ledger.ok - 2 } };
    const xml = renderJunit(
      { ...GOOD, state: 'failed', balanced: false, notes: ['2 ops are lost'], tasks: [lost, ...rest] },
      false,
    );
    expect(casesOf(xml)).toMatchObject({
      'the run finishes': 'error',
      'every planned op has exactly one outcome': 'failure',
      'task 0: putItem': 'failure',
      'task 1: getItem': 'passed',
    });
    expect(xml).toContain('<failure message="2 ops are lost" type="run"/>');
    expect(xml).toContain('<failure message="2 ops have no outcome" type="tasks"/>');
  });

  test('fails for a rate that was not held only when it was required', () => {
    const missed = { ...GOOD, certificate: { verdict: 'target-limited', reason: 'why' } } as Summary;
    const name = 'the planned rate is held';
    expect(casesOf(renderJunit(missed, true))[name]).toBe('failure');
    expect(casesOf(renderJunit(missed, false))[name]).toBe('skipped');
  });
});

const ENTITIES: Readonly<Record<string, string>> = {
  ...{ '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"', '&apos;': "'" },
  ...{ '&#10;': '\n', '&#13;': '\r', '&#9;': '\t' },
};
const read = (xml: string): string => xml.replaceAll(/&[^;]+;/g, (entity) => ENTITIES[entity] ?? '?');

/** Characters of XML 1.0, section 2.2. */
const isAllowed = (character: string): boolean => {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20) return [0x9, 0xa, 0xd].includes(code);
  return (code < 0xd800 || code > 0xdfff) && code !== 0xfffe && code !== 0xffff;
};
const halves = fc.nat(0xffff).map((code) => String.fromCharCode(code));
const characters = fc.oneof(halves, fc.constantFrom('😀', '&', '<', '"', '\n', '\u0000', '\ud800'));

describe('XML', () => {
  test('holds any text that XML can hold, and ? for the rest', () => {
    fc.assert(
      fc.property(fc.string({ unit: characters }), (text) => {
        const xml = xmlText(text);
        expect(xml).not.toMatch(/[<>"'\n\r\t]/);
        expect(read(xml)).toBe(Array.from(text, (character) => (isAllowed(character) ? character : '?')).join(''));
      }),
    );
  });

  test('indents elements, not what they say', () => {
    const inner = xmlElement('b', { c: 'two\nlines' });
    expect(xmlElement('a', {}, [inner])).toBe('<a>\n  <b c="two&#10;lines"/>\n</a>');
  });
});
