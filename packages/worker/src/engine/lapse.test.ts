import { MemoryBus } from '@drumline/bus';
import { SystemClock } from '@drumline/core/clock';
import { silentLog } from '@drumline/core/log';
import { Seconds } from '@drumline/core/stats';
import { micros, millis } from '@drumline/core/units';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { Held, OK, ScriptedDriver } from '../driver.fixture.ts';
import { configOf, TestFleet } from '../fleet.fixture.ts';
import { Lease } from '../lease.ts';
import { settingsOf } from '../settings.ts';
import { until } from '../until.fixture.ts';
import { Engine } from './engine.ts';

const engines: Engine[] = [];
const ends: Promise<void>[] = [];
// Each waits out a claim: the next test need not.
afterEach(() => void ends.push(...engines.splice(0).map((engine) => engine.end('leave'))));
afterAll(() => Promise.all(ends));

const HOUR = 3_600_000_000_000n;

/** An engine whose lease lapses and holds again as the test wants. */
class Zombie {
  readonly fleet = new TestFleet();
  readonly lease = new Lease();
  readonly driver = new ScriptedDriver();
  readonly warnings: object[] = [];
  engine!: Engine;

  /** @param maxInFlight as many as it is to hold: then no claim of its own waits, and what is given back is left to others. */
  async start(maxInFlight: number, bus = new MemoryBus(this.fleet.fleet)): Promise<this> {
    await this.fleet.begin();
    this.renew();
    const settings = settingsOf(configOf({ max_in_flight: maxInFlight }), {}, 1);
    this.engine = await Engine.start({
      setup: this.fleet.setup({ queues: [0], lease: this.lease.memory, settings }),
      bus,
      clock: new SystemClock(),
      keeper: { bar: micros(0), stop: () => Promise.resolve() },
      seconds: new Seconds(),
      log: { ...silentLog, warn: (fields) => void this.warnings.push(fields) },
      driverOf: () => this.driver,
    });
    engines.push(this.engine);
    return this;
  }

  renew(): void {
    this.lease.confirm(this.lease.now() + HOUR);
  }

  lapse(): void {
    this.lease.confirm(0n);
  }

  /** As others do with the batches of a dead worker. */
  reclaim(): Promise<number> {
    return this.fleet.bus.reclaim(0, 'w1');
  }

  /** Executes what is on the queue, as another worker would. */
  async takeOver(): Promise<number[]> {
    const other = await this.fleet.bus.consumer(0, 'w2');
    const elements = await other.claim(100, millis(0));
    const batches = elements.map((element) => JSON.parse(element) as { first: number; count: number });
    const acks = elements.map((element, i) => {
      const ok = batches[i]?.count ?? 0;
      return { element, run: 'run1', task: 0, ok, failed: 0, dropped: 0 };
    });
    await other.ack(acks);
    await other.close();
    return batches.map(({ first }) => first);
  }

  get sent(): number[] {
    return this.driver.ops.map(({ n }) => n);
  }
}

/** What would have been sent by then is sent: several ticks of the pump. */
const ticks = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 80));

