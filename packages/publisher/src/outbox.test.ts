import { MemoryBus, MemoryFleet } from '@drumline/bus';
import type { Push, PushReply } from '@drumline/core/bus';
import { type Clock, VirtualClock } from '@drumline/core/clock';
import { DrumlineError } from '@drumline/core/errors';
import { micros, millis } from '@drumline/core/units';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Outbox } from './outbox.ts';

type Fault = 'none' | 'request lost' | 'reply lost' | 'late';

/** A bus whose pushes go wrong as a script says: as connections that break do. */
class FaultyBus extends MemoryBus {
  readonly #clock: Clock;
  readonly #faults: Fault[];
  pushes = 0;

  constructor(fleet: MemoryFleet, clock: Clock, faults: readonly Fault[]) {
    super(fleet);
    this.#clock = clock;
    this.#faults = [...faults];
  }

  override async push(queue: number, push: Push): Promise<PushReply> {
    this.pushes += 1;
    const fault = this.#faults.shift() ?? 'none';
    if (fault === 'request lost') throw new Error('connection lost');
    const reply = await super.push(queue, push);
    if (fault === 'reply lost') throw new Error('connection lost');
    if (fault === 'late') await this.#clock.sleep(millis(7));
    return reply;
  }
}

const one = (task: number) => new Map([[task, 1]]);

function outboxOn(faults: readonly Fault[] = []): {
  outbox: Outbox;
  bus: FaultyBus;
  clock: VirtualClock;
  fleet: MemoryFleet;
} {
  const clock = new VirtualClock();
  const fleet = new MemoryFleet(clock);
  const bus = new FaultyBus(fleet, clock, faults);
  return { outbox: new Outbox({ bus, clock, queue: 0, run: 'r', epoch: 5 }), bus, clock, fleet };
}

async function queued(fleet: MemoryFleet): Promise<string[]> {
  const consumer = await new MemoryBus(fleet).consumer(0, 'reader');
  return consumer.claim(10_000, millis(0));
}

