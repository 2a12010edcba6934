import { MemoryBus } from '@drumline/bus';
import type { Consumer } from '@drumline/core/bus';
import { SystemClock } from '@drumline/core/clock';
import { DrumlineError } from '@drumline/core/errors';
import { silentLog } from '@drumline/core/log';
import { DISTURBANCES, Seconds } from '@drumline/core/stats';
import { type Instant, instant, micros, millis } from '@drumline/core/units';
import { encodeBatch } from '@drumline/core/wire';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { Held, OK, ScriptedDriver } from '../driver.fixture.ts';
import { configOf, TestFleet } from '../fleet.fixture.ts';
import type { EngineSettings, EngineSetup } from '../host/protocol.ts';
import { settingsOf } from '../settings.ts';
import { until } from '../until.fixture.ts';
import { Engine, type EngineParts } from './engine.ts';

const engines: Engine[] = [];
const ends: Promise<void>[] = [];
// Each waits out a claim: the next test need not.
afterEach(() => void ends.push(...engines.splice(0).map((engine) => engine.end('leave'))));
afterAll(() => Promise.all(ends));

async function start(
  fleet: TestFleet,
  driver: ScriptedDriver,
  setup: Partial<EngineSetup> = {},
  parts: Partial<EngineParts> = {},
): Promise<Engine> {
  const engine = await Engine.start({
    setup: fleet.setup(setup),
    bus: new MemoryBus(fleet.fleet),
    clock: new SystemClock(),
    keeper: { bar: micros(0), stop: () => Promise.resolve() },
    seconds: new Seconds(),
    log: silentLog,
    driverOf: () => driver,
    ...parts,
  });
  engines.push(engine);
  return engine;
}

/** Its bit of a second's reasons. */
const REDELIVERED = 1 << DISTURBANCES.indexOf('redelivery');

const settings = (change: object): EngineSettings => settingsOf(configOf(change), {}, 2);
const numbers = (driver: ScriptedDriver): number[] => driver.ops.map(({ n }) => n).sort((a, b) => a - b);
const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

