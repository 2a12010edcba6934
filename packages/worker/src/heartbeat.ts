import type { Bus } from '@drumline/core/bus';
import { delay } from '@drumline/core/clock';
import { DrumlineError } from '@drumline/core/errors';
import {
  decodeWorkerInfo,
  encodeWorkerInfo,
  HEARTBEAT_EVERY,
  HEARTBEAT_TTL,
  reclaimFrom,
  type WorkerInfo,
} from '@drumline/core/fleet';
import type { Log } from '@drumline/core/log';
import { type Millis, millis } from '@drumline/core/units';
import type { Lease } from './lease.ts';

const LOOK_EVERY: Millis = millis(250);

export interface HeartbeatOptions {
  readonly bus: Bus;
  readonly worker: string;
  readonly info: WorkerInfo;
  /** Confirmed with every heartbeat that arrived. */
  readonly lease: Lease;
  readonly log: Log;
  /** Called once when this worker must go: another has taken its id while it was away, or Redis is away for too long. */
  readonly onMustEnd: (error: DrumlineError) => void;
}

/**
 * Says twice a second that this worker is alive, and keeps its lease. When the heartbeat fails to arrive for `HEARTBEAT_TTL` others
 * give away what the worker has claimed; the lease has lapsed by then, and nothing of it is sent any more.
 */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  readonly #ended = new AbortController();
  readonly #beating: Promise<void>;
  #info: WorkerInfo;
  #isTaken = false;

  private constructor(options: HeartbeatOptions) {
    this.#options = options;
    this.#info = options.info;
    this.#beating = this.#run();
  }

  /**
   * Resolves when the fleet knows of the worker: only then may it claim, or others would take it for dead. When its id is
   * still in use, as it is for some seconds after a crash, waits for its end; what the one before had claimed is given back.
   * @throws DrumlineError DRUM_WORKER_TAKEN when the other one lives.
   */
  static async start(options: HeartbeatOptions): Promise<Heartbeat> {
    const { bus, worker, info, lease, log } = options;
    await awaitFree(bus, worker, log);
    const batches = await reclaimFrom(bus, worker);
    if (batches > 0) log.warn({ worker, batches }, 'a worker with this id died; what it had claimed was given back');
    const sent = lease.now();
    await bus.heartbeat(worker, encodeWorkerInfo(info), HEARTBEAT_TTL);
    lease.confirm(sent);
    return new Heartbeat(options);
  }

  /** Says at once, and from now on, that the worker is ready. */
  async ready(): Promise<void> {
    this.#info = { ...this.#info, ready: true };
    await this.#beat();
  }

  /** Ends the heartbeat and signs off. */
  async stop(): Promise<void> {
    this.#ended.abort();
    await this.#beating;
    if (!this.#isTaken) await this.#options.bus.leave(this.#options.worker);
  }

  async #run(): Promise<void> {
    const { lease, log, onMustEnd } = this.#options;
    while (!this.#ended.signal.aborted) {
      try {
        await this.#beat();
        // An answer that took longer than the lease has renewed nothing.
        if (lease.standing === undefined) continue;
      } catch (error) {
        if (error instanceof DrumlineError && error.code === 'DRUM_BUS_UNREACHABLE') return onMustEnd(error);
        log.warn({ err: error }, 'heartbeat failed; trying again');
      }
      await delay(HEARTBEAT_EVERY, this.#ended.signal);
    }
  }

  async #beat(): Promise<void> {
    const { bus, worker, lease } = this.#options;
    const hasLapsed = lease.standing === undefined;
    if (hasLapsed) await this.#lookWhoHasTheId();
    const sent = lease.now();
    // Taken, it finishes what is still its own: the other one's heartbeat speaks for both until then.
    if (!this.#isTaken) await bus.heartbeat(worker, encodeWorkerInfo(this.#info), HEARTBEAT_TTL);
    lease.confirm(sent);
    if (hasLapsed)
      this.#options.log.warn(
        { worker },
        'no heartbeat arrived for seconds: others may have taken this worker for dead',
      );
  }

  async #lookWhoHasTheId(): Promise<void> {
    const { bus, worker, onMustEnd } = this.#options;
    const holder = (await bus.workers()).find((registered) => registered.worker === worker)?.info;
    if (this.#isTaken || holder === undefined || isSame(holder, this.#info)) return;
    this.#isTaken = true;
    onMustEnd(takenError(worker, holder));
  }
}

/** Whether the registration is that of the worker with this info, in whatever state. */
function isSame(registration: string, { host, pid, started }: WorkerInfo): boolean {
  const other = decodeWorkerInfo(registration);
  return other?.host === host && other.pid === pid && other.started === started;
}

function takenError(worker: string, registration: string): DrumlineError {
  const { host = '?', pid = '?' } = decodeWorkerInfo(registration) ?? {};
  return new DrumlineError('DRUM_WORKER_TAKEN', `worker ${worker} is alive on ${host}, pid ${pid}`, {
    hint: 'Give each worker an --id of its own, or none.',
  });
}

async function awaitFree(bus: Bus, worker: string, log: Log): Promise<void> {
  for (let waited = 0; ; waited += LOOK_EVERY) {
    const other = (await bus.workers()).find((registered) => registered.worker === worker)?.info;
    if (other === undefined) return;
    if (waited === 0) log.info({ worker }, 'a worker with this id was alive a moment ago; waiting for its end');
    if (waited > HEARTBEAT_TTL) throw takenError(worker, other);
    await delay(LOOK_EVERY);
  }
}
