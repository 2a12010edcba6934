import { readConfig } from '@drumline/core/config';
import { readPlan } from '@drumline/core/plan';
import type { Summary } from '@drumline/report';
import { describe, expect, test } from 'vitest';
import { missedThresholds, readThresholds, thresholdsOf } from './thresholds.ts';

const plan = readPlan(
  '[{"action": "putItem", "qps": 1, "times": 1}, {"action": "getItem", "qps": 1, "times": 1}]',
  't',
);
const configOf = (slo: string): ReturnType<typeof readConfig> =>
  readConfig(`{"table_name": "abc", "threads": 1, "slo": [${slo}]}`, 'c');

describe('thresholds', () => {
  test('of the config come first, then those of the command line', () => {
    const slos = thresholdsOf(['1: dropped < 5'], { plan, config: configOf('"putItem: rate > 99%"') });
    expect(slos.map(({ scope, metric }) => [scope, metric])).toEqual([
      ['putItem', 'rate'],
      [1, 'dropped'],
    ]);
  });

  test('that name no task of the plan are refused, with what was probably meant', () => {
    const read = () => thresholdsOf(['2: dropped < 5'], { plan, config: configOf('"putIem: rate > 99%"') });
    expect(read).toThrow(
      expect.objectContaining({
        code: 'DRUM_SLO_INVALID',
        message: [
          'thresholds have 2 problems:',
          '"putIem" is no action of the traffic file; did you mean "putItem"?',
          '"2:" is no task of the traffic file; write a number from 0 to 1',
        ].join('\n'),
      }),
    );
  });

  test('that cannot be read are refused with their columns', () => {
    expect(() => readThresholds(['rate > 99%', 'rate > 5'])).toThrow(
      '"rate > 5", column 8: "5" is no bound of rate; write a share of the plan',
    );
  });
});

describe('what makes a command fail', () => {
  const kept = {
    text: 'errors < 1',
    scope: null,
    unit: 'ops',
    value: 0,
    bound: 1,
    ok: true,
    decided: true,
    aborted: false,
  };
  const outcome = (slos: readonly object[], verdict = 'generator-limited'): Summary =>
    ({ slos, certificate: { verdict, reason: '3 % of the ops' } }) as unknown as Summary;

  test('is a missed threshold before a missed rate', () => {
    const summary = outcome([kept, { ...kept, value: 3, ok: false }, { ...kept, ok: false, decided: false }]);
    expect(missedThresholds(summary, true)).toMatchObject({
      code: 'DRUM_SLO_FAILED',
      exit: 3,
      message:
        "2 of 3 thresholds were not kept: 'errors < 1' was 3; 'errors < 1' is undecided, as there were too few ops",
    });
  });

  test('is a rate only where one was required', () => {
    expect(missedThresholds(outcome([kept]), false)).toBeUndefined();
    expect(missedThresholds(outcome([kept], 'rate held'), true)).toBeUndefined();
    expect(missedThresholds(outcome([kept]), true)).toMatchObject({
      code: 'DRUM_RATE_MISSED',
      exit: 3,
      message: 'generator-limited: 3 % of the ops',
    });
  });
});
