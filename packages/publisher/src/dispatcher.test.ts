import { MemoryBus, MemoryFleet } from '@drumline/bus';
import { VirtualClock } from '@drumline/core/clock';
import { instant, micros, millis } from '@drumline/core/units';
import type { Batch } from '@drumline/core/wire';
import { decodeElement } from '@drumline/core/wire';
import { describe, expect, test } from 'vitest';
import { Dispatcher } from './dispatcher.ts';

const batches = (count: number, at = 0): Batch[] =>
  Array.from({ length: count }, (_, i) => ({
    run: 'r',
    task: i % 2,
    first: i,
    count: 5,
    at: instant(at),
    span: micros(0),
  }));

function stage(queues: number) {
  const clock = new VirtualClock();
  const fleet = new MemoryFleet(clock);
  const bus = new MemoryBus(fleet);
  return { fleet, bus, dispatcher: new Dispatcher({ bus, clock, run: 'r', epoch: 1 }, queues) };
}

async function firsts(bus: MemoryBus, queue: number): Promise<number[]> {
  const consumer = await bus.consumer(queue, 'w');
  const elements = await consumer.claim(100, millis(0));
  return elements.map((element) => {
    const read = decodeElement(element);
    return read.kind === 'batch' ? read.batch.first : -1;
  });
}

describe('Dispatcher', () => {
  test('deals round the queues, on from where the beat before ended', async () => {
    const { bus, dispatcher } = stage(3);
    dispatcher.dispatch(batches(4));
    dispatcher.dispatch(batches(2));
    await dispatcher.flushed();
    expect(await Promise.all([0, 1, 2].map((queue) => firsts(bus, queue)))).toEqual([
      [0, 3],
      [1, 0],
      [2, 1],
    ]);
  });

  test('the ledger says how many ops of which task were published', async () => {
    const { bus, dispatcher } = stage(3);
    dispatcher.dispatch(batches(7));
    await dispatcher.flushed();
    const ledger = await bus.readLedger('r', 3);
    expect([...ledger].map(([task, { published }]) => [task, published])).toEqual([
      [0, 20],
      [1, 15],
    ]);
  });

  test('knows of every queue that it ever dealt to', async () => {
    const { bus, dispatcher } = stage(3);
    dispatcher.dispatch(batches(3));
    dispatcher.useQueues(1);
    dispatcher.dispatch(batches(2));
    await dispatcher.flushed();
    expect([dispatcher.queuesUsed, dispatcher.lengths]).toEqual([3, [3, 1, 1]]);
    await firsts(bus, 1);
    await dispatcher.look();
    expect(dispatcher.lengths).toEqual([3, 0, 1]);
  });

  test('the backlog is that of the worst queue', async () => {
    const { bus, dispatcher } = stage(2);
    dispatcher.dispatch(batches(2, 1_000));
    dispatcher.dispatch(batches(1, 5_000));
    await dispatcher.flushed();
    expect(dispatcher.backlog(instant(9_000))).toBe(8_000);
    await firsts(bus, 0);
    await firsts(bus, 1);
    expect(dispatcher.backlog(instant(9_000))).toBe(8_000);
    await dispatcher.look();
    expect(dispatcher.backlog(instant(9_000))).toBe(0);
  });
});
