import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { drumline, eventually, type RunningRedis, startRedis } from '../servers/index.ts';
import { played, Stage } from './stage.ts';

let redis: RunningRedis;
let target: readonly string[];
beforeAll(async () => {
  redis = await startRedis();
  target = ['--db', 'redis', '--endpoint', `redis://127.0.0.1:${redis.port}/1`];
});
afterAll(() => redis.stop());

const key = (n: number): string => n.toString(16).padStart(32, '0');
const inTarget = (...command: string[]): Promise<string[]> => redis.cli('-n', '1', ...command);

describe('elements of the original publisher', () => {
  test('are executed, every action, although they are in no run', async () => {
    await Stage.play(redis, { worker: target }, async (stage) => {
      const [worker] = await stage.workers(1, ['--stats']);
      /** One queue, so that they are claimed in their order. */
      const push = async (...elements: object[]): Promise<void> => {
        await redis.cli('RPUSH', `${stage.prefix}_q0`, ...elements.map((element) => JSON.stringify(element)));
        await eventually('the queue is empty', async () => (await stage.bus.queues(1))[0]?.length === 0);
      };
      const until = (what: string, command: string[], answer: string[]): Promise<unknown> =>
        eventually(what, async () => (await inTarget(...command)).join() === answer.join());

      await push(
        { action: 'putItem', key: key(1), data: { a: 5, b: 'this is text' } },
        { action: 'updateItem', key: key(2), data: { c: 7 } },
        { action: 'batchPutItem', items: { [key(3)]: { d: 4 }, [key(4)]: { d: 'x', e: 2 } } },
      );
      await until('putItem', ['HGET', key(1), 'b'], ['this is text']);
      await until('putItem', ['HSTRLEN', key(1), 'a'], ['5']);
      await until('updateItem', ['HSTRLEN', key(2), 'c'], ['7']);
      await until('batchPutItem', ['HSTRLEN', key(3), 'd'], ['4']);
      await until('batchPutItem', ['HKEYS', key(4)], ['d', 'e']);

      await push(
        { key: key(1), action: 'getItem' },
        { action: 'query', key: key(2), data: {} },
        { data: { a: 5 }, action: 'getSubItem', key: key(1) },
        { action: 'batchGetItem', items: [key(1), key(2), key(99)] },
        { action: 'batchGetSubItem', items: [key(3), key(4)], data: { d: 1 } },
      );
      await push({ action: 'deleteItem', key: key(1) });
      await until('deleteItem', ['EXISTS', key(1)], ['0']);
      const seen = /getItem:1|query:1|getSubItem:1|batchGetItem:1|batchGetSubItem:1|deleteItem:1/g;
      await eventually('every action was counted', () => new Set(worker?.out.match(seen)).size === 6);
      expect(worker?.out).toMatch(/^\[WORKER\] w1 \| (\w+:\d+ )*Err:\d+ Total:\d+ Q:\d+\[\d+\]$/m);
      expect(worker?.out).not.toMatch(/Err:[1-9]/);
      await inTarget('DEL', key(2), key(3), key(4));
    });
  });
});

