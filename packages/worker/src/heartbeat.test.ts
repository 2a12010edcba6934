import { MemoryBus, MemoryFleet } from '@drumline/bus';
import { VirtualClock } from '@drumline/core/clock';
import { encodeWorkerInfo } from '@drumline/core/fleet';
import { silentLog } from '@drumline/core/log';
import { instant, micros, millis } from '@drumline/core/units';
import { afterEach, describe, expect, test } from 'vitest';
import { Heartbeat } from './heartbeat.ts';
import { until } from './until.fixture.ts';

const TTL = millis(5_000);
const INFO = { host: 'here', pid: 7, db: 'redis', started: '2026-01-01T00:00:00Z', ready: false };
const beating: Heartbeat[] = [];
afterEach(async () => {
  await Promise.all(beating.splice(0).map((heartbeat) => heartbeat.stop()));
});

async function start(fleet: MemoryFleet, worker: string, queues = 2): Promise<Heartbeat> {
  const heartbeat = await Heartbeat.start(new MemoryBus(fleet), worker, INFO, queues, silentLog);
  beating.push(heartbeat);
  return heartbeat;
}

/** A fleet whose registrations expire only when told to: heartbeats go by real time, their expiry by virtual. */
function fleetOf(): { fleet: MemoryFleet; bus: MemoryBus; expire: () => Promise<void> } {
  const clock = new VirtualClock(instant(1_000_000));
  const fleet = new MemoryFleet(clock);
  return { fleet, bus: new MemoryBus(fleet), expire: () => clock.advance(micros(TTL * 1_000 + 1)) };
}

const infoOf = async (bus: MemoryBus, worker: string): Promise<string | undefined> =>
  (await bus.workers()).find((registered) => registered.worker === worker)?.info;

describe('Heartbeat', () => {
  test('the worker is known when start has ended, is ready when it says so, and signs off', async () => {
    const { fleet, bus } = fleetOf();
    const heartbeat = await start(fleet, 'w1');
    expect(JSON.parse((await infoOf(bus, 'w1')) ?? '')).toEqual(INFO);
    await heartbeat.ready();
    expect(JSON.parse((await infoOf(bus, 'w1')) ?? '')).toMatchObject({ ready: true });
    await heartbeat.stop();
    expect(await bus.workers()).toEqual([]);
  });

  test('comes again before it would expire', async () => {
    const { fleet, bus, expire } = fleetOf();
    await start(fleet, 'w1');
    await expire();
    await until(async () => (await infoOf(bus, 'w1')) !== undefined);
    expect(await infoOf(bus, 'w1')).toContain('"pid":7');
  });

  test('what a dead worker had claimed is given back, from queues that are used no more too', async () => {
    const { fleet, bus, expire } = fleetOf();
    const living = await start(fleet, 'w1', 3);
    living.useQueues(1);
    await bus.heartbeat('dead', encodeWorkerInfo(INFO), TTL);
    const consumer = await bus.consumer(2, 'dead');
    await bus.push(2, { run: 'r', epoch: 1, seq: 1, elements: ['a', 'b'], published: new Map() });
    await consumer.claim(10, millis(0));
    await expire();
    await until(() => fleet.queue(2).length === 2);
    await until(async () => (await bus.workers()).every(({ worker }) => worker !== 'dead'));
    const next = await bus.consumer(2, 'w1');
    expect(await next.claim(10, millis(0))).toEqual(['a', 'b']);
  });

  test('who is missing at one look only is left alone', async () => {
    const { fleet, bus } = fleetOf();
    const reclaimed: string[] = [];
    class Watched extends MemoryBus {
      looks = 0;
      override async workers(): ReturnType<MemoryBus['workers']> {
        this.looks += 1;
        const missing = this.looks === 2 ? [{ worker: 'leaving', info: undefined }] : [];
        return [...(await super.workers()), ...missing];
      }
      override async reclaim(queue: number, worker: string): Promise<number> {
        reclaimed.push(worker);
        return super.reclaim(queue, worker);
      }
    }
    const watched = new Watched(fleet);
    beating.push(await Heartbeat.start(watched, 'w1', INFO, 1, silentLog));
    await until(() => watched.looks >= 4);
    expect(reclaimed).toEqual([]);
    expect(await infoOf(bus, 'w1')).toBeDefined();
  });

  test('waits for the end of one that had its id, as after a crash', async () => {
    const { fleet, bus, expire } = fleetOf();
    await bus.heartbeat('w1', encodeWorkerInfo({ ...INFO, pid: 6 }), TTL);
    let started = false;
    const starting = start(fleet, 'w1').then(() => {
      started = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(started).toBe(false);
    await expire();
    await starting;
    expect(JSON.parse((await infoOf(bus, 'w1')) ?? '')).toMatchObject({ pid: 7 });
  });

  test('does not start while another with its id lives', async () => {
    const { fleet, bus } = fleetOf();
    await bus.heartbeat('w1', encodeWorkerInfo({ ...INFO, host: 'there', pid: 6 }), TTL);
    await expect(start(fleet, 'w1')).rejects.toMatchObject({
      code: 'DRUM_WORKER_TAKEN',
      message: expect.stringContaining('there, pid 6'),
    });
  });

  test('goes on after a failure', async () => {
    class Flaky extends MemoryBus {
      beats = 0;
      override heartbeat(...args: Parameters<MemoryBus['heartbeat']>): Promise<void> {
        this.beats += 1;
        return this.beats === 2 ? Promise.reject(new Error('down')) : super.heartbeat(...args);
      }
    }
    const { fleet } = fleetOf();
    const bus = new Flaky(fleet);
    beating.push(await Heartbeat.start(bus, 'w1', INFO, 1, silentLog));
    await until(() => bus.beats >= 3);
    expect(await infoOf(bus, 'w1')).toBeDefined();
  });
});
