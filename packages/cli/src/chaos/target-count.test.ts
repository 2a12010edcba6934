import { describe, expect, test } from 'vitest';
import { callsOf, countsOf, wrongCounts } from './target-count.ts';
import type { TaskVerdict } from './verdict.ts';

const verdict = (task: number, action: string, counts: Partial<TaskVerdict>): TaskVerdict => ({
  task,
  action,
  expected: 0,
  ok: 0,
  failed: 0,
  dropped: 0,
  duplicate: 0,
  digest: 'same',
  ...counts,
});

const tasks = [
  verdict(0, 'updateItem', { ok: 10, failed: 1, duplicate: 2 }),
  verdict(1, 'batchPutItem', { ok: 4, duplicate: 1 }),
  verdict(2, 'query', { ok: 7 }),
];
const info = (hset: number, hgetall: number): string =>
  `# Commandstats\r\ncmdstat_hset:calls=${hset},usec=1\r\ncmdstat_hgetall:calls=${hgetall},usec=5\r\ncmdstat_config|get:calls=3\r\n`;

describe("the target's own count", () => {
  test('reaches from what ended ok to what may have been sent', () => {
    expect(countsOf(tasks, [1, 5, 1], callsOf(info(31, 7)))).toEqual([
      { command: 'hset', executed: 31, least: 10 + 5 * 4, most: 13 + 5 * 5 },
      { command: 'hgetall', executed: 7, least: 7, most: 7 },
    ]);
  });

  test.each([
    [30, 7, undefined],
    [38, 7, undefined],
    [29, 7, 'the target has executed hset 29 times; by the ledger it was 30 to 38'],
    [39, 7, 'the target has executed hset 39 times; by the ledger it was 30 to 38'],
    [30, 8, 'the target has executed hgetall 8 times; by the ledger it was 7 to 7'],
  ])('of %i and %i is judged', (hset, hgetall, sentence) => {
    const wrong = wrongCounts(countsOf(tasks, [1, 5, 1], callsOf(info(hset, hgetall))));
    expect(wrong).toEqual(sentence === undefined ? [] : [sentence]);
  });
});
