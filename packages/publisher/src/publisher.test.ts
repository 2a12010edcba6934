import { MemoryBus } from '@drumline/bus';
import { micros, millis } from '@drumline/core/units';
import { describe, expect, test } from 'vitest';
import { columns } from './ledger.fixture.ts';
import { configOf, Stage } from './stage.fixture.ts';

const GET = { action: 'getItem', qps: 100, times: 20 };

describe('a run', () => {
  test('publishes exactly what is planned, a lead ahead of its time, and ends when all of it has its outcome', async () => {
    const stage = new Stage();
    const publisher = await stage.prepare([
      GET,
      [
        { ...GET, qps: 55, times: 11 },
        { ...GET, qps: 1_000, times: 300 },
      ],
    ]);
    const outcome = await stage.toEnd(publisher.run());
    expect(outcome.error).toBeUndefined();
    expect(outcome.state).toBe('done');
    expect(columns(outcome)).toEqual({ planned: 331, published: 331, ok: 331, dropped: 0, balanced: true });
    expect(stage.intended(0)).toEqual(Array.from({ length: 20 }, (_, i) => i * 10));
    for (const { batch, at } of stage.found) {
      expect(batch.at - at).toBeGreaterThan(48_000);
      expect(batch.at - at).toBeLessThanOrEqual(60_000);
    }
    expect(outcome.beatError.percentile(100)).toBe(0);
  });

  test('deals batches round the queues', async () => {
    const stage = new Stage();
    const publisher = await stage.prepare([GET], { configText: configOf(4) });
    const outcome = await stage.toEnd(publisher.run());
    expect(stage.found.map(({ queue }) => queue).slice(0, 6)).toEqual([0, 1, 2, 3, 0, 1]);
    expect(outcome.queues).toBe(4);
  });

  test('the second member of a sequence begins when the first one is settled', async () => {
    const stage = new Stage();
    const publisher = await stage.prepare([GET, { ...GET, action: 'query' }]);
    const running = publisher.run();
    await stage.pass(150);
    stage.works = false;
    await stage.pass(1_000);
    expect(stage.found.some(({ batch }) => batch.task === 1)).toBe(false);
    stage.works = true;
    const outcome = await stage.toEnd(running);
    expect(columns(outcome)).toMatchObject({ ok: 40, balanced: true });
    const [first, second] = [outcome.spans.get(0), outcome.spans.get(1)];
    expect((first?.to ?? 0) - (first?.from ?? 0)).toBe(200_000);
    expect(second?.from).toBeGreaterThan((first?.to ?? 0) + 900_000);
  });

  test('leaves its record in its last state, and the lock free', async () => {
    const stage = new Stage();
    const publisher = await stage.prepare([GET]);
    expect(await stage.record()).toMatchObject({ state: 'running', queues: 2, scale: '1', tasks: [{ seed: 'drawn' }] });
    await stage.toEnd(publisher.run());
    expect(await stage.record()).toMatchObject({ state: 'done', rates: [], pauses: [] });
    expect(await stage.bus.lockHolder()).toBeUndefined();
    await stage.clock.advance(micros(8 * 24 * 3_600_000_000));
    expect(await stage.bus.readRun('run1')).toBeUndefined();
  });

  test('scale and speed change how much and how fast', async () => {
    const stage = new Stage();
    const file = [{ ...GET, times: undefined, duration: 10 }];
    const publisher = await stage.prepare(file, { scale: '0.5', speed: '20' });
    const outcome = await stage.toEnd(publisher.run());
    expect(columns(outcome)).toMatchObject({ ok: 25, balanced: true });
    expect(stage.intended()).toEqual(Array.from({ length: 25 }, (_, i) => i * 20));
  });
});

