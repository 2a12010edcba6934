import { decodeRun } from '@drumline/core/run';
import { millis } from '@drumline/core/units';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually, type RunningRedis, startRedis } from '../servers/index.ts';
import { played, Stage } from './stage.ts';

let redis: RunningRedis;
let target: readonly string[];
beforeAll(async () => {
  redis = await startRedis();
  target = ['--db', 'redis', '--endpoint', `redis://127.0.0.1:${redis.port}/1`];
});
afterAll(() => redis.stop());

const put = (qps: number, more: object): object => ({ action: 'putItem', seed: 1, qps, data: { a: 8 }, ...more });

describe('a command', () => {
  test('is answered by every worker, a row each; one that is silent fails it', async () => {
    await Stage.play(redis, { worker: target }, async (stage) => {
      const nobody = await stage.start('notify', ['ping']).finishes();
      expect([nobody.code, nobody.err]).toEqual([5, expect.stringMatching(/nobody is there on the prefix/)]);

      const [, second] = await stage.workers(2);
      const { code, rows } = await stage.notify(['ping']);
      expect([code, rows.map(({ from, ok }) => [from, ok])]).toEqual([
        0,
        [
          ['w1', true],
          ['w2', true],
        ],
      ]);
      const text = await stage.start('notify', ['ping']).finishes();
      expect(text.out).toMatch(/^who +result +answer\nw1 +ok +.*, 4 threads, 1 engines\nw2 +ok +.*\n$/);

      // One that has been registered and is no more.
      const info = JSON.stringify({ host: 'h', pid: 1, db: 'redis', started: new Date().toISOString(), ready: true });
      await stage.bus.heartbeat('ghost', info, millis(60_000));
      // One that stands still, and is back before the others take it for dead.
      second?.signal('SIGSTOP');
      const silent = await stage.notify(['ping', '--timeout', '700ms']);
      second?.signal('SIGCONT');
      await stage.bus.leave('ghost');
      expect(silent.code).toBe(5);
      expect(silent.rows.map(({ from, answered, ok }) => [from, answered, ok])).toEqual([
        ['ghost', false, false],
        ['w1', true, true],
        ['w2', false, false],
      ]);
      const one = await stage.notify(['ping', '--target', 'w2']);
      expect([one.code, one.rows.map(({ from }) => from)]).toEqual([0, ['w2']]);
    });
  });

  test('that is unknown or wrong fails with its code', async () => {
    await Stage.play(redis, { worker: target }, async (stage) => {
      const [worker] = await stage.workers(1);
      const unknown = await stage.notify(['dance']);
      expect([unknown.code, unknown.rows]).toEqual([
        5,
        [expect.objectContaining({ from: 'w1', answered: true, ok: false, code: 'DRUM_COMMAND_INVALID' })],
      ]);
      for (const args of [
        ['rate', '0'],
        ['ping', 'a', 'b'],
      ]) {
        const { code, err } = await stage.notify(args);
        expect([args, code, err]).toEqual([args, 2, expect.stringMatching(/^DRUM_COMMAND_INVALID: /)]);
      }
      expect((await stage.notify(['log_level', 'loud'])).rows).toMatchObject([
        { ok: false, code: 'DRUM_COMMAND_INVALID' },
      ]);

      expect((await stage.notify(['log_level', 'error'])).rows).toMatchObject([
        { ok: true, message: 'logging at error' },
      ]);
      const before = worker?.err;
      expect((await stage.notify(['ping'])).code).toBe(0);
      expect(worker?.err).toBe(before);
      expect((await stage.notify(['log_level', 'level=info'])).code).toBe(0);
      await stage.notify(['ping']);
      expect(worker?.err).toMatch(/command ping/);
    });
  });

  test('that ends one worker ends only that one', async () => {
    await Stage.play(redis, { worker: target }, async (stage) => {
      const [first, second, third] = await stage.workers(3);
      expect((await stage.notify(['drain', '--target', 'w1'])).code).toBe(0);
      expect((await first?.finishes())?.code).toBe(0);
      expect((await stage.notify(['stop', '--target', 'w2'])).code).toBe(0);
      expect((await second?.finishes())?.code).toBe(0);
      const { rows } = await stage.notify(['ping']);
      expect([rows.map(({ from }) => from), third?.isThere]).toEqual([['w3'], true]);
    });
  });
});