describe('an engine whose lease has lapsed', () => {
  test('sends nothing and claims nothing, and goes on with what it still holds', async () => {
    const zombie = await new Zombie().start(1);
    const { fleet, engine, driver } = zombie;
    const held = new Held();
    driver.script = held.script;
    await fleet.push(0, 3);
    await until(() => held.count === 1);
    zombie.lapse();
    driver.script = () => Promise.resolve(OK);
    held.end();
    await until(() => engine.report().inFlight === 0);
    await fleet.push(0, 2);
    await ticks();
    expect([zombie.sent, engine.report().pending, fleet.length(0)]).toEqual([[0], 2, 1]);
    zombie.renew();
    await until(() => fleet.isSettled());
    expect(zombie.sent).toEqual([0, 1, 2, 3, 4]);
    expect(await fleet.ledger()).toMatchObject({ ok: 5, duplicate: 0 });
  });

  test('lets go of what others were given, without a send or an ack', async () => {
    const zombie = await new Zombie().start(8);
    const { fleet, engine } = zombie;
    await fleet.push(0, 5, { inMs: 3_600_000 });
    await fleet.push(0, 3, { inMs: 3_600_000 });
    await until(() => engine.report().pending === 8);
    zombie.lapse();
    await zombie.reclaim();
    expect(await zombie.takeOver()).toEqual([0, 5]);
    zombie.renew();
    await until(() => engine.report().pending === 0);
    await ticks();
    expect(zombie.sent).toEqual([]);
    expect(await fleet.ledger()).toMatchObject({ published: 8, ok: 8, duplicate: 8 });
    expect(zombie.warnings).toContainEqual({ queue: 0, batches: 2, ops: 8 });
  });

  test('what it had begun ends, and its ack counts nothing', async () => {
    const zombie = await new Zombie().start(3);
    const { fleet, engine, driver } = zombie;
    const held = new Held();
    driver.script = held.script;
    await fleet.push(0, 4, { spanMs: 3_600_000 });
    await until(() => held.count === 1);
    zombie.lapse();
    await zombie.reclaim();
    await zombie.takeOver();
    zombie.renew();
    await until(() => engine.report().pending === 0);
    held.end();
    await until(() => engine.report().inFlight === 0);
    await engine.end('drain');
    expect(zombie.sent).toEqual([0]);
    expect(await fleet.ledger()).toMatchObject({ published: 4, ok: 4, duplicate: 4 });
  });

  test('a batch that was all sent is acknowledged too late: it counts once', async () => {
    const zombie = await new Zombie().start(2);
    const { fleet, engine, driver } = zombie;
    const held = new Held();
    driver.script = held.script;
    await fleet.push(0, 2);
    await until(() => held.count === 2);
    zombie.lapse();
    await zombie.reclaim();
    await zombie.takeOver();
    zombie.renew();
    held.end();
    await engine.end('drain');
    expect(await fleet.ledger()).toMatchObject({ published: 2, ok: 2, duplicate: 2 });
    expect(zombie.warnings).toContainEqual({ queue: 0, batches: 1 });
  });

  test('looks also at what a claim from before the lapse hands out after it', async () => {
    const gate = Promise.withResolvers<void>();
    class Late extends MemoryBus {
      override async consumer(...args: Parameters<MemoryBus['consumer']>): ReturnType<MemoryBus['consumer']> {
        const consumer = await super.consumer(...args);
        const claim = consumer.claim.bind(consumer);
        consumer.claim = async (...how) => {
          const elements = await claim(...how);
          if (elements.length > 0) await gate.promise;
          return elements;
        };
        return consumer;
      }
    }
    const zombie = new Zombie();
    await zombie.start(3, new Late(zombie.fleet.fleet));
    const { fleet, engine } = zombie;
    await fleet.push(0, 3);
    await until(async () => fleet.length(0) === 0);
    zombie.lapse();
    await zombie.reclaim();
    await zombie.takeOver();
    zombie.renew();
    gate.resolve();
    await until(() => zombie.warnings.length > 0);
    expect([zombie.sent, engine.report().pending]).toEqual([[], 0]);
    expect(await fleet.ledger()).toMatchObject({ ok: 3, duplicate: 3 });
  });

  test('takes what was given back to the queue like anybody else', async () => {
    const zombie = await new Zombie().start(1);
    const { fleet, driver } = zombie;
    const held = new Held();
    driver.script = held.script;
    await fleet.push(0, 3);
    await until(() => held.count === 1);
    zombie.lapse();
    await zombie.reclaim();
    zombie.renew();
    driver.script = () => Promise.resolve(OK);
    held.end();
    await until(() => fleet.isSettled());
    expect(zombie.sent).toEqual([0, 0, 1, 2]);
    expect(await fleet.ledger()).toMatchObject({ published: 3, ok: 3, duplicate: 3 });
  });

  test('ends at once when it is to leave: what it holds is on its list, for others to reclaim', async () => {
    const zombie = await new Zombie().start(4);
    const { fleet, engine } = zombie;
    await fleet.push(0, 5, { spanMs: 3_600_000 });
    await until(() => engine.report().pending === 4 && engine.report().inFlight === 0);
    zombie.lapse();
    await engine.end('leave');
    expect(zombie.sent).toEqual([0]);
    expect(await zombie.reclaim()).toBe(1);
    expect(await fleet.ledger()).toMatchObject({ ok: 0, duplicate: 5 });
  });
});