describe('Outbox', () => {
  test('delivers everything once and in order, whatever the connection does', async () => {
    const faults = fc.array(fc.constantFrom<Fault>('none', 'request lost', 'reply lost', 'late'), { maxLength: 60 });
    const gaps = fc.array(fc.constantFrom(0, 0, 0, 1, 10, 150), { minLength: 1, maxLength: 25 });
    await fc.assert(
      fc.asyncProperty(faults, gaps, async (script, waits) => {
        const { outbox, clock, fleet } = outboxOn(script);
        const expected: string[] = [];
        for (const [i, wait] of waits.entries()) {
          const elements = [`${i}a`, `${i}b`];
          expected.push(...elements);
          outbox.put(elements, new Map([[0, 2]]), 0);
          if (wait > 0) await clock.advance(micros(wait * 1_000));
        }
        let flushed = false;
        const flushing = outbox.flushed().then(() => {
          flushed = true;
        });
        for (let i = 0; i < 200 && !flushed; i += 1) await clock.advance(micros(100_000));
        await flushing;
        expect(outbox.failure).toBeUndefined();
        expect(await queued(fleet)).toEqual(expected);
        const ledger = await new MemoryBus(fleet).readLedger('r', 1);
        expect(ledger.get(0)?.published).toBe(expected.length);
      }),
      { numRuns: 150 },
    );
  });

  test('pushes go out without waiting for answers', async () => {
    const { outbox, bus, fleet } = outboxOn(['late', 'late', 'late']);
    for (let i = 0; i < 3; i += 1) outbox.put([`${i}`], one(0), 0);
    expect(bus.pushes).toBe(3);
    expect(await queued(fleet)).toEqual(['0', '1', '2']);
  });

  test('what is on its way waits too', async () => {
    const { outbox, clock } = outboxOn(['none', 'late', 'request lost']);
    outbox.put(['a', 'b'], one(0), 0);
    await clock.advance(micros(0));
    expect([outbox.length, outbox.waiting]).toEqual([2, 2]);
    outbox.put(['c'], one(0), 0);
    outbox.put(['d'], one(0), 0);
    expect([outbox.length, outbox.waiting]).toEqual([2, 4]);
    outbox.learn(0);
    expect([outbox.length, outbox.waiting]).toEqual([0, 2]);
  });

  test('ends when a newer publisher has taken over', async () => {
    const { outbox, fleet, clock } = outboxOn();
    await new MemoryBus(fleet).fence(0, 'r', 9);
    outbox.put(['x'], one(0), 0);
    await clock.advance(micros(1_000_000));
    await outbox.flushed();
    expect(outbox.failure).toMatchObject({
      code: 'DRUM_PUBLISHER_FENCED',
      message: expect.stringContaining('epoch 9'),
    });
    expect(await queued(fleet)).toEqual([]);
  });

  test('ends when the queue has forgotten what it had confirmed', async () => {
    const { outbox, fleet, clock } = outboxOn();
    outbox.put(['x'], one(0), 0);
    await clock.advance(micros(0));
    fleet.queue(0).forget('r');
    outbox.put(['y'], one(0), 0);
    await clock.advance(micros(1_000_000));
    await outbox.flushed();
    expect(outbox.failure).toMatchObject({ code: 'DRUM_BUS_LOST', message: expect.stringContaining('confirmed 1') });
  });

  test.each(['DRUM_BUS_REFUSED', 'DRUM_BUS_UNREACHABLE', 'DRUM_BUS_CLOSED'] as const)('ends with %s', async (code) => {
    const { outbox, bus, clock } = outboxOn();
    bus.push = () => Promise.reject(new DrumlineError(code, 'no'));
    outbox.put(['x'], one(0), 0);
    outbox.put(['y'], one(0), 0);
    await clock.advance(micros(0));
    await outbox.flushed();
    expect(outbox.failure).toMatchObject({ code });
    outbox.put(['z'], one(0), 0);
    expect(outbox.waiting).toBe(3);
  });

  test('a server without memory is offered the oldest push alone until it takes it; then all goes on in order', async () => {
    const { outbox, bus, clock, fleet } = outboxOn();
    const take = bus.push.bind(bus);
    const offered: number[] = [];
    bus.push = (_, { seq }) => {
      offered.push(seq);
      return Promise.reject(new DrumlineError('DRUM_BUS_FULL', 'no memory'));
    };
    for (let i = 1; i <= 100; i += 1) outbox.put([`${i}`], one(0), i);
    await clock.advance(micros(1_000_000));
    expect(outbox).toMatchObject({ isFull: true, unanswered: 100, confirmed: 0, failure: undefined });
    expect(offered.slice(64).every((seq) => seq === 1)).toBe(true);
    bus.push = take;
    await clock.advance(micros(200_000));
    await outbox.flushed();
    expect(outbox).toMatchObject({ isFull: false, unanswered: 0, confirmed: 100 });
    expect(await queued(fleet)).toEqual(Array.from({ length: 100 }, (_, i) => `${i + 1}`));
  });

  test('however much waits, no more than a window of pushes is under way', async () => {
    const { outbox, bus, clock } = outboxOn();
    const answers: (() => void)[] = [];
    const take = bus.push.bind(bus);
    bus.push = async (queue, push) => {
      await new Promise<void>((resolve) => answers.push(resolve));
      return take(queue, push);
    };
    for (let i = 0; i < 1_000; i += 1) outbox.put([`${i}`], one(0), i);
    await clock.advance(micros(0));
    expect(answers.length).toBe(64);
    for (let answered = 0; outbox.unanswered > 0; answered += 1) {
      answers.shift()?.();
      await clock.advance(micros(0));
      expect(answers.length).toBeLessThanOrEqual(64);
      expect(answered).toBeLessThan(1_000);
    }
  });

  test('goes on after the last push that the queue has from a predecessor', async () => {
    const { fleet, clock, bus } = outboxOn();
    await bus.push(0, { run: 'r', epoch: 4, seq: 1, beat: 0, elements: ['a'], published: one(0) });
    await bus.fence(0, 'r', 5);
    const outbox = new Outbox({ bus, clock, queue: 0, run: 'r', epoch: 5, last: 1 });
    outbox.put(['b'], one(0), 1);
    await clock.advance(micros(0));
    expect(await queued(fleet)).toEqual(['a', 'b']);
    expect(outbox.confirmed).toBe(1);
  });

  test('with nothing put it is flushed', async () => {
    await expect(outboxOn().outbox.flushed()).resolves.toBeUndefined();
  });
});
