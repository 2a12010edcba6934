import { OpDigest, OpSource } from '@drumline/core/data';
import { readPlan } from '@drumline/core/plan';
import { decodeElement } from '@drumline/core/wire';
import { played, Stage, type StageOptions } from '../e2e/stage.ts';
import {
  type ArrivalLog,
  eventually,
  type RunningDrumline,
  type RunningRedis,
  startArrivalLog,
} from '../servers/index.ts';

const TASK = { action: 'updateItem', seed: 1, qps: 500, data: { a_: { r: 3, len: 8 } } };

/** One op as the target saw it. */
interface Arrival {
  readonly key: string;
  readonly connection: number;
}

/**
 * A fleet whose workers hold much, because the publisher is far ahead, against a target that knows how often each op arrived. After the
 * disturbance everything must add up.
 */
export class WorkerStage {
  readonly stage: Stage;
  readonly target: ArrivalLog;
  readonly arrived: readonly Arrival[];
  readonly #redis: RunningRedis;

  private constructor(stage: Stage, target: ArrivalLog, redis: RunningRedis, arrived: readonly Arrival[]) {
    this.stage = stage;
    this.target = target;
    this.arrived = arrived;
    this.#redis = redis;
  }

  static async play(
    redis: RunningRedis,
    act: (fleet: WorkerStage) => Promise<void>,
    options: StageOptions = {},
  ): Promise<void> {
    const arrived: Arrival[] = [];
    await using target = await startArrivalLog({ onArrival: (key, connection) => arrived.push({ key, connection }) });
    const worker = ['--db', 'redis', '--endpoint', `127.0.0.1:${target.port}`, '--digest', ...(options.worker ?? [])];
    await Stage.play(redis, { ...options, worker }, (stage) => act(new WorkerStage(stage, target, redis, arrived)));
  }

  /** Starts a publisher of so many ops, or of as many as come until `drain`. */
  publish(times: number | undefined, args: readonly string[] = []): Promise<RunningDrumline> {
    const bound = times === undefined ? { duration: '1h' } : { times };
    return this.stage.publisher([{ ...TASK, ...bound }], ['--lead', '1500ms', ...args]);
  }

  /** The batches that the worker has claimed and not acknowledged, once there are at least so many. */
  async held(worker: string, atLeast = 1): Promise<string[]> {
    return eventually(`${worker} holds ${atLeast} batches`, async () => {
      const keys = await this.#redis.cli('KEYS', `{${this.stage.prefix}_q*}:w:${worker}/*`);
      const lists = await Promise.all(keys.map((key) => this.#redis.cli('LRANGE', key, '0', '-1')));
      return lists.flat().length >= atLeast && lists.flat();
    });
  }

  /** Resolves when somebody has given back what was held, and counted it. */
  async reclaimed(run: string): Promise<number> {
    return eventually('what a dead worker held is given back', async () => {
      const counts = await this.stage.bus.readLedger(run, 16);
      return [...counts.values()].reduce((sum, { duplicate }) => sum + duplicate, 0) || undefined;
    });
  }

  /**
   * Waits for the end, and that nothing is lost and nothing hidden: exit 0, the ledger balances, the digest is that of an undisturbed run,
   * every op reached the target, and at least as many duplicates are counted as the target saw.
   * @returns how many ops may have run twice, by the ledger. @throws Error naming all that is not so.
   */
  async expectAccounted(publisher: RunningDrumline): Promise<number> {
    const { code, summary } = await played(publisher);
    const { ledger, balanced, tasks } = summary;
    const { planned, published, ok, duplicate } = ledger;
    const { arrivals, repeated } = this.target;
    const digest = tasks[0]?.digest;
    const missing = keysOf(0, planned).filter((key) => !arrivals.has(key)).length;
    const unplanned = arrivals.size - planned + missing;
    const checks: readonly (readonly [string, boolean])[] = [
      [`exit ${code}`, code === 0],
      [`unbalanced: ${JSON.stringify(ledger)}`, balanced && published === planned && ok === planned],
      [`digest ${digest}`, digest === digestOf(planned)],
      [`of ${planned} ops ${missing} never arrived, and ${unplanned} others did`, missing === 0 && unplanned === 0],
      [`${duplicate} duplicates counted, ${repeated} seen`, duplicate >= repeated],
    ];
    const wrong = checks.flatMap(([problem, holds]) => (holds ? [] : [problem]));
    if (wrong.length > 0) throw new Error(`the run does not add up: ${wrong.join('; ')}`);
    return duplicate;
  }
}

const [task] = readPlan(JSON.stringify([{ ...TASK, times: 1 }]), 'traffic').tasks;
if (task === undefined) throw new Error('there is no task');
const ops = (first: number, count: number): ReturnType<OpSource['ops']> =>
  new OpSource({ ...task, seed: '1' }, []).ops({ first, count }, new Float64Array(count));

/** The keys that ops write: each its own. */
const keysOf = (first: number, count: number): string[] => ops(first, count).map(({ items }) => items[0]?.key ?? '');

/** The keys that the ops of these list elements write. */
export const keysIn = (elements: readonly string[]): Set<string> =>
  new Set(
    elements.flatMap((element) => {
      const read = decodeElement(element);
      return read.kind === 'batch' ? keysOf(read.batch.first, read.batch.count) : [];
    }),
  );

/** What a run of so many ops that nobody disturbed has as digest. */
function digestOf(count: number): string {
  const digest = new OpDigest();
  for (const op of ops(0, count)) digest.add(0, op);
  return digest.toString();
}
