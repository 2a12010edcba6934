import { MemoryBus, MemoryFleet } from '@drumline/bus';
import { VirtualClock } from '@drumline/core/clock';
import { DrumlineError } from '@drumline/core/errors';
import { silentLog } from '@drumline/core/log';
import { micros } from '@drumline/core/units';
import { describe, expect, test } from 'vitest';
import { Journal } from './journal.ts';

/** A bus whose writes are held up until they are let go, the later ones first if so wished. */
class SlowBus extends MemoryBus {
  readonly held: (() => void)[] = [];
  readonly written: Readonly<Record<string, string>>[] = [];
  failures = 0;

  override async writeRun(run: string, fields: Readonly<Record<string, string>>, epoch: number): Promise<boolean> {
    await new Promise<void>((resolve) => this.held.push(resolve));
    if (this.failures > 0) {
      this.failures -= 1;
      throw new Error('refused');
    }
    this.written.push(fields);
    return super.writeRun(run, fields, epoch);
  }

  async letGo(): Promise<void> {
    for (const resolve of this.held.splice(0)) resolve();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const clock = new VirtualClock();
const journalOn = (bus: MemoryBus): Journal => new Journal({ bus, clock, run: 'r', epoch: 1, log: silentLog });

describe('Journal', () => {
  test('writes one after the other; what is said in one go, or during a write, goes together', async () => {
    const bus = new SlowBus(new MemoryFleet());
    const journal = journalOn(bus);
    journal.write({ state: 'running' });
    journal.write({ state: 'paused', pauses: [] });
    await Promise.resolve();
    expect(bus.held).toHaveLength(1);
    journal.write({ pauses: [{ from: clock.now() }] });
    journal.write({ state: 'done' });
    expect(bus.held).toHaveLength(1);
    await bus.letGo();
    expect(bus.held).toHaveLength(1);
    await bus.letGo();
    await journal.flushed();
    expect(bus.written).toEqual([
      { state: 'paused', pauses: '[]' },
      { state: 'done', pauses: JSON.stringify([{ from: clock.now() }]) },
    ]);
  });

  test('a write that fails is tried again, with what is newer', async () => {
    const bus = new SlowBus(new MemoryFleet());
    const journal = journalOn(bus);
    bus.failures = 1;
    journal.write({ state: 'running', end: null });
    await Promise.resolve();
    await bus.letGo();
    journal.write({ state: 'done' });
    await clock.advance(micros(100_000));
    await bus.letGo();
    await journal.flushed();
    expect(await bus.readRun('r')).toEqual({ state: 'done', end: 'null' });
  });

  test('says which decisions are in the bus', async () => {
    const bus = new SlowBus(new MemoryFleet());
    const journal = journalOn(bus);
    const told: number[] = [];
    journal.onConfirmed(() => told.push(journal.confirmed));
    journal.decide({ end: 5 });
    await Promise.resolve();
    journal.decide({ end: 6 });
    journal.write({ state: 'done' });
    expect([journal.decided, journal.confirmed]).toEqual([2, 0]);
    await bus.letGo();
    expect([told, journal.confirmed]).toEqual([[1], 1]);
    await bus.letGo();
    expect([told, journal.confirmed]).toEqual([[1, 2], 2]);
  });

  test('a bus that refuses ends it', async () => {
    const bus = new MemoryBus(new MemoryFleet());
    const refused = new DrumlineError('DRUM_BUS_REFUSED', 'no rights');
    bus.writeRun = () => Promise.reject(refused);
    const journal = journalOn(bus);
    journal.decide({ end: 5 });
    await journal.flushed();
    expect([journal.failure, journal.confirmed]).toEqual([refused, 0]);
  });

  test('of a run that another publisher has taken over writes nothing more, and says so', async () => {
    const fleet = new MemoryFleet();
    const bus = new MemoryBus(fleet);
    const journal = journalOn(bus);
    journal.write({ state: 'running' });
    await journal.flushed();
    expect(journal.failure).toBeUndefined();
    await new MemoryBus(fleet).writeRun('r', {}, 2);
    journal.write({ state: 'done' });
    await journal.flushed();
    expect(journal.failure).toMatchObject({ code: 'DRUM_PUBLISHER_FENCED' });
    expect(await bus.readRun('r')).toEqual({ state: 'running' });
  });

  test('with nothing to write it is flushed at once', async () => {
    await expect(journalOn(new SlowBus(new MemoryFleet())).flushed()).resolves.toBeUndefined();
  });
});
