import { describe, expect, test } from 'vitest';
import { instant, micros } from '../units/index.ts';
import { type Decisions, decodeDecisions, UNDECIDED } from './decisions.ts';
import { encodeRun } from './run.ts';

const TASK = {
  task: 0,
  repeat: 1,
  beat: 4,
  ops: 9,
  start: micros(20_000),
  planned: 30,
  skipped: 2,
  streams: [4, 5],
  history: [{ at: micros(10_000), factor: '2' }],
  span: { from: instant(5), to: instant(90_000) },
};
const DECISIONS: Decisions = {
  starts: [{ task: 0, beat: 0, batchOps: 200 }],
  stands: [{ beat: 3, stood: micros(77) }],
  deals: [{ beat: 0, queues: 2 }],
  skips: [
    { task: 0, from: 4, to: 6 },
    { from: 8, to: 8 },
  ],
  standing: { beat: 9, from: instant(123), reasons: ['command', 'backlog'] },
  end: 12,
  position: { beat: 7, stood: micros(77), next: 1, pushes: [3, 4], tasks: [TASK] },
  over: false,
};

describe('the decisions of a run', () => {
  test.each([
    ['all of them', DECISIONS],
    ['none yet', { ...UNDECIDED, deals: [{ beat: 0, queues: 1 }] }],
  ])('come back as they were encoded: %s', (_, decisions) => {
    expect(decodeDecisions(encodeRun(decisions))).toEqual(decisions);
  });

  test.each([
    ['starts', undefined],
    ['starts', '[{"task":0,"beat":0,"batchOps":0}]'],
    ['starts', '[{"task":0,"beat":0,"batchOps":1},{"task":0,"beat":1,"batchOps":1}]'],
    ['starts', '[{"task":0,"beat":5,"batchOps":1},{"task":1,"beat":1,"batchOps":1}]'],
    ['stands', '[{"beat":1,"stood":-1}]'],
    ['deals', '[]'],
    ['deals', '[{"beat":0,"queues":0}]'],
    ['deals', '[{"beat":0,"queues":1025}]'],
    ['deals', '[{"beat":1,"queues":1},{"beat":0,"queues":1}]'],
    ['skips', '[{"from":2,"to":1}]'],
    ['standing', '{"beat":1,"from":1,"reasons":[]}'],
    ['standing', '{"beat":1,"from":1,"reasons":["boredom"]}'],
    ['end', '-1'],
    ['end', '1e400'],
    ['position', '{}'],
    ['position', JSON.stringify({ ...DECISIONS.position, next: 5_000 })],
    ['position', JSON.stringify({ ...DECISIONS.position, tasks: [{ ...TASK, skipped: 31 }] })],
    ['position', JSON.stringify({ ...DECISIONS.position, pushes: [1.5] })],
    ['over', '"no"'],
    ['over', '{"__proto__":true'],
  ])('are unknown with %s being %s', (field, value) => {
    const { [field]: _, ...rest } = encodeRun(DECISIONS);
    const fields = value === undefined ? rest : { ...rest, [field]: value };
    expect(() => decodeDecisions(fields)).toThrow(
      expect.objectContaining({ code: 'DRUM_RUN_UNKNOWN', message: expect.stringContaining(field) }),
    );
  });
});
