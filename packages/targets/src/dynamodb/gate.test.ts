import { expect, test } from 'vitest';
import { Gate } from './gate.ts';

test('no more are let out than there are places, the oldest first', () => {
  const gate = new Gate(2);
  const started: number[] = [];
  for (let n = 0; n < 5; n += 1) gate.enter(() => started.push(n));
  expect([started, gate.waiting]).toEqual([[0, 1], 3]);
  gate.leave();
  expect(started).toEqual([0, 1, 2]);
  for (let n = 0; n < 4; n += 1) gate.leave();
  gate.enter(() => started.push(5));
  expect([started, gate.waiting]).toEqual([[0, 1, 2, 3, 4, 5], 0]);
});

test('whoever lets go leaves nothing behind', () => {
  const gate = new Gate(1);
  const starts = Array.from({ length: 1_000 }, () => () => undefined);
  gate.enter(() => undefined);
  for (const start of starts) gate.enter(start);
  for (const start of starts) gate.withdraw(start);
  expect(gate.waiting).toBe(0);
});