describe('preparing', () => {
  test('brings the config, and tells the workers only when its meaning has changed', async () => {
    const stage = new Stage();
    await stage.toEnd((await stage.prepare([GET])).run());
    expect(stage.fleet.config).toBe(configOf(2));
    const again = new Stage();
    again.fleet.config = ` ${configOf(2)} // the same`;
    await again.toEnd((await again.prepare([GET])).run());
    expect(again.fleet.config).toContain('the same');
    expect(stage.wasSent('update_config')).toBe(true);
    expect(again.wasSent('update_config')).toBe(false);
  });

  test('is refused while another publisher holds the lock', async () => {
    const stage = new Stage();
    const first = await stage.prepare([GET]);
    await expect(stage.prepare([GET], { run: 'run2' })).rejects.toMatchObject({
      code: 'DRUM_PUBLISHER_LOCKED',
      message: expect.stringContaining('run1'),
    });
    await stage.toEnd(first.run());
    const second = await stage.prepare([GET], { run: 'run2' });
    expect((await stage.toEnd(second.run())).state).toBe('done');
  });

  test('what cannot be played is refused before anything is written', async () => {
    const stage = new Stage();
    const file = [GET, { ...GET, qps: 1e8 }];
    await expect(stage.prepare(file, { scale: '1000' })).rejects.toMatchObject({ code: 'DRUM_PLAN_TOO_LARGE' });
    expect([stage.fleet.config, await stage.bus.lockHolder()]).toEqual([undefined, undefined]);
  });

  test('a failure gives the lock back', async () => {
    const stage = new Stage();
    class Broken extends MemoryBus {
      override writeRun(): Promise<boolean> {
        return Promise.reject(new Error('no rights'));
      }
    }
    await expect(stage.prepare([GET], { bus: new Broken(stage.fleet) })).rejects.toThrow('no rights');
    expect(await stage.bus.lockHolder()).toBeUndefined();
  });

  test('an interrupt while it waits for workers ends the run before its first beat', async () => {
    const stage = new Stage();
    const interrupt = new AbortController();
    const preparing = stage.prepare([GET], { workers: { count: 3, within: millis(60_000) } }, interrupt.signal);
    await stage.pass(300);
    interrupt.abort();
    const outcome = await stage.toEnd((await preparing).run());
    expect(outcome.state).toBe('done');
    expect(columns(outcome)).toEqual({ planned: 0, published: 0, ok: 0, dropped: 0, balanced: true });
  });

  test('goes on without workers when none come in time', async () => {
    const stage = new Stage();
    const preparing = stage.prepare([GET], { workers: { count: 1, within: millis(500) } });
    await stage.pass(700);
    expect((await stage.toEnd((await preparing).run())).state).toBe('done');
  });
});

