import { MemoryBus } from '@drumline/bus';
import { silentLog } from '@drumline/core/log';
import { CommandGate, decodeReply, encodeCommand, newCommand, type Reply } from '@drumline/core/notify';
import { encodeRun } from '@drumline/core/run';
import { millis } from '@drumline/core/units';
import { decodeReport, type WorkerReport } from '@drumline/core/wire';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { Held, ScriptedDriver } from './driver.fixture.ts';
import { CONFIG, TestFleet } from './fleet.fixture.ts';
import { until } from './until.fixture.ts';
import { Worker, type WorkerOptions } from './worker.ts';

const workers: Worker[] = [];
const ends: Promise<void>[] = [];
afterEach(() => void ends.push(...workers.splice(0).map((worker) => worker.end('leave'))));
afterAll(() => Promise.all(ends));

/** A fleet with a worker and whatever it says. */
class Office {
  readonly fleet = new TestFleet();
  readonly replies: Reply[] = [];
  readonly reports: WorkerReport[] = [];
  readonly ended: string[] = [];
  driver = new ScriptedDriver();
  worker!: Worker;

  async open(change: Partial<WorkerOptions> = {}): Promise<Worker> {
    await this.fleet.begin();
    await this.fleet.bus.onReport((message) => {
      const reply = decodeReply(message);
      const report = reply === undefined ? decodeReport(message) : undefined;
      if (reply !== undefined) this.replies.push(reply);
      if (report !== undefined) this.reports.push(report);
    });
    if (this.fleet.fleet.config === undefined) await this.configure({});
    this.worker = await Worker.start(this.options(change), new AbortController().signal);
    workers.push(this.worker);
    return this.worker;
  }

  options(change: Partial<WorkerOptions> = {}): WorkerOptions {
    return {
      ...this.fleet.crewOptions(() => this.driver),
      host: 'here',
      pid: 9,
      bus: new MemoryBus(this.fleet.fleet),
      gate: new CommandGate({ allow: new Set() }),
      commands: {},
      process: { cpu: () => 0, memory: () => ({ rss: 1, heapUsed: 1 }) },
      setLogLevel: (level) => this.ended.push(`level ${level}`),
      onEnd: (how) => this.ended.push(how),
      log: silentLog,
      ...change,
    };
  }

  configure(change: object): Promise<void> {
    return this.fleet.bus.writeConfig(JSON.stringify({ ...CONFIG, ...change }));
  }

  /** Sends a command; answers the worker's reply. */
  async tell(cmd: string, args: Record<string, string> = {}, target?: string): Promise<Reply> {
    const command = await newCommand(this.fleet.bus, { cmd, args, target }, undefined);
    await this.fleet.bus.notify(encodeCommand(command));
    const find = (): Reply | undefined => this.replies.find(({ id }) => id === command.id);
    await until(() => find() !== undefined, `${cmd} was answered`);
    return find()!;
  }

  /** Takes the publisher's lock in the name of a run. */
  async lock(run: string): Promise<void> {
    await this.fleet.bus.acquireLock(JSON.stringify({ run }), millis(60_000));
  }
}

