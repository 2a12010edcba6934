import { MemoryBus, MemoryFleet } from '@drumline/bus';
import { silentLog } from '@drumline/core/log';
import { describe, expect, test } from 'vitest';
import { Journal } from './journal.ts';

/** A bus whose writes are held up until they are let go, the later ones first if so wished. */
class SlowBus extends MemoryBus {
  readonly held: (() => void)[] = [];
  readonly written: Readonly<Record<string, string>>[] = [];
  failures = 0;

  override async writeRun(run: string, fields: Readonly<Record<string, string>>): Promise<void> {
    await new Promise<void>((resolve) => this.held.push(resolve));
    if (this.failures > 0) {
      this.failures -= 1;
      throw new Error('refused');
    }
    this.written.push(fields);
    await super.writeRun(run, fields);
  }

  async letGo(): Promise<void> {
    for (const resolve of this.held.splice(0)) resolve();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('Journal', () => {
  test('writes one after the other, and what changes meanwhile goes together', async () => {
    const bus = new SlowBus(new MemoryFleet());
    const journal = new Journal(bus, 'r', silentLog);
    journal.write({ state: 'running' });
    journal.write({ state: 'paused', pauses: [] });
    journal.write({ state: 'done' });
    expect(bus.held).toHaveLength(1);
    await bus.letGo();
    expect(bus.held).toHaveLength(1);
    await bus.letGo();
    await journal.flushed();
    expect(bus.written).toEqual([{ state: 'running' }, { state: 'done', pauses: '[]' }]);
    expect(await bus.readRun('r')).toMatchObject({ state: 'done' });
  });

  test('a write that fails ends nothing', async () => {
    const bus = new SlowBus(new MemoryFleet());
    const journal = new Journal(bus, 'r', silentLog);
    bus.failures = 1;
    journal.write({ state: 'running' });
    await bus.letGo();
    await journal.flushed();
    journal.write({ state: 'done' });
    await bus.letGo();
    await journal.flushed();
    expect(await bus.readRun('r')).toEqual({ state: 'done' });
  });

  test('with nothing to write it is flushed at once', async () => {
    await expect(new Journal(new SlowBus(new MemoryFleet()), 'r', silentLog).flushed()).resolves.toBeUndefined();
  });
});