describe('an engine', () => {
  test('executes every op of its queues once and acknowledges it', async () => {
    const fleet = new TestFleet();
    await fleet.begin();
    const driver = new ScriptedDriver((op) => Promise.resolve(op.n % 10 === 0 ? { ...OK, error: 'DRUM_CONNECT' } : OK));
    await start(fleet, driver);
    for (let i = 0; i < 20; i += 1) await fleet.push(i % 2, 5, { inMs: i });
    await until(() => fleet.isSettled());
    expect(numbers(driver)).toEqual(upTo(100));
    expect(await fleet.ledger()).toMatchObject({ published: 100, ok: 90, failed: 10, dropped: 0, duplicate: 0 });
  });

  test('sets garbage aside, counts it, and nothing stops', async () => {
    const fleet = new TestFleet();
    await fleet.begin();
    const engine = await start(fleet, new ScriptedDriver());
    await fleet.pushText(0, 'garbage');
    await fleet.pushText(0, '{"run":"nobody","task":0,"first":0,"count":1,"at":1,"span":0}');
    await fleet.pushText(0, '{"run":"run1","task":7,"first":0,"count":1,"at":1,"span":0}');
    await fleet.bus.writeRun('forged', { ...(await fleet.bus.readRun('run1')), tasks: '[{"action":{}}]' }, 1);
    await fleet.pushText(0, '{"run":"forged","task":0,"first":0,"count":1,"at":1,"span":0}');
    await fleet.push(0, 3);
    await until(() => fleet.isSettled());
    await until(async () => (await fleet.bus.deadLetters(0, 10)).length === 4);
    const letters = await fleet.bus.deadLetters(0, 10);
    expect(letters.map(({ reason }) => reason.split(' ')[0])).toEqual([
      'DRUM_ELEMENT_INVALID',
      'DRUM_RUN_UNKNOWN',
      'DRUM_RUN_UNKNOWN',
      expect.any(String),
    ]);
    expect(letters[0]).toMatchObject({ element: 'garbage', worker: 'w1' });
    expect(engine.report().buried).toBe(4);
  });

  test('a fault of the bus while a batch is read is waited out', async () => {
    class Flaky extends MemoryBus {
      failures = 1;
      override readRun(run: string): ReturnType<MemoryBus['readRun']> {
        this.failures -= 1;
        return this.failures >= 0
          ? Promise.reject(new DrumlineError('DRUM_BUS_REFUSED', 'loading'))
          : super.readRun(run);
      }
    }
    const fleet = new TestFleet();
    await fleet.begin();
    await start(fleet, new ScriptedDriver(), {}, { bus: new Flaky(fleet.fleet) });
    await fleet.push(0, 3);
    await until(() => fleet.isSettled());
    expect(await fleet.bus.deadLetters(0, 10)).toEqual([]);
  });

  test('executes the original’s elements, in no ledger', async () => {
    const fleet = new TestFleet();
    const driver = new ScriptedDriver();
    const engine = await start(fleet, driver);
    await fleet.pushText(0, '{"action":"putItem","key":"k1","data":{"a":3,"b":"text"}}');
    await until(() => engine.report().tasks[0]?.stats.counters.ok === 1);
    expect(driver.ops[0]).toMatchObject({
      action: 'putItem',
      items: [{ key: 'k1', row: [{ name: 'a', len: 3 }, { value: 'text' }] }],
    });
    expect(engine.report().tasks).toMatchObject([{ run: 'original', action: 'putItem' }]);
    expect(fleet.fleet.queue(0).length).toBe(0);
  });

  test('drain finishes what is claimed, and claims no more', async () => {
    const fleet = new TestFleet();
    await fleet.begin();
    const held = new Held();
    const driver = new ScriptedDriver(held.script);
    for (let i = 0; i < 40; i += 1) await fleet.push(0, 1);
    const engine = await start(fleet, driver, { queues: [0], settings: settings({ max_in_flight: 1 }) });
    await until(() => held.count === 1);
    const left = fleet.length(0);
    const ending = engine.end('drain');
    while (driver.ops.length < 40 - left || held.count > 0) {
      held.end();
      await until(() => held.count > 0 || driver.ops.length === 40 - left);
    }
    await ending;
    expect([left > 0, fleet.length(0), driver.closed]).toEqual([true, left, 1]);
    expect(await fleet.ledger()).toMatchObject({ ok: 40 - left, duplicate: 0 });
  });

  test('leave gives back what is not begun, in its order, and finishes what is', async () => {
    const fleet = new TestFleet();
    await fleet.begin();
    const held = new Held();
    const engine = await start(fleet, new ScriptedDriver(held.script), { queues: [0] });
    await fleet.push(0, 2);
    for (let i = 0; i < 3; i += 1) await fleet.push(0, 4, { inMs: 60_000 });
    await until(() => engine.report().pending === 12 && held.count === 2);
    const ending = engine.end('leave');
    await until(() => fleet.length(0) === 3);
    held.end();
    await ending;
    expect(await fleet.ledger()).toMatchObject({ published: 14, ok: 2, failed: 0, dropped: 0, duplicate: 0 });
    const consumer = await fleet.bus.consumer(0, 'w2');
    const firsts = (await consumer.claim(10, millis(0))).map((element) => JSON.parse(element).first);
    expect(firsts).toEqual([2, 6, 10]);
    expect(await fleet.bus.workers()).toEqual([{ worker: 'w2', info: undefined }]);
  });

  test('a second end turns a drain into a leave, and closes everything once', async () => {
    const fleet = new TestFleet();
    await fleet.begin();
    const driver = new ScriptedDriver();
    const engine = await start(fleet, driver, { queues: [0] });
    await fleet.push(0, 4, { inMs: 3_600_000 });
    await until(() => engine.report().pending === 4);
    const draining = engine.end('drain');
    await Promise.all([draining, engine.end('leave')]);
    expect([driver.closed, fleet.length(0)]).toEqual([1, 1]);
  });

  test.each(['drain', 'leave'] as const)(
    '%s in a pause ends: unsent batches go back, the rest of a begun one is dropped',
    async (how) => {
      const fleet = new TestFleet();
      await fleet.begin();
      const engine = await start(fleet, new ScriptedDriver(), { queues: [0] });
      await fleet.push(0, 3, { spanMs: 3_600_000 });
      await fleet.push(0, 5, { inMs: 3_600_000 });
      await until(async () => engine.report().pending === 7 && engine.report().inFlight === 0);
      engine.pause(fleet.now());
      await engine.end(how);
      expect(await fleet.ledger()).toMatchObject({ ok: 1, dropped: 2, duplicate: 0 });
      expect(fleet.length(0)).toBe(1);
    },
  );

  test('claims nothing in a pause', async () => {
    const fleet = new TestFleet();
    await fleet.begin();
    const driver = new ScriptedDriver();
    const engine = await start(fleet, driver, { queues: [0], pauses: [{ from: fleet.now() }] });
    await fleet.push(0, 3);
    // What would have been claimed by now is still there.
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect([fleet.length(0), driver.ops.length]).toEqual([1, 0]);
    engine.resume(fleet.now());
    await until(() => fleet.isSettled());
    expect(driver.ops).toHaveLength(3);
  });

  test('a stopped run loses what is not sent, claimed already or later; others go on', async () => {
    const fleet = new TestFleet();
    await fleet.begin();
    await fleet.begin({}, 'run2');
    const engine = await start(fleet, new ScriptedDriver(), { queues: [0] });
    await fleet.push(0, 4, { inMs: 3_600_000 });
    await fleet.push(0, 2, { inMs: 100, run: 'run2' });
    await until(() => engine.report().pending === 6);
    engine.stopRun('run1');
    await fleet.push(0, 3, { inMs: 3_600_000 });
    await until(async () => (await fleet.isSettled()) && (await fleet.isSettled('run2')));
    expect(await fleet.ledger()).toMatchObject({ ok: 0, dropped: 7, duplicate: 0 });
    expect(await fleet.ledger('run2')).toMatchObject({ ok: 2, dropped: 0 });
  });

  test('stopping a run whose ops are all sent but not ended counts each once', async () => {
    const fleet = new TestFleet();
    await fleet.begin();
    const held = new Held();
    const engine = await start(fleet, new ScriptedDriver(held.script), { queues: [0] }, {});
    await fleet.push(0, 3);
    await until(() => held.count === 3);
    engine.stopRun('run1');
    held.end();
    await until(() => fleet.isSettled());
    engine.stopRun('run1');
    await engine.end('drain');
    expect(await fleet.ledger()).toMatchObject({ ok: 3, dropped: 0, duplicate: 0 });
  });

  test('an engine whose target cannot be used leaves nothing behind', async () => {
    const fleet = new TestFleet();
    const driver = new ScriptedDriver();
    driver.openWith = () => Promise.reject(new DrumlineError('DRUM_TABLE_MISSING', 'no table'));
    await expect(start(fleet, driver)).rejects.toMatchObject({ code: 'DRUM_TABLE_MISSING' });
    expect([driver.closed, fleet.fleet.seats()]).toEqual([1, []]);
  });

  test('a successor takes over what its predecessor had claimed', async () => {
    const fleet = new TestFleet();
    await fleet.begin();
    const crashed = new MemoryBus(fleet.fleet);
    const predecessor: Consumer = await crashed.consumer(0, 'w1', 'thread');
    await fleet.push(0, 4);
    await predecessor.claim(10, millis(0));
    await start(fleet, new ScriptedDriver());
    await until(() => fleet.isSettled());
    expect(await fleet.ledger()).toMatchObject({ ok: 4, duplicate: 0 });
  });
});