describe('starting', () => {
  test('is ready, registered and reporting, then executes what comes', async () => {
    const office = new Office();
    await office.open();
    const [registered] = await office.fleet.bus.workers();
    expect(JSON.parse(registered?.info ?? '')).toMatchObject({ host: 'here', pid: 9, db: 'dynamodb', ready: true });
    await office.fleet.push(0, 5);
    await until(() => office.fleet.isSettled());
    await until(() => office.reports.some(({ tasks }) => tasks[0]?.counters.ok === 5));
  });

  test('waits for a config, and says so when it waits in vain', async () => {
    const office = new Office();
    const bus = new MemoryBus(office.fleet.fleet);
    const starting = Worker.start(office.options({ bus }), new AbortController().signal);
    await office.configure({});
    workers.push(await starting);
    const other = new Office();
    const options = other.options({ configWithin: millis(0) });
    await expect(Worker.start(options, new AbortController().signal)).rejects.toMatchObject({
      code: 'DRUM_CONFIG_MISSING',
    });
    await expect(Worker.start(other.options(), AbortSignal.abort())).rejects.toMatchObject({
      code: 'DRUM_CONFIG_MISSING',
    });
    expect(await other.fleet.bus.workers()).toEqual([]);
  });

  test('a config that is none, or a target that cannot be used, leaves nothing behind', async () => {
    const office = new Office();
    await office.fleet.bus.writeConfig('{}');
    await expect(office.open()).rejects.toMatchObject({ code: 'DRUM_CONFIG_INVALID' });
    await office.configure({});
    office.driver.openWith = () => Promise.reject(new Error('no route'));
    await expect(office.open()).rejects.toMatchObject({ message: expect.stringContaining('no route') });
    expect(await office.fleet.bus.workers()).toEqual([]);
    expect(office.fleet.fleet.notified.size).toBe(0);
  });

  test('one that joins in a pause sends nothing until resume', async () => {
    const office = new Office();
    await office.lock('run1');
    await office.fleet.begin();
    await office.fleet.bus.writeRun('run1', encodeRun({ state: 'paused', pauses: [{ from: office.fleet.now() }] }), 1);
    const begin = office.fleet.begin.bind(office.fleet);
    office.fleet.begin = () => Promise.resolve();
    await office.open();
    office.fleet.begin = begin;
    await office.fleet.push(0, 2);
    await until(() => office.reports.some(({ paused }) => paused));
    expect(office.driver.ops).toEqual([]);
    await office.tell('resume');
    await until(() => office.fleet.isSettled());
  });

  test.each(['garbage', '[]', '{"run":5}', '{"run":"unknown"}'])(
    'a lock that says %s is no obstacle',
    async (holder) => {
      const office = new Office();
      await office.fleet.bus.acquireLock(holder, millis(60_000));
      await office.open();
      expect(await office.tell('stop')).toMatchObject({ ok: true });
    },
  );

  test('a command that comes while it starts is obeyed afterwards', async () => {
    const office = new Office();
    const opening = Promise.withResolvers<void>();
    let waiting = false;
    office.driver.openWith = () => {
      waiting = true;
      return opening.promise;
    };
    const starting = office.open();
    await until(() => waiting);
    await office.configure({ threads: 5 });
    const command = await newCommand(office.fleet.bus, { cmd: 'update_config' }, undefined);
    await office.fleet.bus.notify(encodeCommand(command));
    opening.resolve();
    await starting;
    await until(() => office.replies.length > 0);
    expect(office.replies[0]).toMatchObject({ ok: true, message: '5 threads, table table' });
  });
});

