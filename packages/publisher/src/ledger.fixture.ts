import { balance, ledgerOf } from '@drumline/core/ledger';
import type { RunOutcome } from './run-outcome.ts';

/** What a test compares of an outcome's ledger. */
export function columns(outcome: Pick<RunOutcome, 'entries'>) {
  const ledger = ledgerOf(outcome.entries);
  const { planned, published, ok, dropped } = ledger.total;
  return { planned, published, ok, dropped, balanced: balance(ledger).balanced };
}