describe('changing the queues', () => {
  test('a thread of a queue that is gone empties it first', async () => {
    const fleet = new TestFleet();
    await fleet.begin();
    const engine = await start(fleet, new ScriptedDriver(), {}, {});
    await engine.setQueues([0]);
    for (let i = 0; i < 5; i += 1) await fleet.push(1, 2);
    await until(() => fleet.isSettled());
    expect((await fleet.ledger()).ok).toBe(10);
    await until(() => engine.report().queues.length === 1);
    expect(engine.report().queues).toEqual([0]);
  });

  test('one that comes back, sooner or later, is consumed again', async () => {
    const fleet = new TestFleet();
    await fleet.begin();
    const engine = await start(fleet, new ScriptedDriver());
    await engine.setQueues([0]);
    await engine.setQueues([0, 1]);
    await fleet.push(1, 2);
    await until(() => fleet.isSettled());
    await engine.setQueues([0]);
    await until(() => engine.report().queues.length === 1);
    await engine.setQueues([1, 0, 2]);
    for (const queue of [0, 1, 2]) await fleet.push(queue, 2);
    await until(() => fleet.isSettled());
    expect(await fleet.ledger()).toMatchObject({ ok: 8, duplicate: 0 });
  });
});

/** Counts how often a queue was found empty. */
class CountingBus extends MemoryBus {
  empty = 0;