describe('commands', () => {
  test('pause and resume', async () => {
    const office = new Office();
    await office.open();
    expect(await office.tell('pause')).toMatchObject({ ok: true, from: 'w1' });
    await office.fleet.push(0, 3);
    await until(() => office.reports.some(({ paused }) => paused));
    expect(office.driver.ops).toEqual([]);
    expect(await office.tell('resume')).toMatchObject({ ok: true });
    await until(() => office.fleet.isSettled());
    expect(office.driver.ops).toHaveLength(3);
  });

  test('update_config applies what is in Redis, and refuses what is not a config or not usable', async () => {
    const office = new Office();
    await office.open();
    await office.configure({ threads: 4 });
    expect(await office.tell('update_config')).toMatchObject({ ok: true, message: '4 threads, table table' });
    await office.fleet.push(3, 2);
    await until(() => office.fleet.isSettled());
    await office.fleet.bus.writeConfig('{"threads":"many"}');
    expect(await office.tell('update_config')).toMatchObject({ ok: false, code: 'DRUM_CONFIG_INVALID' });
    office.driver = new ScriptedDriver();
    office.driver.openWith = () => Promise.reject(new Error('no table'));
    await office.configure({ threads: 4, table_name: 'other' });
    expect(await office.tell('update_config')).toMatchObject({ ok: false });
    await office.fleet.push(0, 2);
    await until(() => office.fleet.isSettled());
    expect(await office.tell('ping')).toMatchObject({ message: expect.stringContaining('4 threads') });
  });

  test('stop drops what is not sent of the run that is on, or of the one that is named', async () => {
    const office = new Office();
    await office.open();
    expect(await office.tell('stop')).toMatchObject({ message: 'no run is on' });
    await office.fleet.push(0, 3, { inMs: 3_600_000 });
    await until(() => office.reports.some(({ pending }) => pending === 3));
    await office.lock('run1');
    expect(await office.tell('stop')).toMatchObject({ message: expect.stringContaining('run1') });
    await until(() => office.fleet.isSettled());
    expect(await office.fleet.ledger()).toMatchObject({ dropped: 3 });
    expect(await office.tell('stop', { run: 'run7' })).toMatchObject({ message: expect.stringContaining('run7') });
  });

  test('drain and stop with its id end the worker, without they do not', async () => {
    const office = new Office();
    await office.open();
    await office.tell('drain');
    expect(office.ended).toEqual([]);
    await office.tell('drain', {}, 'w1');
    await office.tell('stop', {}, 'w1');
    expect(office.ended).toEqual(['drain', 'leave']);
  });

  test('log_level takes a level, and rate is the publisher’s', async () => {
    const office = new Office();
    await office.open();
    expect(await office.tell('log_level', { level: 'debug' })).toMatchObject({ ok: true });
    expect(office.ended).toEqual(['level debug']);
    expect(await office.tell('log_level', { level: 'loud' })).toMatchObject({
      ok: false,
      code: 'DRUM_COMMAND_INVALID',
    });
    expect(await office.tell('rate', { rate: '2x' })).toMatchObject({ ok: true });
    expect(await office.tell('dance')).toMatchObject({ ok: false, code: 'DRUM_COMMAND_INVALID' });
  });

  test('commands of the host and of plug-ins are known beside its own', async () => {
    const office = new Office();
    await office.open({ commands: { greet: { description: 'greets', run: () => 'hello' } } });
    expect(await office.tell('greet')).toMatchObject({ ok: true, message: 'hello' });
  });

  test('what is no command is survived', async () => {
    const office = new Office();
    await office.open();
    await office.fleet.bus.notify('\0garbage');
    await office.fleet.bus.notify('{"id":1}');
    expect(await office.tell('ping')).toMatchObject({ ok: true, message: expect.stringContaining('here pid 9') });
  });
});

describe('ending', () => {
  test('drain finishes what is claimed, reports it, and signs off', async () => {
    const office = new Office();
    const worker = await office.open();
    const held = new Held();
    office.driver.script = held.script;
    await office.fleet.push(0, 4);
    await until(() => held.count === 4);
    const ending = worker.end('drain');
    held.end();
    await ending;
    expect(await office.fleet.ledger()).toMatchObject({ ok: 4 });
    await until(() => office.reports.at(-1)?.tasks[0]?.counters.ok === 4);
    expect(office.reports.at(-1)).toMatchObject({ inFlight: 0, threads: 0 });
    expect(await office.fleet.bus.workers()).toEqual([]);
    // Once for each engine: both have this one.
    expect(office.driver.closed).toBe(2);
  });

  test('a second call turns a drain into a leave; nothing is done or reported twice', async () => {
    const office = new Office();
    const worker = await office.open();
    await office.fleet.push(0, 4, { inMs: 3_600_000 });
    await until(() => office.reports.some(({ pending }) => pending === 4));
    const draining = worker.end('drain');
    const leaving = worker.end('leave');
    await Promise.all([draining, leaving]);
    await worker.end('drain');
    expect(office.fleet.length(0)).toBe(1);
    // Once for each engine: both have this one.
    expect(office.driver.closed).toBe(2);
    expect(office.reports.map(({ seq }) => seq)).toEqual(office.reports.map((_, i) => i + 1));
  });
});
