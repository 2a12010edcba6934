import { MemoryBus } from '@drumline/bus';
import { VirtualClock } from '@drumline/core/clock';
import { type Instant, instant, micros, millis } from '@drumline/core/units';
import { describe, expect, test } from 'vitest';
import { columns } from './ledger.fixture.ts';
import { configOf, Stage } from './stage.fixture.ts';

const GET = { action: 'getItem', qps: 100, times: 20 };

describe('faults', () => {
  test('outcomes that stay away at the end make the run incomplete', async () => {
    const stage = new Stage();
    const publisher = await stage.prepare([GET], { patience: millis(2_000) });
    const running = publisher.run();
    await stage.pass(200);
    stage.works = false;
    const outcome = await stage.toEnd(running);
    expect(outcome).toMatchObject({ state: 'failed', error: { code: 'DRUM_INCOMPLETE', exit: 5 } });
    expect(columns(outcome).balanced).toBe(false);
    expect(await stage.record()).toMatchObject({ state: 'failed' });
    // An op may take its time-out of 10 s on top.
    expect(outcome.ended - outcome.started).toBeGreaterThan(12_000_000);
    expect(outcome.ended - outcome.started).toBeLessThan(20_000_000);
  });

  test('so do outcomes that stay away between two tasks', async () => {
    const stage = new Stage();
    stage.works = false;
    const publisher = await stage.prepare([GET, GET]);
    const outcome = await stage.toEnd(publisher.run());
    expect(outcome).toMatchObject({ state: 'failed', error: { code: 'DRUM_INCOMPLETE' } });
  });

  test('a pause while draining is not held against the workers', async () => {
    const stage = new Stage();
    stage.works = false;
    const publisher = await stage.prepare([GET], { patience: millis(100) });
    const running = publisher.run();
    await stage.pass(400);
    await stage.tell('pause');
    await stage.pass(30_000);
    stage.works = true;
    await stage.tell('resume');
    expect(await stage.toEnd(running)).toMatchObject({ state: 'done', error: undefined });
  });

  test('a lock that went to another ends the run', async () => {
    const stage = new Stage();
    const publisher = await stage.prepare([{ ...GET, times: 10_000 }]);
    const running = publisher.run();
    await stage.pass(100);
    stage.fleet.releaseLock(1);
    await stage.bus.acquireLock('{"run":"other"}', millis(60_000));
    const outcome = await stage.toEnd(running);
    expect(outcome).toMatchObject({ state: 'failed', error: { code: 'DRUM_PUBLISHER_FENCED' } });
    expect(await stage.bus.lockHolder()).toBe('{"run":"other"}');
  });

  test('a lock that merely expired is taken again', async () => {
    const stage = new Stage();
    const publisher = await stage.prepare([{ ...GET, times: 300 }]);
    const running = publisher.run();
    await stage.pass(100);
    stage.fleet.releaseLock(1);
    await stage.pass(1_500);
    expect(await stage.bus.lockHolder()).toContain('run1');
    expect(await stage.toEnd(running)).toMatchObject({ state: 'done', error: undefined });
    expect(await stage.bus.lockHolder()).toBeUndefined();
  });

  test('no desk, no run: it ends as failed, and never rejects', async () => {
    class Deaf extends MemoryBus {
      override onNotify(): Promise<never> {
        return Promise.reject(new Error('no subscriptions'));
      }
    }
    const stage = new Stage();
    const publisher = await stage.prepare([GET], { bus: new Deaf(stage.fleet) });
    const outcome = await stage.toEnd(publisher.run());
    expect(outcome).toMatchObject({
      state: 'failed',
      error: { code: 'DRUM_BUG', message: expect.stringContaining('no subscriptions') },
    });
    expect(await stage.bus.lockHolder()).toBeUndefined();
  });

  test('a bus that answers no more does not keep a failed run from ending', async () => {
    class Silent extends MemoryBus {
      silent = false;
      override readLedger(...args: Parameters<MemoryBus['readLedger']>): ReturnType<MemoryBus['readLedger']> {
        return this.silent ? new Promise(() => undefined) : super.readLedger(...args);
      }
      override renewLock(...args: Parameters<MemoryBus['renewLock']>): Promise<boolean> {
        return this.silent ? new Promise(() => undefined) : super.renewLock(...args);
      }
      override writeRun(...args: Parameters<MemoryBus['writeRun']>): Promise<boolean> {
        return this.silent ? new Promise(() => undefined) : super.writeRun(...args);
      }
    }
    const stage = new Stage();
    const bus = new Silent(stage.fleet);
    const publisher = await stage.prepare([GET], { bus });
    const running = publisher.run();
    await stage.pass(100);
    bus.silent = true;
    expect(await stage.toEnd(running)).toMatchObject({ state: 'failed', error: { code: 'DRUM_INCOMPLETE' } });
  });
});