describe('a run', () => {
  test('stands still while it is paused, and nothing is late because of it', async () => {
    await Stage.play(redis, { worker: target }, async (stage) => {
      await stage.workers(2);
      const publisher = await stage.publisher([put(300, { times: 600 })]);
      const run = await stage.running();
      const paused = await stage.tell('pause');
      expect(paused.map(({ from, ok }) => [from, ok])).toEqual([
        ['publisher', true],
        ['w1', true],
        ['w2', true],
      ]);

      // While this one starts, what was sent before the pause ends.
      const late = stage.worker();
      await late.prints(/worker is ready/);
      const counts = async (): Promise<number[]> => [await stage.published(run), await stage.settled(run)];
      const before = await counts();
      const status = JSON.parse((await stage.start('status', ['--json']).finishes()).out) as Status;
      expect(status.run).toMatchObject({ run, state: 'paused' });
      expect(status.workers.map(({ worker, paused }) => [worker, paused])).toEqual([
        ['w1', true],
        ['w2', true],
        ['w3', true],
      ]);
      expect(await counts()).toEqual(before);
      expect(before[0]).toBeLessThan(600);

      expect((await stage.notify(['resume'])).code).toBe(0);
      const { code, summary } = await played(publisher);
      expect([code, summary.ledger]).toEqual([
        0,
        { planned: 600, published: 600, ok: 600, failed: 0, dropped: 0, duplicate: 0 },
      ]);
      // It stood for more than the 2.5 s that status listened.
      expect(summary.elapsedUs).toBeGreaterThan(4_500_000);
      expect(summary.tasks[0]?.lateness.maxUs).toBeLessThan(2_000_000);
    });
  });

  test('changes its rate by a factor, and to so many a second, exactly', async () => {
    await Stage.play(redis, { worker: target }, async (stage) => {
      await stage.workers(1);
      const publisher = await stage.publisher([[put(120, { times: 700 }), put(60, { duration: '4s', seed: 2 })]]);
      const run = await stage.running();
      for (const [i, rate] of ['3x', '90qps', '250%'].entries()) {
        await eventually('the run goes on', async () => (await stage.published(run)) > 50 + 100 * i);
        expect((await stage.tell('rate', { rate }))[0]).toMatchObject({ from: 'publisher', ok: true });
      }
      const { code, summary } = await played(publisher);
      const steps = decodeRun((await stage.bus.readRun(run)) ?? {}).rates;
      // By the plan the two make 180 a second: 90 is half of it.
      expect(steps.map(({ factor }) => factor)).toEqual(['3', '90/180.000000', '2.5']);

      const [one, two] = summary.tasks;
      const factors = [1, 3, 0.5, 2.5];
      const beats = steps.map(({ beat }) => beat);
      const beatsOf = (until: number): number =>
        factors.reduce((sum, factor, i) => {
          const from = Math.min(until, beats[i - 1] ?? 0);
          return sum + factor * (Math.min(until, beats[i] ?? Infinity) - from);
        }, 0);
      expect(two?.ledger.planned).toBe(Math.floor(0.6 * beatsOf(400) + 1e-9));
      expect(one?.ledger).toEqual({ planned: 700, published: 700, ok: 700, failed: 0, dropped: 0, duplicate: 0 });
      expect([code, summary.balanced]).toEqual([0, true]);
    });
  });

  test('that is drained finishes what is published and no more', async () => {
    await Stage.play(redis, { worker: target }, async (stage) => {
      await stage.workers(2);
      const publisher = await stage.publisher([put(300, { duration: '1h' }), put(300, { times: 5 })]);
      await stage.running();
      const { code, rows } = await stage.notify(['drain']);
      expect([code, rows.map(({ from }) => from)]).toEqual([0, ['publisher', 'w1', 'w2']]);
      const { summary } = await played(publisher);
      const { planned, ...rest } = summary.ledger;
      expect(planned).toBeGreaterThan(0);
      expect(rest).toEqual({ published: planned, ok: planned, failed: 0, dropped: 0, duplicate: 0 });
      expect([summary.balanced, summary.tasks[1]?.ledger.planned]).toEqual([true, 0]);
    });
  });

  test('that is drained or stopped while it is paused ends, and leaves no worker paused for the next one', async () => {
    await Stage.play(redis, { worker: target }, async (stage) => {
      await stage.workers(1);
      for (const [how, exit] of [
        ['drain', 0],
        ['stop', 130],
      ] as const) {
        const publisher = await stage.publisher([put(300, { duration: '1h' })], ['--lead', '2s']);
        await stage.running();
        await stage.tell('pause');
        await stage.tell(how);
        const { code, summary } = await played(publisher);
        expect([how, code, summary.balanced, summary.ledger.duplicate]).toEqual([how, exit, true, 0]);
      }
      const next = await stage.publish([put(300, { times: 100 })]);
      expect([next.code, next.summary.ledger.ok]).toEqual([0, 100]);
    });
  });

  test('that is stopped drops what was not sent, and counts it', async () => {
    await Stage.play(redis, { worker: target }, async (stage) => {
      const [worker] = await stage.workers(1);
      const publisher = await stage.publisher([put(300, { duration: '1h' })], ['--lead', '2s']);
      const run = await stage.running();
      await eventually('ops are executed', async () => (await stage.settled(run)) > 10);
      const { code, rows } = await stage.notify(['stop']);
      expect([code, rows.map(({ from }) => from)]).toEqual([0, ['publisher', 'w1']]);
      const ended = await played(publisher);
      const { planned, published, ok, failed, dropped, duplicate } = ended.summary.ledger;
      expect(ended.code).toBe(130);
      expect([published, ok + dropped, failed, duplicate, ended.summary.balanced]).toEqual([
        planned,
        planned,
        0,
        0,
        true,
      ]);
      // 2 s of load were out ahead of their time.
      expect(dropped).toBeGreaterThan(300);
      expect(ok).toBeGreaterThan(10);
      expect(worker?.isThere).toBe(true);
    });
  });

  test('goes on through update_config: 4 to 9 to 2 threads and another table, every op once and the same', async () => {
    const config = { batch_ops: 3 };
    await Stage.play(redis, { config, worker: [...target, '--digest'] }, async (stage) => {
      await stage.workers(2);
      const traffic = [put(400, { times: 1_200, data: { a_: { r: 9, len: 5 } } })];
      const undisturbed = await stage.publish(traffic.map((task) => ({ ...task, qps: 1_200 })));
      await redis.cli('-n', '1', 'FLUSHDB');

      const publisher = await stage.publisher(traffic);
      const run = await stage.running();
      let changes = 0;
      for (const change of [{ threads: 9 }, { threads: 2, table_name: 'multirow-test' }]) {
        await eventually('the run goes on', async () => (await stage.settled(run)) > 200 * changes);
        await stage.configure(change);
        const rows = await stage.tell('update_config');
        const done = `${change.threads} threads, table ${change.table_name ?? 'stress-test'}`;
        expect(rows.map(({ from, message }) => [from, message])).toEqual([
          ['publisher', `dealing to ${change.threads} queues`],
          ['w1', done],
          ['w2', done],
        ]);
        changes += 1;
      }
      const { code, summary } = await played(publisher);
      expect([code, summary.ledger]).toEqual([
        0,
        { planned: 1_200, published: 1_200, ok: 1_200, failed: 0, dropped: 0, duplicate: 0 },
      ]);
      expect(summary.tasks[0]?.digest).toBe(undisturbed.summary.tasks[0]?.digest);
      // Each key was written in exactly one of the two forms, and both were in use.
      const keys = await redis.cli('-n', '1', 'KEYS', '*');
      const hashes = keys.filter((key) => /^[0-9a-f]{32}$/.test(key)).length;
      const rows = keys.filter((key) => /^\{[0-9a-f]{32}\}:a_\d$/.test(key)).length;
      expect([hashes + rows, hashes > 0, rows > 0]).toEqual([1_200, true, true]);

      const { out } = await stage.start('status', ['--json', '--listen', '1200ms']).finishes();
      const after = JSON.parse(out) as Status;
      expect(after.queues.length).toBe(2);
      expect(after.workers.map(({ threads }) => threads)).toEqual([2, 2]);
    });
  });
});

interface Status {
  readonly run: { readonly run: string; readonly state: string; readonly factor: string } | null;
  readonly queues: readonly unknown[];
  readonly workers: readonly { readonly worker: string; readonly paused: boolean; readonly threads: number }[];
}
