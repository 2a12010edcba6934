import type { WorkerReport } from '@drumline/core/wire';
import { workerLine } from '@drumline/report';

/** Turns the cumulative reports of one worker into a line about each second. */
export function workerLines(worker: string, print: (line: string) => void): (report: WorkerReport) => void {
  let before = new Map<string, { ended: number; failed: number }>();
  return (report) => {
    const now = new Map(
      report.tasks.map(({ run, task, action, counters: { ok, failed } }) => [
        `${run}/${task}/${action}`,
        { action, ended: ok + failed, failed },
      ]),
    );
    const ended = new Map<string, number>();
    let failed = 0;
    for (const [key, { action, ...counts }] of now) {
      const last = before.get(key) ?? { ended: 0, failed: 0 };
      ended.set(action, (ended.get(action) ?? 0) + counts.ended - last.ended);
      failed += counts.failed - last.failed;
    }
    before = now;
    print(workerLine({ worker, ended, failed, queues: [report.pending] }));
  };
}
