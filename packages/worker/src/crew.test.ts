import { MemoryBus } from '@drumline/bus';
import { DrumlineError } from '@drumline/core/errors';
import { silentLog } from '@drumline/core/log';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { Crew, type CrewOptions } from './crew.ts';
import { Held, ScriptedDriver } from './driver.fixture.ts';
import { configOf, TestFleet } from './fleet.fixture.ts';
import type { EngineEvents } from './host/engine-host.ts';
import { openInline } from './host/inline.ts';
import type { EngineReport, EngineSetup } from './host/protocol.ts';
import { Lease } from './lease.ts';
import { until } from './until.fixture.ts';

const crews: Crew[] = [];
const ends: Promise<void>[] = [];
afterEach(() => void ends.push(...crews.splice(0).map((crew) => crew.end('leave'))));
afterAll(() => Promise.all(ends));

interface Opened {
  readonly setup: EngineSetup;
  readonly events: EngineEvents;
  /** Whether it hears and is heard: not when it has crashed. */
  alive: boolean;
  /** Takes its bus away. */
  cut: () => void;
}

/** A crew whose engines run here and crash when told to: they are cut off in the middle of what they do. */
class TestCrew {
  readonly fleet = new TestFleet();
  readonly opened: Opened[] = [];
  readonly drivers: ScriptedDriver[] = [];
  readonly givenUp: string[] = [];
  crew!: Crew;
  driverOf: (table: string) => ScriptedDriver = () => new ScriptedDriver();
  crashAtStart = false;

  async start(config: object = {}, change: Partial<CrewOptions> = {}): Promise<void> {
    await this.fleet.begin();
    this.crew = await Crew.start(this.options(change), configOf(config), []);
    crews.push(this.crew);
  }

  options(change: Partial<CrewOptions> = {}): CrewOptions {
    return {
      id: 'w1',
      thread: 'thread',
      lease: Lease.unbounded().memory,
      bus: this.fleet.bus,
      engines: 2,
      target: {},
      digest: false,
      log: silentLog,
      onEnd: (how, why) => this.givenUp.push(`${how} ${why?.message}`),
      openEngine: (setup, events) => this.#open(setup, events),
      ...change,
    };
  }

  #open(setup: EngineSetup, events: EngineEvents) {
    const engine: Opened = { setup, events, alive: true, cut: () => undefined };
    this.opened.push(engine);
    if (this.crashAtStart) {
      engine.alive = false;
      setImmediate(() => events.crashed(new Error('cannot start')));
      return { post: () => undefined };
    }
    const bus = new MemoryBus(this.fleet.fleet);
    const line = openInline(
      setup,
      async () => bus,
      { ...events, message: (message) => engine.alive && events.message(message) },
      ({ tableName }) => {
        const driver = this.driverOf(tableName);
        this.drivers.push(driver);
        return driver;
      },
    );
    engine.cut = () => {
      void bus.close();
      line.post({ kind: 'leave' });
    };
    return { post: (command: Parameters<typeof line.post>[0]) => engine.alive && line.post(command) };
  }

  crash(index: number): void {
    const engine = this.opened[index];
    if (engine === undefined) throw new Error('there is no such engine');
    engine.alive = false;
    engine.cut();
    engine.events.crashed(new Error('boom'));
  }
}

const counted = (reports: readonly EngineReport[]): number =>
  reports.flatMap(({ tasks }) => tasks).reduce((sum, { stats }) => sum + stats.counters.ok, 0);
const queuesOf = (reports: readonly EngineReport[]): number[] =>
  reports.flatMap(({ queues }) => queues).toSorted((a, b) => a - b);

