import { Abort, type Outcome, openDriver } from '@drumline/targets';
import { expect, onTestFinished, test } from 'vitest';
import { eventually, type HostileRedis, startHostileRedis } from '../servers/index.ts';
import { bytes, item, op, options, run } from './target.ts';

const ITEMS = 60;
/** Every item has a value of another length, so that an answer shows whose it is. */
const items = Array.from({ length: ITEMS }, (_, n) => item(n, [bytes('v', 100 + n)]));
const sizeOf = (n: number): number => 'v'.length + 100 + n;

/** A target that holds `items`, and a driver to it. */
async function filled(maxInFlight: number) {
  const server = await startHostileRedis();
  onTestFinished(() => server.stop());
  const driver = openDriver(options({ db: 'redis', endpoint: `127.0.0.1:${server.port}`, maxInFlight }));
  onTestFinished(() => driver.close());
  await driver.open();
  await run(driver, 'batchPutItem', items);
  const read = (n: number) => {
    const abort = new Abort();
    return { abort, outcome: driver.execute(op('getItem', [items[n % ITEMS] ?? item(0)]), abort) };
  };
  return { server, read };
}

/** Holds answers back, in their order, until it is told to let some go. */
async function held(server: HostileRedis): Promise<(count?: number) => void> {
  const waiting: (() => void)[] = [];
  await server.turn({ answer: (socket, good) => waiting.push(() => socket.writable && socket.write(good)) });
  return (count = waiting.length) => {
    for (const answer of waiting.splice(0, count)) answer();
  };
}

const outcomesOf = (reads: readonly { outcome: Promise<Outcome> }[]): Promise<Outcome[]> =>
  Promise.all(reads.map(({ outcome }) => outcome));

test('an answer that comes after its op was let go of is not taken for the next op’s', async () => {
  const { server, read } = await filled(1_000);
  const release = await held(server);
  const before = server.requests;
  const first = Array.from({ length: ITEMS }, (_, n) => read(n));
  await eventually('all are asked', () => server.requests === before + ITEMS);
  // One answer has come since they were sent: the target is slow, not silent.
  release(1);
  expect(await first[0]?.outcome).toMatchObject({ items: 1, bytesReceived: sizeOf(0) });
  for (const { abort } of first.slice(1).filter((_, n) => n % 3 > 0)) abort.abort();
  const second = Array.from({ length: ITEMS }, (_, n) => read(n + 7));
  await eventually('the second wave is asked', () => server.requests === before + 2 * ITEMS);
  release();
  for (const [n, { error, bytesReceived }] of (await outcomesOf(first)).entries()) {
    const isLate = n > 0 && (n - 1) % 3 > 0;
    expect([error, bytesReceived]).toEqual(isLate ? ['DRUM_OP_TIMEOUT', 0] : [undefined, sizeOf(n)]);
  }
  for (const [n, { error, bytesReceived }] of (await outcomesOf(second)).entries()) {
    expect([error, bytesReceived]).toEqual([undefined, sizeOf((n + 7) % ITEMS)]);
  }
  expect(server.accepted).toBe(1);
});

test('a connection that was silent for a whole time-out is given up, and its answers with it', async () => {
  const { server, read } = await filled(1_000);
  const release = await held(server);
  const first = Array.from({ length: 10 }, (_, n) => read(n));
  await eventually('all are asked', () => server.requests >= 11);
  first[0]?.abort.abort();
  const codes = (await outcomesOf(first)).map(({ error }) => error);
  expect(codes).toEqual(['DRUM_OP_TIMEOUT', ...Array.from({ length: 9 }, () => 'DRUM_CONNECT')]);
  await server.heal();
  release();
  await eventually('another connection', async () => (await read(3).outcome).error === undefined);
  for (let n = 0; n < ITEMS; n += 1) expect(await read(n).outcome).toMatchObject({ bytesReceived: sizeOf(n) });
  expect(server.accepted).toBe(2);
});

test('a connection that owes more ops than may be in flight is given up, however busy it is', async () => {
  const { server, read } = await filled(7);
  const release = await held(server);
  const wave = async () => {
    const before = server.requests;
    const reads = Array.from({ length: 5 }, (_, n) => read(n));
    await eventually('they are asked', () => server.requests === before + 5);
    return reads;
  };
  const first = await wave();
  release(1);
  await first[0]?.outcome;
  for (const { abort } of first.slice(2)) abort.abort();
  const second = await wave();
  release(1);
  expect(await first[1]?.outcome).toMatchObject({ bytesReceived: sizeOf(1) });
  for (const { abort } of second) abort.abort();
  await server.heal();
  await eventually('another connection', async () => (await read(3).outcome).error === undefined);
  expect(server.accepted).toBe(2);
});
