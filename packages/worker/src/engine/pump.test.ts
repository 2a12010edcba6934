import { SystemClock } from '@drumline/core/clock';
import type { Op } from '@drumline/core/data';
import { silentLog } from '@drumline/core/log';
import { Pauses } from '@drumline/core/run';
import { Seconds, TaskStats } from '@drumline/core/stats';
import { instant, type Micros, micros } from '@drumline/core/units';
import type { Driver } from '@drumline/targets';
import { afterEach, describe, expect, test } from 'vitest';
import { Held, OK, ScriptedDriver } from '../driver.fixture.ts';
import { until } from '../until.fixture.ts';
import { Lane } from './lane.ts';
import { Pump } from './pump.ts';
import { Work } from './work.ts';

const pumps: Pump[] = [];
afterEach(async () => {
  await Promise.all(pumps.splice(0).map((pump) => pump.stop()));
});

interface Options {
  readonly driver?: Driver;
  readonly maxInFlight?: number;
  readonly timeout?: Micros;
  readonly onRoom?: () => void;
}

/** A pump with one lane. */
class Bench {
  readonly clock = new SystemClock();
  readonly pauses = new Pauses();
  readonly lease: { standing: number | undefined } = { standing: 1 };
  readonly seconds = new Seconds();
  readonly loop = { isSaturated: false };
  readonly stats = new TaskStats(this.seconds);
  readonly done: Work[] = [];
  readonly lane: Lane;
  readonly pump: Pump;

  constructor({
    driver = new ScriptedDriver(),
    maxInFlight = 1_000,
    timeout = micros(60_000_000),
    onRoom = () => undefined,
  }: Options = {}) {
    const pump = new Pump({
      clock: this.clock,
      pauses: this.pauses,
      lease: this.lease,
      seconds: this.seconds,
      loop: this.loop,
      executorOf: () => driver,
      timeout: () => timeout,
      log: silentLog,
    });
    pumps.push(pump);
    this.pump = pump;
    this.lane = new Lane(
      () => maxInFlight,
      (work) => this.done.push(work),
      onRoom,
    );
    this.lane.standing = 1;
    pump.addLane(this.lane);
  }

  /** Adds a work with ops due so many ms from now. */
  add(dueMs: readonly number[], late?: Micros): Work {
    const now = this.clock.now();
    const ops = dueMs.map(
      (ms, n): Op => ({ action: 'getItem', n, intended: instant(now + ms * 1_000), items: [], limit: 1 }),
    );
    const work = new Work('e', { run: 'r', task: 0 }, ops, { stats: this.stats, hasher: undefined }, late);
    this.lane.add(work);
    this.pump.wake();
    return work;
  }

  get counters() {
    return this.stats.figures(this.clock.now()).counters;
  }

  get errors(): Record<string, number> {
    return Object.fromEntries(this.stats.figures(this.clock.now()).errors);
  }
}

