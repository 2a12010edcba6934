import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseRational, rational } from '../schedule/rational.ts';
import { parseRate } from './rate.ts';

describe('parseRate', () => {
  test.each([
    ['0.5', { kind: 'factor', factor: '0.5' }],
    ['2', { kind: 'factor', factor: '2' }],
    ['2x', { kind: 'factor', factor: '2' }],
    [' 1.25 x ', { kind: 'factor', factor: '1.25' }],
    ['150%', { kind: 'factor', factor: '1.5' }],
    ['100%', { kind: 'factor', factor: '1' }],
    ['1000%', { kind: 'factor', factor: '10' }],
    ['7%', { kind: 'factor', factor: '0.07' }],
    ['0.5%', { kind: 'factor', factor: '0.005' }],
    ['33.3%', { kind: 'factor', factor: '0.333' }],
    ['0.000000001%', { kind: 'factor', factor: '0.00000000001' }],
    ['500qps', { kind: 'qps', qps: '500' }],
    ['500 qps', { kind: 'qps', qps: '500' }],
    ['2.5/s', { kind: 'qps', qps: '2.5' }],
    ['500ops/s', { kind: 'qps', qps: '500' }],
  ])('reads %o', (text, expected) => {
    expect(parseRate(text)).toEqual(expected);
  });

  test.each([
    '',
    '0',
    '0x',
    '0.0%',
    '-1',
    '+1',
    '1e3',
    'x',
    'fast',
    '1/2',
    '2 x 3',
    '1,5',
    'Infinity',
    'NaN',
    'undefined',
    '.5',
    '5.',
    '1'.repeat(13),
    `1.${'1'.repeat(10)}`,
  ])('refuses %o', (text) => {
    expect(() => parseRate(text)).toThrow(expect.objectContaining({ code: 'DRUM_COMMAND_INVALID' }));
  });

  test('a percentage is the exact hundredth', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 999_999_999 }), fc.nat(9), (digits, places) => {
        const text = String(digits).padStart(places + 1, '0');
        const value = places === 0 ? text : `${text.slice(0, -places)}.${text.slice(-places)}`;
        const change = parseRate(`${value}%`);
        const exact = rational(BigInt(digits), 10n ** BigInt(places + 2));
        expect(change.kind === 'factor' && parseRational(change.factor)).toEqual(exact);
      }),
    );
  });
});
