import { describe, expect, test } from 'vitest';
import { readPlan } from '../plan/index.ts';
import { instant } from '../units/index.ts';
import { decodeRun, encodeRun, type RunRecord } from './run.ts';

const PLAN =
  '[{"action":"putItem","qps":0.5,"times":3,"seeds":[1,2],"data":{"a":1}},{"action":"getItem","qps":1,"duration":2}]';
const RECORD: RunRecord = {
  run: 'r1',
  state: 'running',
  plan: PLAN,
  tasks: readPlan(PLAN, 'traffic.json').tasks.map((task, i) => ({ ...task, seed: task.seed ?? `s${i}` })),
  queues: 3,
  scale: '0.5',
  speed: '1',
  origin: instant(1_700_000_000_000_000),
  rates: [{ beat: 12, factor: '500/3' }],
  pauses: [{ from: instant(5), to: instant(9) }, { from: instant(20) }],
};

describe('the record of a run', () => {
  test('comes back as it was encoded', () => {
    expect(decodeRun(encodeRun(RECORD))).toEqual(JSON.parse(JSON.stringify(RECORD)));
  });

  test('a change writes only what it touches', () => {
    expect(encodeRun({ state: 'paused', pauses: [] })).toEqual({ state: 'paused', pauses: '[]' });
  });

  test('texts that look like JSON stay texts', () => {
    expect(decodeRun(encodeRun({ ...RECORD, run: '5', plan: '[]' }))).toMatchObject({ run: '5', plan: '[]' });
  });

  test('fields that are not known are left out', () => {
    expect(decodeRun({ ...encodeRun(RECORD), later: 'x' })).not.toHaveProperty('later');
  });

  test.each([
    ['run', undefined],
    ['state', undefined],
    ['state', 'sleeping'],
    ['plan', undefined],
    ['tasks', undefined],
    ['tasks', ''],
    ['tasks', '{}'],
    ['tasks', '[null]'],
    ['tasks', '[{}]'],
    ['tasks', '[{"action":'],
    ['queues', '-1'],
    ['queues', 'three'],
    ['scale', undefined],
    ['origin', '"now"'],
    ['origin', '1.5'],
    ['rates', '[{"beat":1}]'],
    ['rates', 'null'],
    ['pauses', '[{"to":5}]'],
    ['pauses', '{}'],
  ])('is unknown with %s being %s', (field, value) => {
    const { [field]: _, ...rest } = encodeRun(RECORD);
    const fields = value === undefined ? rest : { ...rest, [field]: value };
    expect(() => decodeRun(fields)).toThrow(
      expect.objectContaining({ code: 'DRUM_RUN_UNKNOWN', message: expect.stringContaining(field) }),
    );
  });
});
