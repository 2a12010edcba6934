import type { TaskCounts } from '@drumline/core/bus';
import { addDigests, NO_DIGEST } from '@drumline/core/data';

const COLUMNS = ['published', 'ok', 'failed', 'dropped', 'duplicate'] as const satisfies readonly (keyof TaskCounts)[];
const NOTHING: TaskCounts = { published: 0, ok: 0, failed: 0, dropped: 0, duplicate: 0, digest: NO_DIGEST };

const TASK = /^\d{1,7}$/;
const COUNT = /^\d{1,15}$/;
const DIGEST = /^[0-9a-f]{16}$/;

/**
 * Sums the fields `<column>:<task>` of the queues' shares of a ledger by task; other fields are the scripts' own state, and what
 * no script writes counts nothing.
 */
export function sumLedger(shares: readonly Readonly<Record<string, string>>[]): Map<number, TaskCounts> {
  const sums = new Map<number, TaskCounts>();
  for (const share of shares) {
    for (const [field, value] of Object.entries(share)) {
      const [name, task = ''] = field.split(':');
      if (!TASK.test(task)) continue;
      const sum = sums.get(Number(task)) ?? NOTHING;
      const column = COLUMNS.find((known) => known === name);
      if (column !== undefined && COUNT.test(value))
        sums.set(Number(task), { ...sum, [column]: sum[column] + Number(value) });
      else if (name === 'digest' && DIGEST.test(value))
        sums.set(Number(task), { ...sum, digest: addDigests(sum.digest, value) });
    }
  }
  return new Map([...sums].sort(([a], [b]) => a - b));
}