describe('Pump', () => {
  test('sends no op before its intended start, and all of them in order', async () => {
    const clock = new SystemClock();
    const early: number[] = [];
    const driver = new ScriptedDriver((op) => {
      const ahead = op.intended - clock.now();
      if (ahead > 0) early.push(ahead);
      return Promise.resolve(OK);
    });
    const bench = new Bench({ driver });
    bench.add([0, 0.1, 0.4, 1, 1.3, 5, 5.01, 22, 41.7, 60]);
    await until(() => bench.done.length === 1);
    expect(early).toEqual([]);
    expect(driver.ops.map(({ n }) => n)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(bench.counters).toMatchObject({ sent: 10, early: 0, ok: 10 });
  });

  test('a work that is due earlier does not wait for one that was claimed before it', async () => {
    const driver = new ScriptedDriver();
    const bench = new Bench({ driver });
    bench.add([30]);
    const second = bench.add([0]);
    await until(() => bench.done.length === 2);
    expect(bench.done[0]).toBe(second);
  });

  test('has no more ops under way than allowed, and goes on as they end', async () => {
    const held = new Held();
    const driver = new ScriptedDriver(held.script);
    const bench = new Bench({ driver, maxInFlight: 3 });
    bench.add(Array.from({ length: 10 }, () => 0));
    await until(() => held.count === 3);
    held.end(1);
    await until(() => driver.ops.length === 4);
    while (bench.done.length === 0) {
      held.end();
      await until(() => held.count > 0 || bench.done.length > 0);
    }
    expect([driver.peak, driver.ops.length, bench.pump.inFlight]).toEqual([3, 10, 0]);
  });

  test('an op that outlives its time-out is aborted, counted, and let go of', async () => {
    let aborted = 0;
    const driver = new ScriptedDriver((_, abort) => {
      abort.onAbort(() => {
        aborted += 1;
      });
      return new Promise(() => undefined);
    });
    const bench = new Bench({ driver, timeout: micros(5_000) });
    const work = bench.add([0, 0]);
    await until(() => bench.done.length === 1);
    expect(work.ack()).toMatchObject({ ok: 0, failed: 2, dropped: 0 });
    expect([aborted, bench.errors, bench.pump.inFlight]).toEqual([2, { DRUM_OP_TIMEOUT: 2 }, 0]);
  });

  test('an answer that comes after the time-out is not counted again', async () => {
    const held = new Held();
    const bench = new Bench({ driver: new ScriptedDriver(held.script), timeout: micros(3_000) });
    const work = bench.add([0]);
    await until(() => bench.done.length === 1);
    held.end();
    await until(() => held.count === 0);
    await new Promise((resolve) => setImmediate(resolve));
    expect([bench.done.length, work.ack().failed, bench.counters.ok]).toEqual([1, 1, 0]);
  });

  test.each<[string, () => Promise<typeof OK>]>([
    ['rejects', () => Promise.reject(new TypeError('bug'))],
    [
      'throws',
      () => {
        throw new TypeError('bug');
      },
    ],
  ])('a driver that %s fails the op and nothing else', async (_, execute) => {
    const driver: Driver = { name: 'bad', open: async () => undefined, execute, close: async () => undefined };
    const bench = new Bench({ driver });
    const work = bench.add([0, 0, 1]);
    await until(() => bench.done.length === 1);
    expect([work.ack().failed, bench.errors]).toEqual([3, { DRUM_OP_CRASHED: 3 }]);
  });

  test('an op that is older than its task allows is dropped and counted', async () => {
    const driver = new ScriptedDriver();
    const bench = new Bench({ driver });
    const work = bench.add([-500, -400, 1], micros(300_000));
    await until(() => bench.done.length === 1);
    expect(work.ack()).toMatchObject({ ok: 1, dropped: 2 });
    expect(driver.ops.map(({ n }) => n)).toEqual([2]);
  });

  test('late ops that found their lane full are counted as having waited for the target', async () => {
    const held = new Held();
    const bench = new Bench({ driver: new ScriptedDriver(held.script), maxInFlight: 1 });
    bench.add([0, 0]);
    await until(() => held.count === 1);
    const full = bench.clock.now();
    await until(() => bench.clock.now() > full + 20_000);
    held.end(1);
    await until(() => held.count === 1 && bench.counters.sent === 2);
    held.end();
    await until(() => bench.done.length === 1);
    expect(bench.counters).toMatchObject({ late: 1, waited: 1 });
  });

  test('late ops that had a place have not waited for the target, nor those of a thread that is saturated', async () => {
    const held = new Held();
    const bench = new Bench({ driver: new ScriptedDriver(held.script), maxInFlight: 1 });
    bench.loop.isSaturated = true;
    bench.add([-30, -30]);
    await until(() => held.count === 1);
    held.end(1);
    await until(() => bench.counters.sent === 2);
    held.end();
    await until(() => bench.done.length === 1);
    expect(bench.counters).toMatchObject({ late: 2, waited: 0 });
  });

  test('an op that is dropped while its lane is full was late for the target too', async () => {
    const held = new Held();
    const bench = new Bench({ driver: new ScriptedDriver(held.script), maxInFlight: 1 });
    bench.add([0]);
    await until(() => held.count === 1);
    bench.add([0], micros(30_000));
    await until(() => bench.counters.dropped === 1);
    held.end();
    await until(() => bench.done.length === 2);
    expect(bench.counters).toMatchObject({ sent: 1, waited: 1 });
  });

  test('sends nothing in a pause, and afterwards everything that much later', async () => {
    const driver = new ScriptedDriver();
    const bench = new Bench({ driver });
    const from = bench.clock.now();
    bench.pauses.begin(from);
    bench.add([0, 1]);
    await until(() => bench.clock.now() > from + 300_000);
    expect(driver.ops).toEqual([]);
    bench.pauses.end(bench.clock.now());
    bench.pump.wake();
    await until(() => bench.done.length === 1);
    const { lateness } = bench.stats.figures(bench.clock.now());
    expect(bench.counters).toMatchObject({ sent: 2, early: 0 });
    // Without the move both would be some 300 ms late.
    expect(lateness.percentile(0)).toBeLessThan(299_000);
  });

  test('is quiet when what was under way has ended, for everybody who waits', async () => {
    const held = new Held();
    const bench = new Bench({ driver: new ScriptedDriver(held.script) });
    bench.add([0]);
    await until(() => held.count === 1);
    const waits = Promise.all([bench.pump.quiet(), bench.pump.quiet()]);
    bench.add([0]);
    await until(() => held.count === 2);
    held.end(1);
    await waits;
    expect(held.count).toBe(1);
    await Promise.all([bench.pump.quiet(), Promise.resolve(held.end())]);
  });
});

describe('a pump and the lease', () => {
  test('sends nothing of a lane whose claims may be somebody else’s, and stirs its thread', async () => {
    let stirred = 0;
    const driver = new ScriptedDriver();
    const bench = new Bench({ driver, onRoom: () => (stirred += 1) });
    bench.lease.standing = 2;
    bench.add([0, 0, 0]);
    await until(() => stirred > 1);
    expect(driver.ops).toHaveLength(0);
    bench.lane.standing = 2;
    await until(() => driver.ops.length === 3);
  });

  test('sends nothing while the lease has lapsed, whatever the lane believes', async () => {
    let stirred = 0;
    const driver = new ScriptedDriver();
    const bench = new Bench({ driver, onRoom: () => (stirred += 1) });
    bench.lease.standing = undefined;
    bench.lane.standing = undefined;
    bench.add([0]);
    await until(() => stirred > 1);
    expect(driver.ops).toHaveLength(0);
  });

  test('looks at the lease again when the process stood still between two ops', async () => {
    const driver = new ScriptedDriver();
    const bench = new Bench({ driver });
    driver.script = (op) => {
      if (op.n === 2) {
        bench.clock.step(micros(5_000_000));
        bench.lease.standing = 2;
      }
      return Promise.resolve(OK);
    };
    bench.add([0, 0, 0, 0, 0]);
    await until(() => driver.ops.length >= 3);
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(driver.ops.map(({ n }) => n)).toEqual([0, 1, 2]);
  });
});
