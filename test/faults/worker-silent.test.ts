import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually, type RunningDrumline, type RunningRedis, startCutProxy, startRedis } from '../servers/index.ts';
import { keysIn, WorkerStage } from './worker-stage.ts';

/** ms. Leases and leads are seconds of real time, several in a row. */
const WITHIN = 120_000;

let redis: RunningRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

/** How a worker falls silent, and how it comes back. */
interface Silence {
  readonly reach?: readonly string[];
  readonly lead: string;
  readonly begin: (worker: RunningDrumline) => void;
  readonly end: (worker: RunningDrumline) => void;
}

interface Fallen {
  /** Counted. */
  readonly duplicates: number;
  /** Ops of what it held that it sent after that was given away. */
  readonly sentAgain: number;
  /** Keys of what it held when the silence began, and those that the target had seen by then. */
  readonly held: ReadonlySet<string>;
  readonly before: ReadonlySet<string>;
}

/**
 * Two workers; the first falls silent until others have been given what it held, and comes back. From when it is given away it must
 * send nothing of that, but it takes part again.
 */
async function fallSilent(fleet: WorkerStage, { reach = [], lead, begin, end }: Silence): Promise<Fallen> {
  const { stage, target, arrived } = fleet;
  const silent = stage.worker(reach);
  await silent.prints(/worker is ready/);
  // A worker connects to the target before it is ready: whatever comes on these connections comes from the first.
  const itsConnections = target.connections;
  const itsOwn = (from: number) => arrived.slice(from).filter(({ connection }) => connection <= itsConnections);
  await stage.workers(1);
  const publisher = await fleet.publish(undefined, ['--lead', lead]);
  const run = await stage.running();
  await fleet.held('w1', 10);
  begin(silent);
  const held = keysIn(await fleet.held('w1'));
  const before = new Set(target.arrivals.keys());
  await fleet.reclaimed(run);
  const given = arrived.length;
  await eventually('the other worker has sent it', () => [...held].every((key) => target.arrivals.has(key)));
  const back = arrived.length;
  end(silent);
  await silent.prints(/back after a silence/);
  await eventually('it takes part again', () => itsOwn(back).length > 0);
  await stage.tell('drain');
  const duplicates = await fleet.expectAccounted(publisher);
  return { duplicates, sentAgain: itsOwn(given).filter(({ key }) => held.has(key)).length, held, before };
}

describe('a worker that is silent for longer than its lease sends nothing of what it held when that is given away:', {
  timeout: WITHIN,
}, () => {
  test('stopped by a signal, and continued', async () => {
    await WorkerStage.play(redis, async (fleet) => {
      const { duplicates, sentAgain, held, before } = await fallSilent(fleet, {
        lead: '1500ms',
        begin: (worker) => worker.signal('SIGSTOP'),
        end: (worker) => worker.signal('SIGCONT'),
      });
      expect([duplicates > 0, sentAgain]).toEqual([true, 0]);
      // What came twice had been sent before the silence.
      const twice = [...fleet.target.arrivals].filter(([, times]) => times > 1).map(([key]) => key);
      expect(twice.every((key) => held.has(key) && before.has(key))).toBe(true);
    });
  });

  test.each(['heals', 'resets its connections'] as const)('cut off by a network that %s', async (how) => {
    await using network = await startCutProxy(redis.port);
    await WorkerStage.play(redis, async (fleet) => {
      const { duplicates, sentAgain } = await fallSilent(fleet, {
        reach: ['--redis', `127.0.0.1:${network.port}`],
        // Further ahead than the lease lasts: it must stop sending while it still has ops that come due.
        lead: '6s',
        begin: () => network.silence(),
        end: () => {
          network.heal();
          if (how === 'resets its connections') network.reset();
        },
      });
      expect([duplicates > 0, sentAgain]).toEqual([true, 0]);
    });
  });
});
