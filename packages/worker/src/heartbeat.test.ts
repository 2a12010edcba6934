import { MemoryBus, MemoryFleet } from '@drumline/bus';
import { VirtualClock } from '@drumline/core/clock';
import { encodeWorkerInfo, HEARTBEAT_TTL } from '@drumline/core/fleet';
import { silentLog } from '@drumline/core/log';
import { instant, micros, millis } from '@drumline/core/units';
import { afterEach, describe, expect, test } from 'vitest';
import { Heartbeat } from './heartbeat.ts';
import { Lease } from './lease.ts';
import { until } from './until.fixture.ts';

const INFO = { host: 'here', pid: 7, db: 'redis', started: '2026-01-01T00:00:00Z', ready: false };
const beating: Heartbeat[] = [];
afterEach(async () => {
  await Promise.all(beating.splice(0).map((heartbeat) => heartbeat.stop()));
});

interface Started {
  readonly heartbeat: Heartbeat;
  readonly lease: Lease;
  /** Lets so many seconds pass on the lease's clock. */
  readonly stand: (seconds: number) => void;
  readonly taken: string[];
}

async function start(bus: MemoryBus, worker: string): Promise<Started> {
  let now = 0n;
  const lease = new Lease(undefined, () => now);
  const taken: string[] = [];
  const onMustEnd = (error: Error): void => void taken.push(error.message);
  const heartbeat = await Heartbeat.start({ bus, worker, info: INFO, lease, log: silentLog, onMustEnd });
  beating.push(heartbeat);
  const stand = (seconds: number): void => {
    now += BigInt(seconds * 1e9);
  };
  return { heartbeat, lease, stand, taken };
}

/** A fleet whose registrations expire only when told to: heartbeats go by real time, their expiry by virtual. */
function fleetOf(): { fleet: MemoryFleet; bus: MemoryBus; expire: () => Promise<void> } {
  const clock = new VirtualClock(instant(1_000_000));
  const fleet = new MemoryFleet(clock);
  return { fleet, bus: new MemoryBus(fleet), expire: () => clock.advance(micros(HEARTBEAT_TTL * 1_000 + 1)) };
}

const infoOf = async (bus: MemoryBus, worker: string): Promise<string | undefined> =>
  (await bus.workers()).find((registered) => registered.worker === worker)?.info;

describe('a heartbeat', () => {
  test('the worker is known when start has ended, is ready when it says so, and signs off', async () => {
    const { bus } = fleetOf();
    const { heartbeat } = await start(bus, 'w1');
    expect(JSON.parse((await infoOf(bus, 'w1')) ?? '')).toEqual(INFO);
    await heartbeat.ready();
    expect(JSON.parse((await infoOf(bus, 'w1')) ?? '')).toMatchObject({ ready: true });
    await heartbeat.stop();
    expect(await bus.workers()).toEqual([]);
  });

  test('comes again before it would expire', async () => {
    const { bus, expire } = fleetOf();
    await start(bus, 'w1');
    await expire();
    await until(async () => (await infoOf(bus, 'w1')) !== undefined);
    expect(await infoOf(bus, 'w1')).toContain('"pid":7');
  });

  test('waits for the end of one that had its id, and gives back what that one had claimed', async () => {
    const { fleet, bus, expire } = fleetOf();
    await bus.heartbeat('w1', encodeWorkerInfo({ ...INFO, pid: 6 }), HEARTBEAT_TTL);
    const dead = await bus.consumer(5, 'w1');
    await bus.push(5, { run: 'r', epoch: 1, seq: 1, beat: 0, elements: ['a', 'b'], published: new Map() });
    await dead.claim(10, millis(0));
    let started = false;
    const starting = start(bus, 'w1').then(() => {
      started = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(started).toBe(false);
    await expire();
    await starting;
    expect(JSON.parse((await infoOf(bus, 'w1')) ?? '')).toMatchObject({ pid: 7 });
    expect(fleet.queue(5).length).toBe(2);
  });

  test('does not start while another with its id lives', async () => {
    const { bus } = fleetOf();
    await bus.heartbeat('w1', encodeWorkerInfo({ ...INFO, host: 'there', pid: 6 }), HEARTBEAT_TTL);
    await expect(start(bus, 'w1')).rejects.toMatchObject({
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
    const bus = new Flaky(fleetOf().fleet);
    await start(bus, 'w1');
    await until(() => bus.beats >= 3);
    expect(await infoOf(bus, 'w1')).toBeDefined();
  });
});

describe('a heartbeat and its lease', () => {
  test('the lease holds from the start, and lapses when nothing is confirmed', async () => {
    const { lease, stand } = await start(fleetOf().bus, 'w1');
    const before = lease.standing;
    stand(3.9);
    expect([before, lease.standing]).toEqual([1, 1]);
    stand(0.2);
    expect(lease.standing).toBeUndefined();
  });

  test('a lapse is another standing once the heartbeat arrives again', async () => {
    const { lease, stand, taken } = await start(fleetOf().bus, 'w1');
    stand(10);
    await until(() => lease.standing !== undefined);
    expect([lease.standing, taken]).toEqual([2, []]);
  });

  test('an answer that came later than the lease lasts renews nothing; the next one does', async () => {
    const held: (() => void)[] = [];
    class Slow extends MemoryBus {
      beats = 0;
      override async heartbeat(...args: Parameters<MemoryBus['heartbeat']>): Promise<void> {
        this.beats += 1;
        if (this.beats === 2) await new Promise<void>((resolve) => held.push(resolve));
        return super.heartbeat(...args);
      }
    }
    const bus = new Slow(fleetOf().fleet);
    const { lease, stand } = await start(bus, 'w1');
    await until(() => held.length === 1);
    stand(5);
    const beats = bus.beats;
    held[0]?.();
    await until(() => lease.standing !== undefined);
    expect(bus.beats).toBe(beats + 1);
  });

  test('a worker whose id was taken while it was away says so once, and leaves the other’s registration alone', async () => {
    const { bus, expire } = fleetOf();
    const { heartbeat, lease, stand, taken } = await start(bus, 'w1');
    stand(10);
    await expire();
    await bus.heartbeat('w1', encodeWorkerInfo({ ...INFO, host: 'there' }), HEARTBEAT_TTL);
    await until(() => lease.standing !== undefined);
    expect(taken).toEqual(['worker w1 is alive on there, pid 7']);
    await heartbeat.stop();
    expect(JSON.parse((await infoOf(bus, 'w1')) ?? '')).toMatchObject({ host: 'there' });
  });
});
