import { MemoryBus } from '@drumline/bus';
import type { Push, PushReply } from '@drumline/core/bus';
import { DrumlineError } from '@drumline/core/errors';
import { micros, millis } from '@drumline/core/units';
import { describe, expect, test } from 'vitest';
import { columns } from './ledger.fixture.ts';
import { Stage } from './stage.fixture.ts';

/** A bus whose pushes wait, or are refused, as long as it is told so. */
class Troubled extends MemoryBus {
  full = false;
  #back: PromiseWithResolvers<void> | undefined;
  /** Elements of pushes under way. */
  underWay = 0;

  set away(away: boolean) {
    this.#back?.resolve();
    this.#back = away ? Promise.withResolvers() : undefined;
  }

  override async push(queue: number, push: Push): Promise<PushReply> {
    this.underWay += push.elements.length;
    await this.#back?.promise;
    this.underWay -= push.elements.length;
    if (this.full) throw new DrumlineError('DRUM_BUS_FULL', 'no memory');
    return super.push(queue, push);
  }
}

describe('while Redis is away', () => {
  test('a bound of elements is kept for it; beats beyond are made when it is back, for the times that were intended', async () => {
    const stage = new Stage();
    const bus = new Troubled(stage.fleet);
    const publisher = await stage.prepare([{ action: 'getItem', qps: 1_000_000, duration: 16 }], { bus });
    const running = publisher.run();
    await stage.pass(100);
    bus.away = true;
    stage.works = false;
    const published = (): number => publisher.status.tasks[0]?.published ?? 0;
    await stage.clock.advance(micros(14_000_000));
    const kept = published();
    await stage.clock.advance(micros(1_000_000));
    expect(published()).toBe(kept);
    // 50,000 elements of 200 ops, and what the last beat brought.
    expect(kept).toBeGreaterThan(9_900_000);
    expect(kept).toBeLessThan(10_200_000);
    expect(publisher.status.state).toBe('running');
    expect(bus.underWay).toBeLessThan(64 * 2 * 30);
    bus.away = false;
    stage.works = true;
    const outcome = await stage.toEnd(running);
    expect(columns(outcome)).toMatchObject({ ok: 16_000_000, dropped: 0, balanced: true });
    const first = stage.found[0]?.batch.at ?? 0;
    const last = stage.found.at(-1)?.batch;
    expect(((last?.at ?? 0) + (last?.span ?? 0) - first) / 1e6).toBeCloseTo(16, 2);
  });
});

describe('while Redis is out of memory', () => {
  test('the axis stands, so that nothing is late because of it', async () => {
    const stage = new Stage();
    const bus = new Troubled(stage.fleet);
    const publisher = await stage.prepare([{ action: 'getItem', qps: 100, times: 200 }], { bus });
    const running = publisher.run();
    await stage.pass(500);
    bus.full = true;
    await stage.pass(1_000);
    expect(publisher.status).toMatchObject({ state: 'paused', heldUpBy: 'memory' });
    await stage.pass(9_000);
    bus.full = false;
    const outcome = await stage.toEnd(running);
    expect(columns(outcome)).toMatchObject({ ok: 200, balanced: true });
    expect(stage.intended().at(-1)).toBeGreaterThan(11_000);
    expect(stage.found.filter(({ batch, at }) => at > batch.at).length).toBeLessThan(40);
  });

  test('for longer than an outage may last, the run fails', async () => {
    const stage = new Stage();
    const bus = new Troubled(stage.fleet);
    const publisher = await stage.prepare([{ action: 'getItem', qps: 100, times: 200 }], {
      bus,
      outage: millis(2_000),
    });
    const running = publisher.run();
    await stage.pass(500);
    bus.full = true;
    expect(await stage.toEnd(running)).toMatchObject({ state: 'failed', error: { code: 'DRUM_BUS_FULL', exit: 4 } });
  });
});
