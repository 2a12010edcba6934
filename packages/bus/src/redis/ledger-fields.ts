import type { TaskCounts } from '@drumline/core/bus';

const COLUMNS = ['published', 'ok', 'failed', 'dropped', 'duplicate'] as const satisfies readonly (keyof TaskCounts)[];
const NOTHING: TaskCounts = { published: 0, ok: 0, failed: 0, dropped: 0, duplicate: 0 };

/** Sums the fields `<column>:<task>` of the queues' shares of a ledger by task; other fields are the scripts' own state. */
export function sumLedger(shares: readonly Readonly<Record<string, string>>[]): Map<number, TaskCounts> {
  const sums = new Map<number, TaskCounts>();
  for (const share of shares) {
    for (const [field, value] of Object.entries(share)) {
      const [name, task] = field.split(':');
      const column = COLUMNS.find((known) => known === name);
      if (column === undefined) continue;
      const sum = sums.get(Number(task)) ?? NOTHING;
      sums.set(Number(task), { ...sum, [column]: sum[column] + Number(value) });
    }
  }
  return new Map([...sums].sort(([a], [b]) => a - b));
}
