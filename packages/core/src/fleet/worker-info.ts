/** What a worker writes with each heartbeat. */
export interface WorkerInfo {
  readonly host: string;
  readonly pid: number;
  /** What its data actions go to. */
  readonly db: string;
  /** ISO 8601. */
  readonly started: string;
  /** Its threads are claiming and it listens to commands. Before that it is alive, but nobody is to wait for it. */
  readonly ready: boolean;
}

/** Characters of the longest info that is looked at: anybody who can write to Redis can write one. */
const LONGEST_INFO = 16_384;

export const encodeWorkerInfo = (info: WorkerInfo): string => JSON.stringify(info);

/** `undefined` for what no worker writes. */
export function decodeWorkerInfo(text: string | undefined): WorkerInfo | undefined {
  if (text === undefined || text.length > LONGEST_INFO) return undefined;
  try {
    const { host, pid, db, started, ready } = JSON.parse(text) as Record<string, unknown>;
    if (typeof host !== 'string' || typeof pid !== 'number' || typeof db !== 'string') return undefined;
    return { host, pid, db, started: String(started), ready: ready === true };
  } catch {
    return undefined;
  }
}
