import { describe, expect, test } from 'vitest';
import { checkPlanAgainstConfig } from './check-plan.ts';
import { DATA_ACTIONS } from './plan.ts';
import { readPlan } from './read-plan.ts';

const without = { sampleData: [] };
const withRows = { sampleData: [[{ kind: 'bytes', name: 'blob', len: 5 }]] } as const;

describe('checkPlanAgainstConfig', () => {
  test.each(DATA_ACTIONS)(
    '%s without data needs sample_data if it writes columns or asks for them by name',
    (action) => {
      const plan = readPlan(`{"action": "${action}", "qps": 1, "times": 1}`, 'test.json');
      const needs = !['getItem', 'deleteItem', 'batchGetItem', 'query'].includes(action);
      expect(checkPlanAgainstConfig(plan, without)).toHaveLength(needs ? 1 : 0);
      expect(checkPlanAgainstConfig(plan, withRows)).toEqual([]);
    },
  );

  test('a task with data needs no sample_data', () => {
    const plan = readPlan('{"action": "putItem", "qps": 1, "times": 1, "data": {"a": 1}}', 'test.json');
    expect(checkPlanAgainstConfig(plan, without)).toEqual([]);
  });

  test('says where the task stands', () => {
    const task = '{"action": "putItem", "qps": 1, "times": 1}';
    const plan = readPlan(`[\n [{"action": "getItem", "qps": 1, "times": 1},\n  ${task}]\n]`, 'test.json');
    expect(checkPlanAgainstConfig(plan, without)).toEqual([
      {
        line: 3,
        column: 3,
        path: '[0][1]',
        message: 'has no "data" and the config has no "sample_data", putItem needs columns',
        hint: 'add "data": { "blob": 100 }, say, or rows to the config’s sample_data',
      },
    ]);
  });
});
