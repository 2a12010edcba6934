import type { Ledger } from '@drumline/core/ledger';
import type { Slo } from '@drumline/core/slo';
import { Histogram } from '@drumline/core/stats';
import { cleanDurations } from '../task-totals.ts';
import { type CertificateInput, keptOf } from './certificate.ts';
import { isInScope } from './sliding-window.ts';
import { histogramOf, type SloFigures } from './slo-figures.ts';

export interface RunFiguresInput extends Omit<CertificateInput, 'dropped' | 'required'> {
  readonly ledger: Ledger;
  readonly clean?: boolean;
}

/** What a threshold's tasks did in the whole run: counts from the ledger, durations as the summary shows them. */
export function runFigures(input: RunFiguresInput, slo: Slo): SloFigures {
  const sum = { planned: 0, sent: 0, ended: 0, failed: 0, dropped: 0 };
  const histogram = new Histogram();
  const name = histogramOf(slo);
  const tasks = input.ledger.tasks.filter((task) => isInScope(slo, task));
  for (const { task, planned, ok, failed, dropped } of tasks) {
    const totals = input.figures.task(input.run, task);
    sum.planned += planned;
    sum.sent += totals?.counters.sent ?? 0;
    sum.ended += ok + failed;
    sum.failed += failed;
    sum.dropped += dropped;
    if (name === undefined || totals === undefined) continue;
    histogram.merge(input.clean === true ? cleanDurations(totals)[name] : totals.all[name]);
  }
  const numbers = tasks.map(({ task }) => task);
  const kept = slo.metric === 'rate' && slo.unit === 'share' ? keptOf(input, numbers) : undefined;
  return { ...sum, histogram, length: lengthOf(input, numbers), ...(kept !== undefined && { kept }) };
}

/** From the first beginning of a task to the last end, µs. */
function lengthOf({ spans }: RunFiguresInput, tasks: readonly number[]): number {
  const found = tasks.flatMap((task) => spans.get(task) ?? []);
  if (found.length === 0) return 0;
  return Math.max(...found.map(({ to }) => to)) - Math.min(...found.map(({ from }) => from));
}