/** Nothing that a worker could execute, each with what its reason says. */
const GARBAGE: readonly (readonly [element: string, reason: RegExp])[] = [
  ['', /is not JSON/],
  ['hello', /is not JSON/],
  ['{', /is not JSON/],
  ['null', /is not an object/],
  ['17', /is not an object/],
  ['[]', /is not an object/],
  ['"getItem"', /is not an object/],
  ['{}', /neither "run".*nor "action"/],
  ['{"__proto__":{"run":"x"}}', /neither "run".*nor "action"/],
  ['{"run":"nowhere","task":0,"first":0,"count":1,"at":1,"span":0}', /DRUM_RUN_UNKNOWN.*nowhere/],
  ['{"run":"","task":0,"first":0,"count":1,"at":1,"span":0}', /run is ""/],
  ['{"run":"RUN","task":7,"first":0,"count":1,"at":1,"span":0}', /DRUM_RUN_UNKNOWN.*no task 7/],
  ['{"run":"RUN","task":-1,"first":0,"count":1,"at":1,"span":0}', /task is -1/],
  ['{"run":"RUN","task":0,"first":0.5,"count":1,"at":1,"span":0}', /first is 0.5/],
  ['{"run":"RUN","task":0,"first":0,"count":0,"at":1,"span":0}', /count is 0/],
  ['{"run":"RUN","task":0,"first":0,"count":1e9,"at":1,"span":0}', /count is 1000000000/],
  ['{"run":"RUN","task":0,"first":0,"count":1,"at":"now","span":0}', /at is "now"/],
  ['{"run":"RUN","task":0,"first":0,"count":1,"at":1,"span":-5}', /span is -5/],
  ['{"run":"RUN","task":0,"first":0,"count":1,"at":1,"span":0,"positions":"all"}', /positions is "all"/],
  ['{"action":"dropTable","key":"k"}', /unknown action "dropTable"/],
  ['{"action":"constructor","key":"k"}', /unknown action "constructor"/],
  ['{"action":"getItem"}', /has the key missing/],
  ['{"action":"putItem","key":"k"}', /putItem without data/],
  ['{"action":"putItem","key":"k","data":{"a":-1}}', /-1 in column "a"/],
  ['{"action":"batchGetItem","items":[]}', /has 0 items/],
  ['\u0000\u0007\u001b[2J\u{1f4a3}', /is not JSON/],
];

describe('elements that nobody can read', () => {
  test('are set aside with the reason, counted and shown, and stop nothing', async () => {
    await Stage.play(redis, { worker: target }, async (stage) => {
      const workers = await stage.workers(2);
      const publisher = await stage.publisher([{ action: 'putItem', seed: 1, qps: 300, times: 450, data: { a: 3 } }]);
      const run = await stage.running();
      const elements = GARBAGE.map(([element]) => element.replace('RUN', run));
      for (const [i, element] of elements.entries()) await pushRaw(stage, i % 4, element);
      const { code, summary } = await played(publisher);
      const counts = { planned: 450, published: 450, ok: 450, failed: 0, dropped: 0, duplicate: 0 };
      expect([code, summary.balanced, summary.ledger, summary.deadLetters]).toEqual([0, true, counts, GARBAGE.length]);

      const letters = (await Promise.all([0, 1, 2, 3].map((queue) => stage.bus.deadLetters(queue, 100)))).flat();
      expect(letters.map(({ element }) => element).toSorted()).toEqual(elements.toSorted());
      for (const [i, [, reason]] of GARBAGE.entries()) {
        const letter = letters.find(({ element }) => element === elements[i]);
        expect([elements[i], letter?.reason]).toEqual([elements[i], expect.stringMatching(reason)]);
        expect(letter?.worker).toMatch(/^w[12]\b/);
      }
      const status = await stage.start('status', []).finishes();
      expect(status.out).toMatch(new RegExp(`^${GARBAGE.length} elements in dead-letter lists \\[7 7 6 6\\]$`, 'm'));
      expect(workers.every(({ isThere }) => isThere)).toBe(true);
    });
  });

  test('are said in the summary for a person too', async () => {
    await Stage.play(redis, { worker: target }, async (stage) => {
      await stage.workers(1);
      await redis.cli('RPUSH', `${stage.prefix}_q1`, 'garbage');
      const traffic = await stage.file('traffic.json', [{ action: 'getItem', seed: 1, qps: 100, times: 20 }]);
      const { code, out } = await drumline([
        'publisher',
        '--redis',
        redis.url,
        '--prefix',
        stage.prefix,
        '--config',
        stage.config,
        '--traffic',
        traffic,
      ]);
      expect([code, out]).toEqual([0, expect.stringMatching(/^! 1 element set aside as dead letters$/m)]);
    });
  });
});

/** As hexadecimal digits, because some bytes cannot be in the argument of a program. */
async function pushRaw(stage: Stage, queue: number, element: string): Promise<void> {
  const unhex = "(string.gsub(ARGV[1], '%x%x', function(hex) return string.char(tonumber(hex, 16)) end))";
  const name = `${stage.prefix}_q${queue}`;
  await redis.cli(
    'EVAL',
    `return redis.call('RPUSH', KEYS[1], ${unhex})`,
    '1',
    name,
    Buffer.from(element).toString('hex'),
  );
}