describe('commands', () => {
  test('pause: nothing is published, and what is still to come is intended later by as long', async () => {
    const stage = new Stage();
    const publisher = await stage.prepare([GET]);
    const running = publisher.run();
    await stage.pass(150);
    expect(await stage.tell('pause')).toMatchObject({ ok: true, from: 'publisher' });
    expect(publisher.status.state).toBe('paused');
    expect(await stage.record()).toMatchObject({ state: 'paused', pauses: [{ from: expect.any(Number) }] });
    const before = stage.found.length;
    await stage.pass(5_000);
    expect(stage.found.length).toBe(before);
    expect(await stage.tell('resume')).toMatchObject({ ok: true });
    const outcome = await stage.toEnd(running);
    expect(columns(outcome)).toMatchObject({ ok: 20, balanced: true });
    const gaps = stage.intended().map((at, i, all) => at - (all[i - 1] ?? at));
    const [pause] = (await stage.record()).pauses;
    const stood = ((pause?.to ?? 0) - (pause?.from ?? 0)) / 1_000;
    expect(stood).toBeGreaterThan(5_000);
    expect(gaps.filter((gap) => gap > 11)).toEqual([10 + stood]);
  });

  test('a second pause and a second resume change nothing', async () => {
    const stage = new Stage();
    const publisher = await stage.prepare([GET]);
    const running = publisher.run();
    await stage.pass(100);
    for (const cmd of ['pause', 'pause', 'resume', 'resume']) await stage.tell(cmd);
    expect((await stage.record()).pauses).toHaveLength(1);
    expect(columns(await stage.toEnd(running))).toMatchObject({ ok: 20, balanced: true });
  });

  test('a long pause is no backlog, even for what was queued before it', async () => {
    const stage = new Stage();
    const publisher = await stage.prepare([GET], { backlog: { policy: 'abort', bound: micros(1_000_000) } });
    const running = publisher.run();
    stage.works = false;
    await stage.pass(100);
    await stage.tell('pause');
    await stage.pass(4_000);
    await stage.tell('resume');
    await stage.pass(150);
    stage.works = true;
    expect(await stage.toEnd(running)).toMatchObject({ state: 'done', error: undefined });
  });

  test('rate: a factor, and ops a second over all tasks, from the next beat on', async () => {
    const stage = new Stage();
    const publisher = await stage.prepare([
      [
        { ...GET, times: 60 },
        { ...GET, qps: 300, times: 100 },
      ],
    ]);
    const running = publisher.run();
    await stage.pass(200);
    expect(await stage.tell('rate', { rate: '2x' })).toMatchObject({ ok: true, message: 'rate × 2' });
    expect(publisher.status.tasks.map(({ qps }) => Math.round(qps))).toEqual([200, 600]);
    expect(await stage.tell('rate', { rate: '40qps' })).toMatchObject({ ok: true });
    expect(publisher.status.tasks.map(({ qps }) => Math.round(qps))).toEqual([10, 30]);
    expect(await stage.tell('rate', { rate: '1' })).toMatchObject({ ok: true });
    const outcome = await stage.toEnd(running);
    expect(columns(outcome)).toMatchObject({ ok: 160, balanced: true });
    expect((await stage.record()).rates.map(({ factor }) => factor)).toEqual(['2', '40/400.000000', '1']);
  });

  test('a rate that no schedule can have is refused, and nothing changes', async () => {
    const stage = new Stage();
    const publisher = await stage.prepare([[GET, { ...GET, qps: 2_000_000, times: 50_000 }]]);
    const running = publisher.run();
    await stage.pass(60);
    expect(await stage.tell('rate', { rate: '5000x' })).toMatchObject({ ok: false, code: 'DRUM_PLAN_TOO_LARGE' });
    expect(await stage.tell('rate', { rate: 'fast' })).toMatchObject({ ok: false, code: 'DRUM_COMMAND_INVALID' });
    const outcome = await stage.toEnd(running);
    expect(columns(outcome)).toMatchObject({ ok: 50_020, balanced: true });
    expect(stage.intended(0)).toEqual(Array.from({ length: 20 }, (_, i) => i * 10));
  });

  test('a later task begins with the rate in force', async () => {
    const stage = new Stage();
    const publisher = await stage.prepare([GET, { ...GET, times: 10 }]);
    const running = publisher.run();
    await stage.pass(60);
    await stage.tell('rate', { rate: '10%' });
    await stage.toEnd(running);
    expect(stage.intended(1)).toEqual(Array.from({ length: 10 }, (_, i) => i * 100));
  });

  test('update_config: more queues, then fewer, and what is in the others is still counted', async () => {
    const stage = new Stage();
    const publisher = await stage.prepare([{ ...GET, times: 60 }]);
    const running = publisher.run();
    await stage.pass(150);
    await stage.bus.writeConfig(configOf(5));
    expect(await stage.tell('update_config')).toMatchObject({ message: 'dealing to 5 queues' });
    await stage.pass(150);
    await stage.bus.writeConfig(configOf(1));
    await stage.tell('update_config');
    const outcome = await stage.toEnd(running);
    expect(new Set(stage.found.map(({ queue }) => queue))).toEqual(new Set([0, 1, 2, 3, 4]));
    expect(new Set(stage.found.slice(-15).map(({ queue }) => queue))).toEqual(new Set([0]));
    expect(columns(outcome)).toMatchObject({ ok: 60, balanced: true });
    expect(outcome.queues).toBe(5);
  });

  test('update_config with a config that is none is refused', async () => {
    const stage = new Stage();
    const publisher = await stage.prepare([GET]);
    const running = publisher.run();
    await stage.pass(20);
    await stage.bus.writeConfig('{"threads": 0}');
    expect(await stage.tell('update_config')).toMatchObject({ ok: false, code: 'DRUM_CONFIG_INVALID' });
    expect((await stage.toEnd(running)).state).toBe('done');
  });

  test('drain: no more is published, and the run ends when the rest has its outcome', async () => {
    const stage = new Stage();
    const publisher = await stage.prepare([{ ...GET, times: 1_000 }, GET]);
    const running = publisher.run();
    await stage.pass(300);
    expect(await stage.tell('drain')).toMatchObject({ ok: true });
    const outcome = await stage.toEnd(running);
    const { planned, ok, balanced } = columns(outcome);
    expect([outcome.state, planned === ok, balanced]).toEqual(['done', true, true]);
    expect(planned).toBeGreaterThan(20);
    expect(planned).toBeLessThan(40);
  });

  test('stop: what nobody has claimed is dropped and counted', async () => {
    const stage = new Stage();
    stage.works = false;
    const publisher = await stage.prepare([{ ...GET, times: 1_000 }]);
    const running = publisher.run();
    await stage.pass(300);
    await stage.bus.push(0, { run: 'other', epoch: 99, seq: 1, beat: 0, elements: ['foreign'], published: new Map() });
    expect(await stage.tell('stop')).toMatchObject({ ok: true });
    const outcome = await stage.toEnd(running);
    const { planned, dropped, balanced } = columns(outcome);
    expect([outcome.state, planned === dropped, balanced]).toEqual(['stopped', true, true]);
    expect(planned).toBeGreaterThan(20);
    expect(await stage.record()).toMatchObject({ state: 'stopped' });
    const consumer = await stage.bus.consumer(0, 'later');
    expect(await consumer.claim(10, millis(0))).toEqual(['foreign']);
  });

  test.each(['drain', 'stop'] as const)('%s in a pause lets the workers go on first', async (end) => {
    const stage = new Stage();
    const publisher = await stage.prepare([{ ...GET, times: 1_000 }]);
    const running = publisher.run();
    await stage.pass(100);
    await stage.tell('pause');
    stage.commands.length = 0;
    publisher[end]();
    const outcome = await stage.toEnd(running);
    expect(stage.wasSent('resume')).toBe(true);
    expect(columns(outcome).balanced).toBe(true);
    expect((await stage.record()).pauses).toEqual([{ from: expect.any(Number), to: expect.any(Number) }]);
  });

  test('commands after the end change nothing', async () => {
    const stage = new Stage();
    const publisher = await stage.prepare([GET]);
    const outcome = await stage.toEnd(publisher.run());
    publisher.stop();
    publisher.drain();
    publisher.pause(stage.clock.now());
    await stage.pass(100);
    expect(outcome.state).toBe('done');
    expect(await stage.record()).toMatchObject({ state: 'done', pauses: [] });
  });

  test('what only workers do is answered only when the publisher alone was asked', async () => {
    const stage = new Stage();
    const publisher = await stage.prepare([GET]);
    const running = publisher.run();
    await stage.pass(20);
    expect(await stage.tell('log_level')).toBeUndefined();
    expect(await stage.tell('log_level', {}, 'publisher')).toMatchObject({ ok: false, code: 'DRUM_COMMAND_INVALID' });
    expect(await stage.tell('ping', {}, 'worker')).toBeUndefined();
    expect(await stage.tell('ping')).toMatchObject({ ok: true });
    await stage.bus.notify('{broken');
    await stage.toEnd(running);
  });
});
