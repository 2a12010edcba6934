import { MemoryBus, MemoryFleet } from '@drumline/bus';
import { VirtualClock } from '@drumline/core/clock';
import { micros, millis } from '@drumline/core/units';
import { describe, expect, test } from 'vitest';
import { Lease } from './lease.ts';

const HOLDER = { host: 'here', pid: 1, run: 'r', since: '' };

function stage() {
  const clock = new VirtualClock();
  const fleet = new MemoryFleet(clock);
  return { clock, fleet, bus: new MemoryBus(fleet) };
}

describe('a lease whose lock had expired', () => {
  test('is taken again, with the epoch it had, when the run was nobody else’s meanwhile', async () => {
    const { clock, fleet, bus } = stage();
    const asked: number[] = [];
    const prove = async (epoch: number): Promise<boolean> => asked.push(epoch) > 0;
    const lease = await Lease.take(bus, clock, HOLDER, prove);
    fleet.releaseLock(lease.epoch);
    await clock.advance(micros(1_500_000));
    expect([lease.isLost, lease.epoch, asked]).toEqual([false, 1, [1]]);
    expect(await bus.lockHolder()).toBe(lease.holder);
    await lease.release();
    expect(await bus.lockHolder()).toBeUndefined();
  });

  test('is lost when somebody else had the run, and leaves the lock to others', async () => {
    const { clock, fleet, bus } = stage();
    const lease = await Lease.take(bus, clock, HOLDER, () => Promise.resolve(false));
    fleet.releaseLock(lease.epoch);
    await clock.advance(micros(1_500_000));
    expect([lease.isLost, await bus.lockHolder()]).toEqual([true, undefined]);
  });
});

describe('a lock that somebody else holds', () => {
  test('is refused at once, naming the holder', async () => {
    const { clock, bus } = stage();
    await bus.acquireLock('other', millis(5_000));
    const taking = Lease.take(bus, clock, HOLDER, () => Promise.resolve(true));
    await expect(taking).rejects.toMatchObject({
      code: 'DRUM_PUBLISHER_LOCKED',
      message: expect.stringContaining('other'),
    });
  });

  test('is waited for by the patient until it expires, and no longer than that takes', async () => {
    const { clock, bus } = stage();
    await bus.acquireLock('dead', millis(5_000));
    const taking = Lease.take(bus, clock, HOLDER, () => Promise.resolve(true), true);
    await clock.advance(micros(5_300_000));
    expect((await taking).epoch).toBe(2);
    const vain = Lease.take(bus, clock, HOLDER, () => Promise.resolve(true), true);
    const refused = vain.catch((error: unknown) => error);
    await clock.advance(micros(6_500_000));
    expect(await refused).toMatchObject({ code: 'DRUM_PUBLISHER_LOCKED' });
  });
});
