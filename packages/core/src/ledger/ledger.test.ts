import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NO_DIGEST } from '../data/index.ts';
import { balance, type LedgerEntry, ledgerOf } from './ledger.ts';

const NOTHING = { published: 0, ok: 0, failed: 0, dropped: 0, duplicate: 0, digest: NO_DIGEST };
const entry = (changes: Partial<LedgerEntry>): LedgerEntry => ({
  task: 0,
  action: 'putItem',
  planned: 0,
  skipped: 0,
  counts: undefined,
  ...changes,
});

describe('the ledger', () => {
  test('has its tasks in order, and their sum', () => {
    const ledger = ledgerOf([
      entry({
        task: 1,
        action: 'getItem',
        planned: 10,
        skipped: 2,
        counts: { published: 8, ok: 5, failed: 2, dropped: 1, duplicate: 4, digest: 'bc904ae6ca1b03e0' },
      }),
      entry({ planned: 3, counts: { ...NOTHING, published: 3, ok: 3 } }),
    ]);
    expect(ledger.tasks.map((task) => task.task)).toEqual([0, 1]);
    expect(ledger.tasks.map(({ digest }) => digest)).toEqual([NO_DIGEST, 'bc904ae6ca1b03e0']);
    expect(ledger.total).toEqual({ planned: 13, published: 11, ok: 8, failed: 2, dropped: 3, duplicate: 4 });
    expect(balance(ledger)).toEqual({ balanced: true, problems: [] });
  });

  test('a task of which nothing was pushed has zeros', () => {
    expect(balance(ledgerOf([entry({ planned: 4, skipped: 4 })])).balanced).toBe(true);
    expect(ledgerOf([entry({ planned: 4, skipped: 4 })]).total).toMatchObject({ published: 0, dropped: 4 });
  });

  test.each([
    [
      'ops that were never published',
      { planned: 5, counts: { ...NOTHING, published: 4, ok: 4 } },
      ['task 0 (putItem): 1 of 5 ops planned were never published'],
    ],
    [
      'more ops than planned',
      { planned: 1, counts: { ...NOTHING, published: 3, ok: 3 } },
      ['task 0 (putItem): 2 ops more were published than the plan has (1)'],
    ],
    [
      'ops without outcome',
      { planned: 9, skipped: 1, counts: { ...NOTHING, published: 8, ok: 4, failed: 1 } },
      ['task 0 (putItem): 3 of 8 ops published have no outcome'],
    ],
    [
      'more outcomes than ops',
      { planned: 2, counts: { ...NOTHING, published: 2, ok: 2, dropped: 1 } },
      ['task 0 (putItem): there are outcomes of 1 op more than were published (2)'],
    ],
    [
      'both at once',
      { planned: 5, counts: { ...NOTHING, published: 4, ok: 3 } },
      [
        'task 0 (putItem): 1 of 5 ops planned were never published',
        'task 0 (putItem): 1 of 4 ops published have no outcome',
      ],
    ],
  ])('%s are named', (_, changes, problems) => {
    expect(balance(ledgerOf([entry(changes)]))).toEqual({ balanced: false, problems });
  });

  test('two tasks whose errors cancel out do not balance', () => {
    const ledger = ledgerOf([
      entry({ planned: 2, counts: { ...NOTHING, published: 2, ok: 1 } }),
      entry({ task: 1, planned: 2, counts: { ...NOTHING, published: 2, ok: 3 } }),
    ]);
    expect(ledger.total).toMatchObject({ planned: 4, published: 4, ok: 4 });
    expect(balance(ledger).problems).toHaveLength(2);
  });

  test('duplicates are outside the balance', () => {
    const counts = { ...NOTHING, published: 2, ok: 2, duplicate: 7 };
    expect(balance(ledgerOf([entry({ planned: 2, counts })])).balanced).toBe(true);
  });

  test('it balances exactly when every planned op has one outcome', () => {
    const few = fc.nat(3);
    fc.assert(
      fc.property(few, few, few, few, few, few, (planned, skipped, published, ok, failed, dropped) => {
        const { balanced } = balance(
          ledgerOf([entry({ planned, skipped, counts: { ...NOTHING, published, ok, failed, dropped } })]),
        );
        expect(balanced).toBe(planned === published + skipped && published === ok + failed + dropped);
      }),
      { numRuns: 2_000 },
    );
  });
});
