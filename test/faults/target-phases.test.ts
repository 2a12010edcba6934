import type { Summary } from '@drumline/report';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { played, Stage } from '../e2e/stage.ts';
import {
  DYNAMODB_FAULTS,
  eventually,
  FAULTS,
  type Fault,
  type HostileTcp,
  REDIS_FAULTS,
  type RunningRedis,
  startHostileDynamoDb,
  startHostileRedis,
  startRedis,
} from '../servers/index.ts';

/** Ops a second of each task. */
const QPS = 100;
/** Ops that each phase lasts. */
const PHASE_OPS = 30;
/** Short, so that phases in which nothing answers are short, too. */
const CONFIG = { threads: 2, max_in_flight: 20, timeout: '300ms' };

let redis: RunningRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

/** How many ops of the run have ended so. */
async function ended(stage: Stage, run: string, how: 'ok' | 'failed'): Promise<number> {
  const counts = await stage.bus.readLedger(run, 4);
  return [...counts.values()].reduce((sum, count) => sum + count[how], 0);
}

/**
 * Plays two endless tasks with `drumline run` against a target that has one fault after the other, with good times between;
 * each lasts until enough ops have failed of it.
 */
async function playPhases<Asked>(
  db: 'redis' | 'dynamodb',
  server: HostileTcp<Asked>,
  phases: readonly Fault<Asked>[],
): Promise<Summary> {
  const endpoint = db === 'redis' ? `127.0.0.1:${server.port}` : `http://127.0.0.1:${server.port}`;
  let summary: Summary | undefined;
  await Stage.play(redis, { config: CONFIG }, async (stage) => {
    const endless = { qps: QPS, duration: '1h', seed: 1, data: { a: 8 } };
    const traffic = await stage.file('traffic.json', [
      [
        { ...endless, action: 'updateItem' },
        { ...endless, action: 'batchPutItem', samples: 3 },
      ],
    ]);
    const files = ['--config', stage.config, '--traffic', traffic];
    const process = stage.start('run', [...files, '--db', db, '--endpoint', endpoint, '--json', '--engines', '1']);
    const run = await stage.running();
    const more = async (how: 'ok' | 'failed'): Promise<void> => {
      const before = await ended(stage, run, how);
      await eventually(`more ops end as ${how}`, async () => (await ended(stage, run, how)) >= before + PHASE_OPS);
    };
    await more('ok');
    for (const fault of phases) {
      await server.turn(fault);
      await more('failed');
      await server.heal();
      await more('ok');
    }
    // A connection that is given up is closed here only after its successor was opened.
    expect(server.peak).toBeLessThanOrEqual(2 * CONFIG.threads * CONFIG.max_in_flight);
    await stage.tell('drain');
    const { code, summary: told } = await played(process);
    expect(code).toBe(0);
    summary = told;
  });
  if (summary === undefined) throw new Error('no summary');
  return summary;
}

function checkLedger({ balanced, ledger, tasks, deadLetters, workers }: Summary): void {
  expect({ balanced, deadLetters, restarts: workers.map(({ restarts }) => restarts) }).toEqual({
    balanced: true,
    deadLetters: 0,
    restarts: [0],
  });
  expect(ledger.ok + ledger.failed + ledger.dropped).toBe(ledger.planned);
  for (const task of tasks) {
    const errors = Object.values(task.errors).reduce((sum, count) => sum + count, 0);
    expect(errors).toBe(task.ledger.failed);
  }
}

const codesOf = ({ tasks }: Summary): Set<string> => new Set(tasks.flatMap(({ errors }) => Object.keys(errors)));

