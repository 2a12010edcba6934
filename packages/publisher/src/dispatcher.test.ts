import { MemoryBus, MemoryFleet } from '@drumline/bus';
import { VirtualClock } from '@drumline/core/clock';
import { silentLog } from '@drumline/core/log';
import { instant, micros, millis } from '@drumline/core/units';
import type { Batch } from '@drumline/core/wire';
import { decodeElement } from '@drumline/core/wire';
import { describe, expect, test } from 'vitest';
import { Dealer } from './dealer.ts';
import { Dispatcher } from './dispatcher.ts';
import { Journal } from './journal.ts';

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
  const journal = new Journal({ bus, clock, run: 'r', epoch: 1, log: silentLog });
  const dispatcher = new Dispatcher({ bus, clock, run: 'r', epoch: 1, journal }, queues);
  const dealer = new Dealer(queues);
  const dispatch = (parcel: Batch[], beat = 0): void => dispatcher.dispatch(dealer.deal(parcel), beat);
  return { fleet, bus, clock, journal, dispatcher, dealer, dispatch };
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
    const { bus, dispatcher, dispatch } = stage(3);
    dispatch(batches(4));
    dispatch(batches(2));
    await dispatcher.flushed();
    expect(await Promise.all([0, 1, 2].map((queue) => firsts(bus, queue)))).toEqual([
      [0, 3],
      [1, 0],
      [2, 1],
    ]);
  });

  test('the ledger says how many ops of which task were published', async () => {
    const { bus, dispatcher, dispatch } = stage(3);
    dispatch(batches(7));
    await dispatcher.flushed();
    const ledger = await bus.readLedger('r', 3);
    expect([...ledger].map(([task, { published }]) => [task, published])).toEqual([
      [0, 20],
      [1, 15],
    ]);
  });

  test('knows of every queue that it ever dealt to', async () => {
    const { bus, dispatcher, dealer, dispatch } = stage(3);
    dispatch(batches(3));
    dealer.useQueues(1);
    dispatch(batches(2));
    await dispatcher.flushed();
    expect([dispatcher.queuesUsed, dispatcher.lengths]).toEqual([3, [3, 1, 1]]);
    await firsts(bus, 1);
    await dispatcher.look();
    expect(dispatcher.lengths).toEqual([3, 0, 1]);
  });

  test('the backlog is that of the worst queue', async () => {
    const { bus, dispatcher, dispatch } = stage(2);
    dispatch(batches(2, 1_000));
    dispatch(batches(1, 5_000));
    await dispatcher.flushed();
    expect(dispatcher.backlog(instant(9_000))).toBe(8_000);
    await firsts(bus, 0);
    await firsts(bus, 1);
    expect(dispatcher.backlog(instant(9_000))).toBe(8_000);
    await dispatcher.look();
    expect(dispatcher.backlog(instant(9_000))).toBe(0);
  });

  test('what depends on a decision waits until that is in the bus, and what comes after it too', async () => {
    const { bus, journal, dispatcher, dispatch } = stage(1);
    dispatch(batches(1), 0);
    const write = Promise.withResolvers<boolean>();
    bus.writeRun = () => write.promise;
    journal.decide({ end: 7 });
    dispatch(batches(2), 1);
    dispatch(batches(3), 2);
    await dispatcher.look();
    expect(dispatcher.lengths).toEqual([1]);
    expect([0, 1, 2].map((beat) => dispatcher.hasDelivered(beat))).toEqual([true, true, false]);
    write.resolve(true);
    await dispatcher.flushed();
    expect(await firsts(bus, 0)).toEqual([0, 0, 1, 0, 1, 2]);
    expect(dispatcher.hasDelivered(3)).toBe(true);
  });

  test('goes on with the numbers of a predecessor', async () => {
    const { bus, clock, journal } = stage(1);
    const push = { run: 'r', epoch: 1, seq: 1, beat: 4, elements: ['x', 'y'], published: new Map<number, number>() };
    await bus.push(0, push);
    const dispatcher = new Dispatcher({ bus, clock, run: 'r', epoch: 1, journal }, 1, [
      { last: 1, length: 2, at: instant(3_000) },
    ]);
    expect(dispatcher.backlog(instant(10_000))).toBe(7_000);
    dispatcher.dispatch(new Map([[0, batches(1)]]), 5);
    await dispatcher.flushed();
    expect([dispatcher.failure, dispatcher.lengths]).toEqual([undefined, [3]]);
  });
});
