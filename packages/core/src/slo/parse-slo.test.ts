import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { micros } from '../units/index.ts';
import { parseSlo } from './parse-slo.ts';
import { COUNT_METRICS, DURATION_METRICS, keeps, RELATIONS, type Slo, sloText } from './slo.ts';

const ALL = { scope: undefined, over: undefined, abort: false };

describe('a threshold', () => {
  test.each<[string, Slo]>([
    [
      'response_time p99 < 250ms',
      { ...ALL, metric: 'response_time', stat: 99, relation: '<', unit: 'us', bound: 250_000 },
    ],
    ['lateness p99.9<=5ms', { ...ALL, metric: 'lateness', stat: 99.9, relation: '<=', unit: 'us', bound: 5_000 }],
    [
      'service_time max < 1m30s',
      { ...ALL, metric: 'service_time', stat: 'max', relation: '<', unit: 'us', bound: 90_000_000 },
    ],
    ['errors < 0.1%', { ...ALL, metric: 'errors', relation: '<', unit: 'share', bound: 0.001 }],
    ['dropped < 10', { ...ALL, metric: 'dropped', relation: '<', unit: 'ops', bound: 10 }],
    ['rate > 99%', { ...ALL, metric: 'rate', relation: '>', unit: 'share', bound: 0.99 }],
    ['rate >= 1000/s', { ...ALL, metric: 'rate', relation: '>=', unit: 'ops/s', bound: 1_000 }],
    [
      'updateItem: errors < 1% over 10s abort',
      {
        scope: 'updateItem',
        metric: 'errors',
        relation: '<',
        unit: 'share',
        bound: 0.01,
        over: micros(10_000_000),
        abort: true,
      },
    ],
    [
      '  2 :rate>99%abort'.replace('%a', '% a'),
      { ...ALL, scope: 2, metric: 'rate', relation: '>', unit: 'share', bound: 0.99, abort: true },
    ],
  ])('is read: %s', (text, slo) => {
    expect(parseSlo(text)).toEqual({ slo });
  });

  test.each<[string, readonly (readonly [number, string])[]]>([
    ['', [[1, 'it is empty; write e.g.']]],
    ['respons_time p99 < 1s', [[1, '"respons_time" is an unknown metric; did you mean "response_time"?']]],
    ['bananas < 1s', [[1, '"bananas" is an unknown metric; write one of response_time, ']]],
    ['response_time < 1s', [[15, "response_time needs a figure; write e.g. 'response_time p99'"]]],
    [
      'response_time p100 < 1s',
      [[15, '"p100" must be a percentile above p0 and below p100, min, mean or max; write max']],
    ],
    ['response_time avg < 1s', [[15, '"avg" must be a percentile']]],
    ['response_time p99 = 1s', [[19, '"=" must be <, <=, > or >=; write one of them']]],
    ['response_time p99 < 250', [[21, '"250" has no unit; write a length of time, e.g. 250ms']]],
    [
      'response_time p99 < 5 %',
      [
        [21, '"5" has no unit'],
        [23, '"%" stands after the end'],
      ],
    ],
    ['response_time p99 < 5parsecs', [[21, '"5parsecs" has the unknown unit "parsecs"; the units are']]],
    ['response_time p99 <', [[20, 'the end stands where the bound must be; write a length of time']]],
    ['errors p99 < 1%', [[8, '"p99" cannot follow errors, which is one figure; take it away']]],
    ['errors < 200%', [[10, '"200%" is no bound of errors; write a share from 0% to 100%']]],
    ['errors < -1%', [[10, '"-" stands where the bound must be']]],
    ['errors < 1/s', [[10, '"1/s" is no bound of errors']]],
    ['rate > 1000', [[8, '"1000" is no bound of rate; write a share of the plan, e.g. 99%, or ops a second']]],
    ['rate > 99% over', [[16, 'the end stands where the length of the windows must be; write e.g. over 10s']]],
    ['rate > 99% over 1500ms', [[17, '"1500ms" must be whole seconds from 1s to 10m']]],
    ['rate > 99% over 1h', [[17, '"1h" must be whole seconds from 1s to 10m']]],
    ['rate > 99% abrot', [[12, '"abrot" stands after the end; did you mean "abort"?']]],
    ['1.5: rate > 99%', [[1, '"1.5" must be an action or the number of a task']]],
    [
      'respons_time p101 ~ 250 ovr 3s',
      [
        [1, '"respons_time" is an unknown metric'],
        [14, '"p101" must be a percentile'],
        [19, '"~" must be <'],
        [25, '"ovr" stands after the end; did you mean "over"?'],
      ],
    ],
    ['x'.repeat(201), [[1, 'it has 201 characters, must have at most 200']]],
  ])('is refused with every problem, its place and what to write: %s', (text, expected) => {
    const result = parseSlo(text);
    const found = 'problems' in result ? result.problems : [];
    expect(found.map(({ column, message, hint }) => [column, `${message}; ${hint}`])).toEqual(
      expected.map(([column, part]) => [column, expect.stringContaining(part)]),
    );
  });

  test('is written as it reads back', () => {
    const common = {
      scope: fc.oneof(fc.constant(undefined), fc.nat(999_999), fc.constantFrom('getItem', 'batchGetSubItem', 'http')),
      relation: fc.constantFrom(...RELATIONS),
      over: fc.oneof(
        fc.constant(undefined),
        fc.integer({ min: 1, max: 600 }).map((s) => micros(s * 1_000_000)),
      ),
      abort: fc.boolean(),
    };
    const slo: fc.Arbitrary<Slo> = fc.oneof(
      fc.record({
        ...common,
        metric: fc.constantFrom(...DURATION_METRICS),
        stat: fc.oneof(
          fc.integer({ min: 1, max: 99_999 }).map((n) => n / 1_000),
          fc.constantFrom('min', 'mean', 'max'),
        ),
        unit: fc.constant('us'),
        bound: fc.nat(3_600_000_000),
      }),
      fc.record({
        ...common,
        metric: fc.constantFrom(...COUNT_METRICS),
        unit: fc.constant('share'),
        bound: fc.nat(100_000).map((n) => n / 1_000 / 100),
      }),
      fc.record({ ...common, metric: fc.constantFrom('errors', 'dropped'), unit: fc.constant('ops'), bound: fc.nat() }),
      fc.record({
        ...common,
        metric: fc.constant('rate'),
        unit: fc.constant('ops/s'),
        bound: fc.nat(99_999).map((n) => n / 10),
      }),
    );
    expect(() =>
      fc.assert(
        fc.property(slo, (one) => {
          expect(parseSlo(sloText(one))).toEqual({ slo: one });
        }),
      ),
    ).not.toThrow();
  });

  test('whatever the text, there is a threshold or a problem within it', () => {
    const piece = fc.constantFrom(
      'rate',
      'p99',
      '<',
      '99%',
      ':',
      'over',
      '10s',
      'abort',
      ' ',
      '\n',
      'é',
      '\u0000',
      '1e9',
    );
    const property = fc.property(
      fc.oneof(
        fc.string(),
        fc.array(piece).map((pieces) => pieces.join(' ')),
      ),
      (text) => {
        const result = parseSlo(text);
        if ('slo' in result) return true;
        return (
          result.problems.length > 0 && result.problems.every(({ column }) => column >= 1 && column <= text.length + 1)
        );
      },
    );
    expect(() => fc.assert(property, { numRuns: 500 })).not.toThrow();
  });

  test.each([
    ['<', [true, false, false]],
    ['<=', [true, true, false]],
    ['>', [false, false, true]],
    ['>=', [false, true, true]],
  ] as const)('%s holds of values below, at and above the bound: %o', (relation, expected) => {
    expect([1, 2, 3].map((value) => keeps({ relation, bound: 2 }, value))).toEqual(expected);
  });
});
