export type { Balance, Ledger, LedgerCounts, LedgerEntry, TaskLedger } from './ledger.ts';
export { balance, LEDGER_COLUMNS, ledgerOf } from './ledger.ts';