describe('a crew', () => {
  test.each([
    [1, 4, 1],
    [5, 2, 2],
    [2, 2, 2],
  ])('%i queues and %i engines at most are %i engines', async (threads, engines, expected) => {
    const team = new TestCrew();
    await team.start({ threads }, { engines });
    expect(team.opened).toHaveLength(expected);
    expect(queuesOf(await team.crew.reports())).toEqual(Array.from({ length: threads }, (_, queue) => queue));
  });

  test('does not start when one of its engines cannot', async () => {
    const team = new TestCrew();
    let count = 0;
    team.driverOf = () => {
      const driver = new ScriptedDriver();
      count += 1;
      if (count === 2) driver.openWith = () => Promise.reject(new DrumlineError('DRUM_TABLE_MISSING', 'no table'));
      return driver;
    };
    await expect(team.start()).rejects.toMatchObject({ code: 'DRUM_TABLE_MISSING' });
    expect(team.drivers.map(({ closed }) => closed)).toEqual([1, 1]);
    expect(team.fleet.fleet.seats()).toEqual([]);
  });

  test('ends once, however often it is told', async () => {
    const team = new TestCrew();
    await team.start();
    await team.fleet.push(0, 7);
    await until(() => team.fleet.isSettled());
    await Promise.all([team.crew.end('drain'), team.crew.end('leave')]);
    expect(counted(await team.crew.reports())).toBe(7);
    expect(team.drivers.map(({ closed }) => closed)).toEqual([1, 1]);
  });

  test('an engine that crashes is replaced, what it had claimed is executed, and its figures stay', async () => {
    const team = new TestCrew();
    await team.start({}, { engines: 1 });
    await team.fleet.push(0, 10);
    await until(async () => counted(await team.crew.reports()) === 10);
    const held = new Held();
    team.drivers[0]!.script = held.script;
    await team.fleet.push(1, 5);
    await until(() => held.count === 5);
    team.crash(0);
    expect(await team.crew.reports()).toMatchObject([{ inFlight: 0, queues: [] }]);
    await until(() => team.opened.length === 2);
    expect(team.opened[1]?.setup).toMatchObject({ worker: 'w1', queues: [0, 1] });
    await until(() => team.fleet.isSettled());
    expect(await team.fleet.ledger()).toMatchObject({ ok: 15, duplicate: 5 });
    expect(counted(await team.crew.reports())).toBe(15);
  });

  test('a successor knows of pauses and stopped runs', async () => {
    const team = new TestCrew();
    await team.start({}, { engines: 1 });
    team.crew.post({ kind: 'pause', at: team.fleet.now() });
    team.crew.post({ kind: 'stop', run: 'run9' });
    team.crash(0);
    await until(() => team.opened.length === 2);
    expect(team.opened[1]?.setup).toMatchObject({ stopped: ['run9'], pauses: [{ from: expect.any(Number) }] });
    expect(team.crew.isPaused).toBe(true);
  });

  test('one that can never start again ends the worker', async () => {
    const team = new TestCrew();
    await team.start({}, { engines: 1 });
    team.crashAtStart = true;
    team.crash(0);
    await until(() => team.givenUp.length > 0);
    expect(team.givenUp).toEqual(['leave cannot start']);
    await team.crew.end('leave');
  });

  test('one whose successor is refused its target tries again', async () => {
    const team = new TestCrew();
    await team.start({}, { engines: 1 });
    let refusals = 2;
    team.driverOf = () => {
      const driver = new ScriptedDriver();
      refusals -= 1;
      if (refusals >= 0) driver.openWith = () => Promise.reject(new DrumlineError('DRUM_CONNECT', 'down'));
      return driver;
    };
    team.crash(0);
    await team.fleet.push(0, 3);
    await until(() => team.fleet.isSettled());
    expect(team.givenUp).toEqual([]);
    expect(team.opened).toHaveLength(4);
  });

  test('one that crashes while it ends leaves nobody waiting', async () => {
    const team = new TestCrew();
    const held = new Held();
    team.driverOf = () => new ScriptedDriver(held.script);
    await team.start({}, { engines: 1 });
    await team.fleet.push(0, 1);
    await until(() => held.count === 1);
    const ending = team.crew.end('drain');
    team.crash(0);
    await ending;
    expect(queuesOf(await team.crew.reports())).toEqual([]);
    held.end();
  });
});

