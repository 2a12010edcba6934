import { expect } from 'vitest';
import { type Played, played, Stage } from '../e2e/stage.ts';
import { eventually, type RunningDrumline, type RunningRedis } from '../servers/index.ts';

const DATA = { a_: { r: 16, len: 8 }, text: 'fixed' };
/** Two tasks with a barrier between them; the first has its ops dealt out for some seconds. */
export const TRAFFIC = [
  { action: 'updateItem', seed: 1, seeds: [3, 2, 1], qps: 200, times: 1_200, data: DATA },
  { action: 'getItem', seed: 1, qps: 500, times: 500, arrivals: 'poisson' },
];
export const TOTAL = 1_700;

/** A fleet whose publishers die, with one worker that keeps digests. */
export class PublisherStage {
  readonly stage: Stage;
  readonly #redis: RunningRedis;

  private constructor(stage: Stage, redis: RunningRedis) {
    this.stage = stage;
    this.#redis = redis;
  }

  static async play(redis: RunningRedis, act: (fleet: PublisherStage) => Promise<void>): Promise<void> {
    const worker = ['--db', 'redis', '--endpoint', `redis://127.0.0.1:${redis.port}/1`, '--digest'];
    await Stage.play(redis, { worker, config: { batch_ops: 20 } }, (stage) => act(new PublisherStage(stage, redis)));
  }

  /** Starts a publisher that goes on with a run of another one. */
  successor(args: readonly string[]): RunningDrumline {
    return this.stage.start('publisher', ['--patience', '20s', '--json', ...args]);
  }

  /** Starts a publisher that stands by, for a run that is yet to come or is on. */
  async standby(args: readonly string[] = []): Promise<RunningDrumline> {
    const standby = this.successor(['--standby', ...args]);
    await standby.prints(/standing by/);
    return standby;
  }

  /** Waits until so many ops are on the queues; answers the run. */
  async published(atLeast: number): Promise<string> {
    const run = await this.stage.running();
    await eventually(`${atLeast} published ops`, async () => (await this.stage.published(run)) >= atLeast);
    return run;
  }

  /** Waits until the run has a checkpoint to go on from. */
  async checkpoint(run: string): Promise<void> {
    await eventually('a checkpoint', async () => (await this.stage.bus.readRun(run))?.['position'] !== 'null');
  }

  /** Deletes what a queue knows of a run. */
  async forget(run: string, queue: number): Promise<void> {
    await this.#redis.cli('DEL', `{${this.stage.prefix}_q${queue}}:run:${run}`);
  }
}

/** Digests by task, as the ledger has them. */
const digestsOf = ({ summary }: Played): (string | undefined)[] => summary.tasks.map(({ digest }) => digest);

/** What an undisturbed run comes to. */
export async function undisturbed(redis: RunningRedis): Promise<(string | undefined)[]> {
  let digests: (string | undefined)[] = [];
  await PublisherStage.play(redis, async ({ stage }) => {
    await stage.workers(1);
    // Which ops there are does not depend on their rate.
    const publisher = await stage.publisher(TRAFFIC.map((task) => ({ ...task, qps: 2_000 })));
    await publisher.prints(/"balanced"/);
    digests = digestsOf(await played(publisher));
  });
  expect(digests).toEqual([expect.stringMatching(/^[0-9a-f]{16}$/), expect.stringMatching(/^[0-9a-f]{16}$/)]);
  return digests;
}

/** The run ended as if nothing had happened. */
export async function endsWell(publisher: RunningDrumline, digests: readonly (string | undefined)[]): Promise<Played> {
  await publisher.prints(/"balanced"/);
  const end = await played(publisher);
  const { planned, published, ok, failed, dropped, duplicate } = end.summary.ledger;
  expect({ code: end.code, planned, published, ok, failed, dropped, duplicate }).toEqual({
    code: 0,
    planned: TOTAL,
    published: TOTAL,
    ok: TOTAL,
    failed: 0,
    dropped: 0,
    duplicate: 0,
  });
  expect(digestsOf(end)).toEqual(digests);
  return end;
}