  override async consumer(queue: number, worker: string, thread?: string): ReturnType<MemoryBus['consumer']> {
    const consumer = await super.consumer(queue, worker, thread);
    const claim = consumer.claim.bind(consumer);
    consumer.claim = async (max, wait) => {
      const elements = await claim(max, wait);
      if (queue === 1 && elements.length === 0) this.empty += 1;
      return elements;
    };
    return consumer;
  }
}

describe('a thread that has retired', () => {
  test('and still has an op under way is followed by another when its queue comes back', async () => {
    const fleet = new TestFleet();
    await fleet.begin();
    const held = new Held();
    const bus = new CountingBus(fleet.fleet);
    const engine = await start(fleet, new ScriptedDriver(held.script), {}, { bus });
    await fleet.push(1, 1);
    await until(() => held.count === 1);
    bus.empty = 0;
    await engine.setQueues([0]);
    await until(() => bus.empty === 4);
    await new Promise((resolve) => setImmediate(resolve));
    await engine.setQueues([0, 1]);
    await fleet.push(1, 1);
    held.end();
    await until(() => held.count === 1);
    held.end();
    await until(() => fleet.isSettled());
    expect(await fleet.ledger()).toMatchObject({ ok: 2, duplicate: 0 });
    expect(engine.report().queues.toSorted((a, b) => a - b)).toEqual([0, 1]);
  });
});

