import { printable } from './table.ts';

export interface PublisherStats {
  readonly action: string;
  readonly published: number;
  readonly remaining: number;
  /** Ops per second. */
  readonly qps: number;
  /** Elements by queue. */
  readonly queues: readonly number[];
  /** Whole seconds are shown. */
  readonly elapsedSeconds: number;
  /** Why publishing does not go on as planned, if so. */
  readonly state?: string | undefined;
}

/** The original's line: `[STATS] updateItem | Pub:12345 Rem:87655 QPS:5000 Q:234[45 52 48 43 46] T:2s`, and ` | <state>` if there is one. */
export function statsLine(stats: PublisherStats): string {
  const { action, published, remaining, qps, queues, elapsedSeconds, state } = stats;
  const behind = state === undefined ? '' : ` | ${printable(state)}`;
  const seconds = Math.floor(elapsedSeconds);
  return `[STATS] ${printable(action)} | Pub:${published} Rem:${remaining} QPS:${Math.round(qps)} Q:${queuesText(queues)} T:${seconds}s${behind}`;
}

export interface WorkerStats {
  readonly worker: string;
  /** Ops that ended since the last line, by action. */
  readonly ended: ReadonlyMap<string, number>;
  /** Of them, ops that failed. */
  readonly failed: number;
  readonly queues: readonly number[];
}

/** The worker's line: `[WORKER] host-1 | updateItem:500 getItem:20 Err:1 Total:520 Q:12[5 7]`; actions without ops are left out. */
export function workerLine({ worker, ended, failed, queues }: WorkerStats): string {
  const actions = [...ended]
    .filter(([, count]) => count > 0)
    .map(([action, count]) => `${printable(action)}:${count} `);
  const total = [...ended.values()].reduce((sum, count) => sum + count, 0);
  return `[WORKER] ${printable(worker)} | ${actions.join('')}Err:${failed} Total:${total} Q:${queuesText(queues)}`;
}

const queuesText = (queues: readonly number[]): string =>
  `${queues.reduce((sum, length) => sum + length, 0)}[${queues.join(' ')}]`;
