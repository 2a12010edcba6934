import { MemoryBus, MemoryFleet } from '@drumline/bus';
import { VirtualClock } from '@drumline/core/clock';
import { DeathWatch, HEARTBEAT_TTL, reclaimFrom } from '@drumline/core/fleet';
import { silentLog } from '@drumline/core/log';
import { instant, micros, millis } from '@drumline/core/units';
import { array, assert, asyncProperty, constant, constantFrom, nat, oneof, record } from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { eventually } from '../servers/index.ts';

const watches: DeathWatch[] = [];
afterEach(async () => {
  await Promise.all(watches.splice(0).map((watch) => watch.stop()));
});

/** A fleet whose registrations expire only when told to: looks go by real time, expiry by virtual. */
class Watched extends MemoryBus {
  readonly fleet: MemoryFleet;
  readonly #clock: VirtualClock;
  readonly reclaimed: string[] = [];
  looks = 0;
  /** Who is reported as missing, by the number of the look. */
  missingAt: (look: number) => readonly string[] = () => [];
  answerAfter: (look: number) => Promise<void> = () => Promise.resolve();

  constructor(clock = new VirtualClock(instant(1_000_000))) {
    const fleet = new MemoryFleet(clock);
    super(fleet);
    this.fleet = fleet;
    this.#clock = clock;
  }

  expire(): Promise<void> {
    return this.#clock.advance(micros(HEARTBEAT_TTL * 1_000 + 1));
  }

  watch(self?: string): void {
    watches.push(new DeathWatch(this, silentLog, self));
  }

  override async workers(): ReturnType<MemoryBus['workers']> {
    this.looks += 1;
    const look = this.looks;
    await this.answerAfter(look);
    return [...(await super.workers()), ...this.missingAt(look).map((worker) => ({ worker, info: undefined }))];
  }

  override async reclaim(queue: number, worker: string): Promise<number> {
    this.reclaimed.push(worker);
    return super.reclaim(queue, worker);
  }

  override async queuesOf(worker: string): Promise<number[]> {
    const queues = await super.queuesOf(worker);
    return queues.length === 0 && worker === 'ghost' ? [0] : queues;
  }

  /** A worker that has claimed an element on a queue. */
  async worker(name: string, queue: number): Promise<void> {
    await this.heartbeat(name, '{}', HEARTBEAT_TTL);
    const consumer = await this.consumer(queue, name);
    await this.push(queue, { run: name, epoch: 1, seq: 1, beat: 0, elements: [name], published: new Map() });
    await consumer.claim(10, millis(0));
  }
}

const passed = (bus: Watched, looks: number): Promise<true> =>
  eventually(`${looks} looks`, () => (bus.looks >= looks ? true : undefined));

describe('a death watch', () => {
  test('gives back what a dead worker had claimed, on queues that no config names any more too, and forgets it', async () => {
    const bus = new Watched();
    await bus.worker('dead', 7);
    await bus.expire();
    bus.watch();
    await eventually('it is given back', () => bus.fleet.queue(7).length === 1);
    await eventually('it is forgotten', async () => (await bus.workers()).length === 0);
    expect(bus.reclaimed).toEqual(['dead']);
  });

  test('leaves living workers, and its own, alone', async () => {
    const bus = new Watched();
    await bus.worker('own', 0);
    await bus.expire();
    await bus.worker('living', 1);
    bus.watch('own');
    await passed(bus, 4);
    expect(bus.reclaimed).toEqual([]);
  });

  test('who is missing at one look only has just left, and is left alone', async () => {
    const bus = new Watched();
    bus.missingAt = (look) => (look === 2 ? ['ghost'] : []);
    bus.watch();
    await passed(bus, 4);
    expect(bus.reclaimed).toEqual([]);
  });

  test('who was cut off itself takes nobody for dead for a while: others may have been cut off with it', async () => {
    const bus = new Watched();
    // The second look is answered late; those that follow at once still miss everybody.
    bus.answerAfter = (look) => new Promise((resolve) => setTimeout(resolve, look === 2 ? 1_600 : 0));
    bus.missingAt = (look) => (look > 2 && look < 8 ? ['ghost'] : []);
    bus.watch();
    await passed(bus, 9);
    expect(bus.reclaimed).toEqual([]);
  });

  test('one that comes back while it is reclaimed keeps its registration', async () => {
    class Returning extends Watched {
      override async reclaim(queue: number, worker: string): Promise<number> {
        const moved = await super.reclaim(queue, worker);
        await this.heartbeat(worker, '{}', HEARTBEAT_TTL);
        return moved;
      }
    }
    const bus = new Returning();
    await bus.worker('slow', 0);
    await bus.expire();
    bus.watch();
    await eventually('it is reclaimed', () => bus.reclaimed.length > 0);
    await passed(bus, bus.looks + 2);
    expect((await bus.workers()).map(({ info }) => info)).toEqual(['{}']);
  });

  test('a failed look changes nothing', async () => {
    const bus = new Watched();
    await bus.worker('dead', 0);
    await bus.expire();
    bus.answerAfter = (look) => (look === 2 ? Promise.reject(new Error('down')) : Promise.resolve());
    bus.watch();
    await eventually('it is given back', () => bus.fleet.queue(0).length === 1);
    expect(bus.reclaimed).toEqual(['dead']);
  });
});

describe('every element on some list', () => {
  test('is back in its queue once its worker is reclaimed, however often the worker was taken for dead before', async () => {
    const act = oneof(
      record({ kind: constantFrom('claim', 'ack', 'reclaim', 'open'), worker: nat(1), queue: nat(2) }),
      record({ kind: constant('push'), worker: constant(0), queue: nat(2) }),
    );
    await assert(
      asyncProperty(array(act, { maxLength: 60 }), async (acts) => {
        const fleet = new MemoryFleet(new VirtualClock(instant(1_000_000)));
        const bus = new MemoryBus(fleet);
        const seats = new Map<string, Awaited<ReturnType<MemoryBus['consumer']>>>();
        const held = new Map<string, string[]>();
        const seq = [0, 0, 0];
        let left = 0;
        for (const { kind, worker, queue } of acts) {
          const seat = `${worker}/${queue}`;
          const consumer = seats.get(seat) ?? (await bus.consumer(queue, `w${worker}`, 'thread'));
          seats.set(seat, consumer);
          if (kind === 'push') {
            seq[queue] = (seq[queue] ?? 0) + 1;
            left += 1;
            const elements = [`${queue}-${seq[queue]}`];
            await bus.push(queue, {
              run: 'r',
              epoch: 1,
              seq: seq[queue] ?? 0,
              beat: 0,
              elements,
              published: new Map(),
            });
          }
          if (kind === 'claim') held.set(seat, [...(held.get(seat) ?? []), ...(await consumer.claim(2, millis(0)))]);
          if (kind === 'ack') {
            const acks = (held.get(seat) ?? []).map((element) => ({ element, task: 0, ok: 0, failed: 0, dropped: 0 }));
            const before = (await consumer.held()).length;
            await consumer.ack(acks);
            left -= before - (await consumer.held()).length;
            held.delete(seat);
          }
          if (kind === 'reclaim') await reclaimFrom(bus, `w${worker}`);
        }
        for (const worker of ['w0', 'w1']) await reclaimFrom(bus, worker);
        const waiting = (await bus.queues(3)).reduce((sum, { length }) => sum + length, 0);
        expect(waiting).toBe(left);
        await bus.close();
      }),
      { numRuns: 100 },
    );
  });
});
