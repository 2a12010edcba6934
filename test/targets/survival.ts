import { isErrorCode } from '@drumline/core/errors';
import type { Action } from '@drumline/core/plan';
import { micros, millis } from '@drumline/core/units';
import { Abort, type Driver, type DriverOptions, type Outcome, openDriver } from '@drumline/targets';
import { expect, onTestFinished } from 'vitest';
import {
  eventually,
  type FAULTS,
  type Fault,
  type HostileTcp,
  startHostileDynamoDb,
  startHostileRedis,
} from '../servers/index.ts';

export const CONNECT = 'DRUM_CONNECT';
export const TIMED_OUT = 'DRUM_OP_TIMEOUT';

import { bytes, item, op, options } from './target.ts';

/** ms that an op may take before it is told to let go, as the pump does it: where nothing may take that long, and where all does. */
const TIMEOUT = { never: 20_000, always: 200 };
/** ms within which an op that was told to let go must have ended: at once, on a machine that is busy with other tests. */
const AT_ONCE = 15_000;
const IN_FLIGHT = 16;

const ACTIONS: readonly Action[] = [
  'updateItem',
  'getItem',
  'putItem',
  'deleteItem',
  'getSubItem',
  'query',
  'batchGetItem',
  'batchPutItem',
];

/** One of the two targets, as the tests need it. */
export interface Target {
  readonly db: DriverOptions['db'];
  readonly start: () => Promise<HostileTcp<never>>;
  readonly endpoint: (port: number) => string;
  /** Connections that the driver may have at a time. */
  readonly connections: number;
}

export const REDIS: Target = {
  db: 'redis',
  start: startHostileRedis as unknown as Target['start'],
  endpoint: (port) => `127.0.0.1:${port}`,
  connections: 1,
};
export const DYNAMODB: Target = {
  db: 'dynamodb',
  start: startHostileDynamoDb as unknown as Target['start'],
  endpoint: (port) => `http://127.0.0.1:${port}`,
  connections: 8,
};

/** Executes an op as the pump does: it is told to let go after its time-out, and must then end at once. */
async function pumped(driver: Driver, action: Action, n: number, timeout: number): Promise<Outcome> {
  const abort = new Abort();
  const items = action.startsWith('batch') ? [n, n + 1, n + 2] : [n];
  const outcome = driver.execute(
    op(
      action,
      items.map((one) => item(one, [bytes('field1', 10)])),
    ),
    abort,
  );
  const timer = setTimeout(() => abort.abort(), timeout);
  let watch: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    watch = setTimeout(() => reject(new Error(`${action} did not end`)), timeout + AT_ONCE);
  });
  try {
    return await Promise.race([outcome, late]);
  } finally {
    clearTimeout(timer);
    clearTimeout(watch);
  }
}

/** Ops that a phase has when they end at once; when they do not, it lasts two time-outs. */
const ENOUGH = 96;

/** Keeps ops of every action under way, until there were enough or it took long enough; answers in which ways they ended. */
async function play(drivers: readonly Driver[], timeout: number): Promise<Set<string>> {
  const ends = new Set<string>();
  const until = performance.now() + 2 * timeout;
  let n = 0;
  const one = async (driver: Driver): Promise<void> => {
    do {
      const action = ACTIONS[n++ % ACTIONS.length] ?? 'getItem';
      const outcome = await pumped(driver, action, n, timeout);
      check(outcome);
      ends.add(outcome.error ?? 'ok');
      // A target that refuses at once must not keep this process from everything else.
      if (outcome.error !== undefined) await new Promise((resolve) => setTimeout(resolve, 2));
    } while (n < ENOUGH && performance.now() < until);
  };
  await Promise.all(drivers.flatMap((driver) => Array.from({ length: IN_FLIGHT }, () => one(driver))));
  return ends;
}

/** Whatever the target says, what the worker adds up must be figures. */
function check(outcome: Outcome): void {
  if (outcome.error !== undefined && !isErrorCode(outcome.error)) throw new Error(`no code: ${String(outcome.error)}`);
  for (const name of [
    'items',
    'misses',
    'throttles',
    'unprocessed',
    'capacity',
    'bytesSent',
    'bytesReceived',
  ] as const) {
    if (!(outcome[name] >= 0 && outcome[name] < 1e12)) throw new Error(`${name} is ${outcome[name]}`);
  }
  if (outcome.items + outcome.misses > 3) throw new Error(`${outcome.items} items and ${outcome.misses} misses of 3`);
}

/**
 * Runs ops of every action, on tables of both kinds, against a server that is well, has the fault, and is well again.
 * @param ends in which ways ops may end under the fault. When a time-out is among them ops have a short
 *   one, else all the time there is, as machines are of different speed.
 * @returns the ways in which they ended.
 */
export async function survives(
  target: Target,
  fault: Fault<never>,
  ends: readonly string[],
): Promise<ReadonlySet<string>> {
  const timeout = ends.includes('DRUM_OP_TIMEOUT') ? TIMEOUT.always : TIMEOUT.never;
  const server = await target.start();
  onTestFinished(() => server.stop());
  const drivers = ['stress', 'multirow'].map((tableName) =>
    openDriver(
      options({
        db: target.db,
        tableName,
        endpoint: target.endpoint(server.port),
        timeout: micros(timeout * 1_000),
        connectWithin: millis(10_000),
        maxInFlight: IN_FLIGHT,
        connections: target.connections,
      }),
    ),
  );
  onTestFinished(async () => void (await Promise.all(drivers.map((driver) => driver.close()))));
  await Promise.all(drivers.map((driver) => driver.open()));
  expect([...(await play(drivers, TIMEOUT.never))]).toEqual(['ok']);

  const { rss } = process.memoryUsage();
  await server.turn(fault);
  const seen = await play(drivers, timeout);
  const all = new Set(seen);
  seen.delete('ok');
  expect(ends).toEqual(expect.arrayContaining([...seen]));
  expect(process.memoryUsage().rss - rss).toBeLessThan(700e6);

  await server.heal();
  await eventually('ops succeed again', async () => {
    const outcomes = drivers.flatMap((driver) => ACTIONS.map((action, n) => pumped(driver, action, n, timeout)));
    return (await Promise.all(outcomes)).every(({ error }) => error === undefined);
  });
  await eventually('no connection leaks', () => server.open <= drivers.length * target.connections);
  await Promise.all(drivers.map((driver) => driver.close()));
  await eventually('every connection is closed', () => server.open === 0);
  return all;
}

/**
 * How ops end under faults that need no protocol.
 *
 * @param answer the driver's code for what is no answer of its protocol
 */
export const codesOfFaults = (answer: string): Readonly<Record<keyof typeof FAULTS, readonly string[]>> => ({
  refuses: [CONNECT],
  isDeaf: [TIMED_OUT, CONNECT],
  saysNothing: [TIMED_OUT, CONNECT],
  closesAtOnce: [CONNECT],
  resetsAtOnce: [CONNECT],
  closesInsteadOfAnswering: [CONNECT],
  resetsInsteadOfAnswering: [CONNECT],
  resetsInTheAnswer: [CONNECT, answer],
  closesInTheAnswer: [CONNECT, answer],
  stopsInTheAnswer: [TIMED_OUT, CONNECT, answer],
  sendsGarbage: [answer, CONNECT],
  sendsZeros: [answer, CONNECT],
});