describe('a target that fails in one way after the other', () => {
  test('is a Redis: every op is counted, by code, and the worker goes on', async () => {
    await using server = await startHostileRedis();
    const summary = await playPhases('redis', server, [
      FAULTS.refuses,
      FAULTS.saysNothing,
      FAULTS.sendsGarbage,
      REDIS_FAULTS.isFull,
      REDIS_FAULTS.isLoading,
      REDIS_FAULTS.nestsWideLists,
    ]);
    checkLedger(summary);
    const codes = ['CONNECT', 'OP_TIMEOUT', 'REDIS_ANSWER', 'REDIS_OOM', 'REDIS_LOADING'].map((code) => `DRUM_${code}`);
    expect([...codesOf(summary)]).toEqual(expect.arrayContaining(codes));
  });

  test('is a DynamoDB: every op is counted, by code, throttles, unprocessed items and capacity apart', async () => {
    await using server = await startHostileDynamoDb();
    const summary = await playPhases('dynamodb', server, [
      FAULTS.refuses,
      FAULTS.saysNothing,
      FAULTS.sendsGarbage,
      DYNAMODB_FAULTS.isThrottling,
      DYNAMODB_FAULTS.isFailing,
      DYNAMODB_FAULTS.handsBackAll,
    ]);
    checkLedger(summary);
    const codes = ['CONNECT', 'OP_TIMEOUT', 'DDB_ANSWER', 'DDB_THROTTLED', 'DDB_SERVER', 'DDB_UNPROCESSED'];
    expect([...codesOf(summary)]).toEqual(expect.arrayContaining(codes.map((code) => `DRUM_${code}`)));
    const [update, batch] = summary.tasks;
    // Without retries each throttled answer fails one op.
    expect(update?.throttles).toBe(update?.errors['DRUM_DDB_THROTTLED']);
    expect(update?.capacity).toBe(update?.ledger.ok);
    expect(update?.unprocessed).toBe(0);
    expect(batch?.unprocessed).toBe(3 * (batch?.errors['DRUM_DDB_UNPROCESSED'] ?? 0));
  });
});

describe('a target that is not there', () => {
  test.each(['redis', 'dynamodb'] as const)(
    'from the middle of a run on (%s): the run ends and balances',
    async (db) => {
      await using server = db === 'redis' ? await startHostileRedis() : await startHostileDynamoDb();
      const endpoint = db === 'redis' ? `127.0.0.1:${server.port}` : `http://127.0.0.1:${server.port}`;
      await Stage.play(redis, { config: CONFIG }, async (stage) => {
        const times = { action: 'putItem', qps: 2 * QPS, times: 400, data: { a: 8 } };
        const files = ['--config', stage.config, '--traffic', await stage.file('traffic.json', [times])];
        const process = stage.start('run', [...files, '--db', db, '--endpoint', endpoint, '--json', '--engines', '1']);
        await eventually('some ops', () => server.requests > 50);
        await server.turn({ refuse: true });
        const { code, summary } = await played(process);
        checkLedger(summary);
        expect([code, summary.ledger.planned, codesOf(summary).has('DRUM_CONNECT')]).toEqual([0, 400, true]);
        expect(summary.ledger.failed).toBeGreaterThan(100);
      });
    },
  );

  test.each(['redis', 'dynamodb'] as const)(
    'at the start (%s): the worker says so, or waits as long as it is told to',
    async (db) => {
      await using server = db === 'redis' ? await startHostileRedis() : await startHostileDynamoDb();
      const endpoint = db === 'redis' ? `127.0.0.1:${server.port}` : `http://127.0.0.1:${server.port}`;
      await server.turn({ refuse: true });
      await Stage.play(redis, { config: CONFIG }, async (stage) => {
        const target = ['--db', db, '--endpoint', endpoint];
        const impatient = await stage.worker([...target, '--wait-target', '100ms']).finishes();
        expect([impatient.code, impatient.err]).toEqual([4, expect.stringContaining('DRUM_CONNECT')]);
        const patient = stage.worker([...target, '--wait-target', '15s']);
        await server.turn({ connected: (socket) => socket.destroy() });
        await eventually('it tries again and again', () => server.accepted > 3);
        await server.heal();
        await patient.prints(/worker is ready/);
      });
    },
  );
});