describe('backlog', () => {
  const bound = micros(500_000);

  test('pause: publishing waits for the workers, who are not told and go on', async () => {
    const stage = new Stage();
    const publisher = await stage.prepare([{ ...GET, times: 200 }], { backlog: { policy: 'pause', bound } });
    const running = publisher.run();
    stage.works = false;
    await stage.pass(1_000);
    expect(publisher.status).toMatchObject({ state: 'paused', backlogState: 'pause' });
    const { published = 0 } = publisher.status.tasks[0] ?? {};
    await stage.pass(3_000);
    expect(publisher.status.tasks[0]?.published).toBe(published);
    expect((await stage.record()).pauses).toEqual([]);
    expect(stage.wasSent('pause')).toBe(false);
    stage.works = true;
    const outcome = await stage.toEnd(running);
    expect(outcome.state).toBe('done');
    expect(columns(outcome)).toMatchObject({ ok: 200, balanced: true });
  });

  test('a pause by command within one by backlog lasts until its own resume', async () => {
    const stage = new Stage();
    const publisher = await stage.prepare([{ ...GET, times: 200 }], { backlog: { policy: 'pause', bound } });
    const running = publisher.run();
    stage.works = false;
    await stage.pass(1_000);
    await stage.tell('pause');
    stage.works = true;
    await stage.pass(2_000);
    expect(publisher.status.state).toBe('paused');
    await stage.tell('resume');
    expect(columns(await stage.toEnd(running))).toMatchObject({ ok: 200, balanced: true });
  });

  test('abort: the run fails, and its load is taken off the queues', async () => {
    const stage = new Stage();
    stage.works = false;
    const publisher = await stage.prepare([{ ...GET, times: 2_000 }], { backlog: { policy: 'abort', bound } });
    const outcome = await stage.toEnd(publisher.run());
    expect(outcome).toMatchObject({ state: 'failed', error: { code: 'DRUM_BACKLOG' } });
    const { planned, dropped, balanced } = columns(outcome);
    expect([planned > 40, planned === dropped, balanced]).toEqual([true, true, true]);
  });

  test('warn: publishing goes on up to six times the bound', async () => {
    const stage = new Stage();
    stage.works = false;
    const publisher = await stage.prepare([{ ...GET, times: 1_000 }], { backlog: { policy: 'warn', bound } });
    const running = publisher.run();
    await stage.pass(2_000);
    expect(publisher.status).toMatchObject({ state: 'running', backlogState: 'warn' });
    await stage.pass(2_000);
    expect(publisher.status).toMatchObject({ state: 'paused', backlogState: 'pause' });
    stage.works = true;
    expect(columns(await stage.toEnd(running))).toMatchObject({ ok: 1_000, balanced: true });
  });

  test('a slow task whose ops are taken at once has none', async () => {
    const stage = new Stage();
    const file = [{ ...GET, qps: 0.5, times: 4 }];
    const publisher = await stage.prepare(file, { backlog: { policy: 'abort', bound: micros(300_000) } });
    expect(await stage.toEnd(publisher.run())).toMatchObject({ state: 'done', error: undefined });
  });

  test('a queue that is dealt to no more and was emptied has none', async () => {
    const stage = new Stage();
    const publisher = await stage.prepare([{ ...GET, times: 150 }], {
      backlog: { policy: 'abort', bound: micros(300_000) },
    });
    const running = publisher.run();
    await stage.pass(200);
    await stage.bus.writeConfig(configOf(1));
    await stage.tell('update_config');
    expect(await stage.toEnd(running)).toMatchObject({ state: 'done', error: undefined });
  });
});

/** A clock on which everything that would wake within a stretch of time wakes at its end: a process that was stopped. */
class StallingClock extends VirtualClock {
  stall: { readonly from: number; readonly to: number } = { from: 0, to: 0 };

  override sleepUntil(at: Instant, signal?: AbortSignal): Promise<void> {
    const { from, to } = this.stall;
    return super.sleepUntil(at >= from && at < to ? instant(to) : at, signal);
  }
}

describe('after a stall', () => {
  async function stalled(task: object): Promise<{ stage: Stage; outcome: Awaited<ReturnType<Stage['toEnd']>> }> {
    const clock = new StallingClock(instant(1_700_000_000_000_000));
    const stage = new Stage(clock);
    const publisher = await stage.prepare([task]);
    clock.stall = { from: clock.now() + 300_000, to: clock.now() + 1_300_000 };
    return { stage, outcome: await stage.toEnd(publisher.run()) };
  }

  test('everything that is owed is sent with its intended time unchanged', async () => {
    const { stage, outcome } = await stalled({ ...GET, times: 200 });
    expect(columns(outcome)).toMatchObject({ ok: 200, dropped: 0, balanced: true });
    expect(stage.intended()).toEqual(Array.from({ length: 200 }, (_, i) => i * 10));
    expect(Math.max(...stage.found.map(({ batch, at }) => at - batch.at))).toBeGreaterThan(800_000);
    expect(outcome.beatError.percentile(100)).toBeGreaterThan(900_000);
  });

  test('a duration-bound task leaves out what is older than it allows, and counts it', async () => {
    const { stage, outcome } = await stalled({ ...GET, times: undefined, duration: 2, late: { drop: '200ms' } });
    const { planned, published, ok, dropped, balanced } = columns(outcome);
    expect([planned, published + dropped, ok, balanced]).toEqual([200, 200, published, true]);
    expect(dropped).toBeGreaterThan(65);
    expect(dropped).toBeLessThan(85);
    expect(Math.max(...stage.found.map(({ batch, at }) => at - batch.at))).toBeLessThanOrEqual(202_000);
  });

  test('a task that times bounds owes every op, however late', async () => {
    const { outcome } = await stalled({ ...GET, times: 200, late: { drop: '200ms' } });
    expect(columns(outcome)).toMatchObject({ ok: 200, dropped: 0, balanced: true });
  });
});