describe('a new config', () => {
  test('later ops use the new driver, the old one closes after its last, and no op is lost or repeated', async () => {
    const fleet = new TestFleet();
    await fleet.begin();
    const held = new Held();
    const [before, after] = [new ScriptedDriver(held.script), new ScriptedDriver()];
    const drivers = [before, after];
    const engine = await start(fleet, before, {}, { driverOf: () => drivers.shift() ?? after });
    for (let i = 0; i < 4; i += 1) await fleet.push(i % 2, 10);
    await until(() => held.count === 40);
    await engine.apply(settings({ table_name: 'other' }));
    for (let i = 0; i < 4; i += 1) await fleet.push(i % 2, 10);
    await until(() => after.ops.length === 40);
    expect([before.closed, after.closed]).toEqual([0, 0]);
    held.end();
    await until(() => before.closed === 1);
    await until(() => fleet.isSettled());
    expect(numbers(before)).toEqual(upTo(40));
    expect(numbers(after)).toEqual(upTo(80).slice(40));
    expect(await fleet.ledger()).toMatchObject({ ok: 80, duplicate: 0 });
    await engine.end('drain');
    expect([before.closed, after.closed]).toEqual([1, 1]);
  });

  test('two changes before the first op ends close both old drivers', async () => {
    const fleet = new TestFleet();
    await fleet.begin();
    const held = new Held();
    const all = [0, 1, 2].map(() => new ScriptedDriver(held.script));
    const drivers = [...all];
    const engine = await start(fleet, all[0]!, {}, { driverOf: () => drivers.shift()! });
    await fleet.push(0, 1);
    await until(() => held.count === 1);
    await engine.apply(settings({ table_name: 'second' }));
    await fleet.push(0, 1);
    await until(() => held.count === 2);
    await engine.apply(settings({ table_name: 'third' }));
    held.end();
    await until(() => all[0]?.closed === 1 && all[1]?.closed === 1);
    expect(all[2]?.closed).toBe(0);
  });

  test('one that the target refuses changes nothing', async () => {
    const fleet = new TestFleet();
    await fleet.begin();
    const [good, bad] = [new ScriptedDriver(), new ScriptedDriver()];
    bad.openWith = () => Promise.reject(new DrumlineError('DRUM_TABLE_MISSING', 'no table'));
    const drivers = [good, bad];
    const engine = await start(fleet, good, {}, { driverOf: () => drivers.shift() ?? bad });
    await expect(engine.apply(settings({ table_name: 'missing' }))).rejects.toMatchObject({
      code: 'DRUM_TABLE_MISSING',
    });
    await fleet.push(0, 3);
    await until(() => fleet.isSettled());
    expect([good.ops.length, good.closed, bad.closed]).toEqual([3, 0, 1]);
  });

  test('limits hold from then on', async () => {
    const fleet = new TestFleet();
    await fleet.begin();
    const held = new Held();
    const driver = new ScriptedDriver(held.script);
    const engine = await start(fleet, driver, { queues: [0], settings: settings({ max_in_flight: 2 }) });
    await fleet.push(0, 9);
    await until(() => held.count === 2);
    await engine.apply(settings({ max_in_flight: 5 }));
    await until(() => held.count === 5);
    await engine.apply(settings({ max_in_flight: 1_000, timeout: '5ms' }));
    await until(() => fleet.isSettled());
    expect(await fleet.ledger()).toMatchObject({ failed: 9 });
  });
});

describe('an engine’s seconds', () => {
  /** Remembers which batches were reported as what a thread had waited for. */
  class Heard extends Seconds {
    readonly waits: number[] = [];

    override delivered(due: Instant, at: Instant): void {
      this.waits.push(at - due);
    }
  }

  test('hear of batches that a thread waited for, and not of those that waited for a thread', async () => {
    const fleet = new TestFleet();
    await fleet.begin();
    const seconds = new Heard();
    await fleet.push(0, 1, { inMs: -60_000 });
    await start(fleet, new ScriptedDriver(), {}, { seconds });
    await until(() => fleet.isSettled());
    expect(seconds.waits).toEqual([]);
    await until(async () => {
      await fleet.push(0, 1);
      return seconds.waits.length > 0;
    });
    expect(Math.min(...seconds.waits)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...seconds.waits)).toBeLessThan(60_000_000);
  });

  test('are disturbed by ops of a batch that a dead worker held, and that is no stall', async () => {
    const fleet = new TestFleet();
    await fleet.begin();
    const seconds = new Heard();
    const engine = await start(fleet, new ScriptedDriver(), {}, { seconds });
    const batch = { run: 'run1', task: 0, first: 0, count: 2, at: instant(fleet.now() - 1), span: micros(0) };
    await fleet.pushText(0, encodeBatch({ ...batch, redelivered: 1 }), new Map([[0, 2]]));
    await until(() => fleet.isSettled());
    expect(seconds.waits).toEqual([]);
    const { seconds: marks, tasks } = engine.report();
    expect(marks.every(({ reasons }) => (reasons & REDELIVERED) !== 0)).toBe(true);
    const [task] = tasks;
    expect(task?.stats.disturbed?.response.counts.reduce((sum, count) => sum + count, 0)).toBe(2);
  });
});