describe('a crew and a new config', () => {
  test('more threads start more engines, fewer let them rest, and no queue moves', async () => {
    const team = new TestCrew();
    await team.start({ threads: 1 }, { engines: 3 });
    await team.crew.apply(configOf({ threads: 5 }));
    expect(team.opened.map(({ setup }) => setup.queues)).toEqual([[0], [1, 4], [2]]);
    await until(async () => queuesOf(await team.crew.reports()).join() === '0,1,2,3,4');
    for (let queue = 0; queue < 5; queue += 1) await team.fleet.push(queue, 2);
    await until(() => team.fleet.isSettled());
    await team.crew.apply(configOf({ threads: 2 }));
    await until(async () => queuesOf(await team.crew.reports()).join() === '0,1');
    await team.crew.apply(configOf({ threads: 3 }));
    for (let queue = 0; queue < 3; queue += 1) await team.fleet.push(queue, 2);
    await until(() => team.fleet.isSettled());
    expect(team.opened).toHaveLength(3);
    expect(await team.fleet.ledger()).toMatchObject({ ok: 16, duplicate: 0 });
  });

  test('one engine refused: all go on as before', async () => {
    const team = new TestCrew();
    await team.start({ threads: 2 });
    let opened = 0;
    team.driverOf = (table) => {
      const driver = new ScriptedDriver();
      opened += 1;
      if (table === 'bad' && opened === 2)
        driver.openWith = () => Promise.reject(new DrumlineError('DRUM_TABLE_MISSING', 'no'));
      return driver;
    };
    await expect(team.crew.apply(configOf({ table_name: 'bad', threads: 4 }))).rejects.toMatchObject({
      code: 'DRUM_TABLE_MISSING',
    });
    expect(queuesOf(await team.crew.reports())).toEqual([0, 1]);
    for (const queue of [0, 1]) await team.fleet.push(queue, 3);
    await until(() => team.fleet.isSettled());
    const working = team.drivers.filter(({ ops }) => ops.length > 0);
    expect(working.every(({ closed }) => closed === 0)).toBe(true);
    // The two of the start, the two of the new config, and the one that went back.
    expect(team.drivers).toHaveLength(5);
  });

  test('a new engine refused: it is gone, and the others go on as before', async () => {
    const team = new TestCrew();
    await team.start({ threads: 1 });
    team.driverOf = (table) => {
      const driver = new ScriptedDriver();
      if (team.drivers.length === 2) driver.openWith = () => Promise.reject(new DrumlineError('DRUM_CONNECT', table));
      return driver;
    };
    await expect(team.crew.apply(configOf({ table_name: 'other', threads: 2 }))).rejects.toMatchObject({
      code: 'DRUM_CONNECT',
    });
    expect(queuesOf(await team.crew.reports())).toEqual([0]);
    await team.crew.apply(configOf({ threads: 2 }));
    await until(async () => queuesOf(await team.crew.reports()).join() === '0,1');
  });

  test('changes come one after the other, the last one stays', async () => {
    const team = new TestCrew();
    await team.start({ threads: 1 });
    const changes = [4, 2, 3].map((threads) => team.crew.apply(configOf({ threads, table_name: `table${threads}` })));
    await Promise.all(changes);
    await until(async () => queuesOf(await team.crew.reports()).join() === '0,1,2');
    expect(team.drivers.at(-1)?.closed).toBe(0);
  });

  test('an engine that is being replaced takes the new config', async () => {
    const team = new TestCrew();
    await team.start({ threads: 1 }, { engines: 1 });
    team.crash(0);
    await team.crew.apply(configOf({ threads: 2, table_name: 'other' }));
    await until(() => team.opened.length === 2);
    expect(team.opened[1]?.setup).toMatchObject({ queues: [0, 1], settings: { driver: { tableName: 'other' } } });
  });

  test('one that crashes while it takes it is no obstacle', async () => {
    const team = new TestCrew();
    await team.start({ threads: 1 }, { engines: 1 });
    team.driverOf = () => {
      const driver = new ScriptedDriver();
      driver.openWith = () => new Promise(() => undefined);
      return driver;
    };
    const applying = team.crew.apply(configOf({ table_name: 'other' }));
    await until(() => team.drivers.length === 2);
    team.driverOf = () => new ScriptedDriver();
    team.crash(0);
    await applying;
    await until(() => team.opened.length === 2);
    expect(team.opened[1]?.setup.settings.driver.tableName).toBe('other');
  });
});
