import type { Bus } from '@drumline/core/bus';
import { millis } from '@drumline/core/units';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { claimAll, done, MAY_STAY, NOW, type OpenPlace, type Place, push, SOON, until } from './harness.ts';

/** Everything that the Bus port promises, to be run against each implementation and each kind of server. */
export function testBus(name: string, open: () => OpenPlace): void {
  describe(`the bus on ${name}`, () => {
    let place: Place;
    let bus: Bus;
    let other: Bus;

    beforeEach(async () => {
      place = open()();
      bus = await place.connect();
      other = await place.connect();
    });
    afterEach(async () => {
      const left = await place.end();
      expect(left.filter((key) => !MAY_STAY.test(key))).toEqual([]);
    });

    const ledgerOf = async (queues = 1, run = 'r') => Object.fromEntries(await bus.readLedger(run, queues));

    describe('config, clock and messages', () => {
      test('the clock is within a second of this machine’s', async () => {
        const now = await bus.time();
        expect(Number.isInteger(now) || now > 0).toBe(true);
        expect(Math.abs(now / 1_000 - Date.now())).toBeLessThan(1_000);
      });

      test('the config is absent until somebody writes it, and then the same for all', async () => {
        expect(await bus.readConfig()).toBeUndefined();
        await bus.writeConfig('{"threads":4} ü');
        expect(await other.readConfig()).toBe('{"threads":4} ü');
      });

      test('a command reaches every listener once and says how many there were', async () => {
        const heard: string[] = [];
        expect(await bus.notify('nobody')).toBe(0);
        const stop = await bus.onNotify((message) => heard.push(`a ${message}`));
        await other.onNotify((message) => heard.push(`b ${message}`));
        expect(await bus.notify('ping')).toBe(2);
        await until(() => heard.length === 2);
        expect(heard.sort()).toEqual(['a ping', 'b ping']);
        await stop();
        await until(async () => (await bus.notify('again')) === 1);
        await until(() => heard.includes('b again'));
        expect(heard).not.toContain('a again');
      });

      test('reports and commands do not mix, and keep their order', async () => {
        const reports: string[] = [];
        const commands: string[] = [];
        await bus.onReport((message) => reports.push(message));
        await bus.onNotify((message) => commands.push(message));
        for (let i = 0; i < 20; i += 1) await other.report(String(i));
        await other.notify('end');
        await until(() => reports.length === 20 && commands.length === 1);
        expect(reports).toEqual(Array.from({ length: 20 }, (_, i) => String(i)));
      });

      test('a listener that is given twice hears twice', async () => {
        let heard = 0;
        const listener = (): void => {
          heard += 1;
        };
        const stop = await bus.onReport(listener);
        await bus.onReport(listener);
        await other.report('x');
        await until(() => heard === 2);
        await stop();
        await other.report('y');
        await until(() => heard > 2);
        expect(heard).toBe(3);
      });
    });

    describe('the publisher’s lock', () => {
      test('is one publisher’s, and shows who holds it', async () => {
        expect(await bus.acquireLock('first {"pid":1}\nline', SOON)).toEqual({ kind: 'acquired', epoch: 1 });
        expect(await other.acquireLock('second', SOON)).toEqual({ kind: 'held', holder: 'first {"pid":1}\nline' });
        expect(await other.lockHolder()).toBe('first {"pid":1}\nline');
        expect(await bus.renewLock(1, 'still first', SOON)).toBe(true);
        expect(await other.lockHolder()).toBe('still first');
        await bus.releaseLock(1);
        expect(await other.lockHolder()).toBeUndefined();
      });

      test('gets a greater epoch each time, also after it has expired, and an old epoch can neither renew nor release it', async () => {
        expect(await bus.acquireLock('first', millis(30))).toEqual({ kind: 'acquired', epoch: 1 });
        await until(async () => (await bus.lockHolder()) === undefined);
        expect(await bus.renewLock(1, 'late', SOON)).toBe(false);
        const second = await other.acquireLock('second', SOON);
        if (second.kind !== 'acquired') throw new Error('held');
        expect(second.epoch).toBeGreaterThan(1);
        expect(await bus.renewLock(1, 'late', SOON)).toBe(false);
        await bus.releaseLock(1);
        expect(await bus.lockHolder()).toBe('second');
        await other.releaseLock(second.epoch);
      });

      test('is won by exactly one of many that try at once, and epochs grow over many changes of hands', async () => {
        let last = 0;
        for (let round = 0; round < 5; round += 1) {
          const replies = await Promise.all(
            [bus, other, bus, other].map((handle, i) => handle.acquireLock(`p${i}`, SOON)),
          );
          const epochs = replies.flatMap((reply) => (reply.kind === 'acquired' ? [reply.epoch] : []));
          expect(epochs).toHaveLength(1);
          expect(epochs[0]).toBeGreaterThan(last);
          last = epochs[0] ?? 0;
          await bus.releaseLock(last);
        }
      });
    });

    describe('runs and workers', () => {
      test('a run’s fields are written bit by bit and read whole', async () => {
        expect(await bus.readRun('r')).toBeUndefined();
        await bus.writeRun('r', { plan: '[]', state: 'running' });
        await bus.writeRun('r', { state: 'done' });
        await bus.writeRun('r', {});
        expect({ ...(await other.readRun('r')) }).toEqual({ plan: '[]', state: 'done' });
      });

      test('an ended run expires with its share in every queue, and a late ack does not bring it back', async () => {
        await bus.writeRun('r', { plan: '[]' });
        await bus.push(0, push(1, ['a']));
        await bus.push(1, push(1, ['b']));
        const consumer = await other.consumer(0, 'w');
        expect(await consumer.claim(1, SOON)).toEqual(['a']);
        await bus.expireRun('r', 2, millis(20));
        await until(async () => (await bus.readRun('r')) === undefined && (await bus.readLedger('r', 2)).size === 0);
        await consumer.ack([done('a')]);
        expect(await bus.readLedger('r', 2)).toEqual(new Map());
        expect(await consumer.held()).toEqual([]);
      });

      test('a worker is alive until its heartbeat expires, known until it leaves', async () => {
        await bus.heartbeat('w1', 'one', SOON);
        await other.heartbeat('w/2', 'two', millis(20));
        await until(async () =>
          (await bus.workers()).every(({ worker, info }) => worker === 'w1' || info === undefined),
        );
        expect(await bus.workers()).toEqual([
          { worker: 'w/2', info: undefined },
          { worker: 'w1', info: 'one' },
        ]);
        await bus.heartbeat('w1', 'one again', SOON);
        await bus.leave('w/2');
        expect(await bus.workers()).toEqual([{ worker: 'w1', info: 'one again' }]);
        await bus.leave('w1');
        expect(await bus.workers()).toEqual([]);
      });

      test('a worker that leaves with claimed elements stays known until it is reclaimed', async () => {
        await bus.push(0, push(1, ['a', 'b']));
        await other.heartbeat('w', 'here', SOON);
        const consumer = await other.consumer(0, 'w');
        await claimAll(consumer, 1);
        await consumer.close();
        await other.leave('w');
        expect(await bus.workers()).toEqual([{ worker: 'w', info: undefined }]);
        expect(await bus.reclaim(0, 'w')).toBe(1);
        expect(await bus.workers()).toEqual([]);
      });
    });

    describe('push', () => {
      test('answers the queue’s length and counts what was published, by task and over queues', async () => {
        const published = new Map([
          [0, 3],
          [7, 2],
        ]);
        expect(await bus.push(0, push(1, ['a', 'b'], { published }))).toEqual({ kind: 'pushed', length: 2 });
        expect(await bus.push(0, push(2, ['c']))).toEqual({ kind: 'pushed', length: 3 });
        expect(await bus.push(1, push(1, ['d']))).toEqual({ kind: 'pushed', length: 1 });
        expect(await ledgerOf(2)).toEqual({
          0: { published: 5, ok: 0, failed: 0, dropped: 0, duplicate: 0 },
          7: { published: 2, ok: 0, failed: 0, dropped: 0, duplicate: 0 },
        });
        expect((await bus.queues(3)).map(({ length }) => length)).toEqual([3, 1, 0]);
        expect(await ledgerOf(2, 'another run')).toEqual({});
      });

      test('a repeat of a number changes nothing', async () => {
        await bus.push(0, push(1, ['a']));
        await bus.push(0, push(2, ['b']));
        expect(await bus.push(0, push(2, ['b']))).toEqual({ kind: 'pushed', length: 2 });
        expect(await bus.push(0, push(1, ['a']))).toEqual({ kind: 'pushed', length: 2 });
        expect((await ledgerOf())[0]?.published).toBe(2);
      });

      test('a number that is too high is refused with the last one', async () => {
        expect(await bus.push(0, push(2, ['b']))).toEqual({ kind: 'gap', last: 0 });
        await bus.push(0, push(1, ['a']));
        expect(await bus.push(0, push(3, ['c']))).toEqual({ kind: 'gap', last: 1 });
        expect((await bus.queues(1))[0]?.length).toBe(1);
      });

      test('an older epoch is shut out by a newer one’s push or fence, which says where the queue stands', async () => {
        await bus.push(0, push(1, ['a']));
        expect(await other.fence(0, 'r', 5)).toEqual({ kind: 'ready', last: 1 });
        expect(await bus.push(0, push(2, ['old']))).toEqual({ kind: 'fenced', epoch: 5 });
        expect(await bus.fence(0, 'r', 4)).toEqual({ kind: 'fenced', epoch: 5 });
        expect(await other.push(0, push(2, ['new'], { epoch: 5 }))).toEqual({ kind: 'pushed', length: 2 });
        expect(await other.push(0, push(3, ['newer'], { epoch: 6 }))).toEqual({ kind: 'pushed', length: 3 });
        expect(await other.push(0, push(4, ['x'], { epoch: 5 }))).toEqual({ kind: 'fenced', epoch: 6 });
        expect(await bus.fence(0, 'fresh', 1)).toEqual({ kind: 'ready', last: 0 });
      });

      test('a new epoch that repeats its predecessor’s number is told where the queue stands, and nothing is lost', async () => {
        await bus.push(0, push(1, ['a']));
        expect(await other.push(0, push(1, ['b'], { epoch: 2 }))).toEqual({ kind: 'gap', last: 1 });
        expect(await other.push(0, push(2, ['b'], { epoch: 2 }))).toEqual({ kind: 'pushed', length: 2 });
      });

      test('runs share a queue without knowing of each other', async () => {
        await bus.push(0, push(1, ['a']));
        await bus.push(0, push(1, ['b'], { run: 's', epoch: 9 }));
        expect(await bus.push(0, push(2, ['c']))).toEqual({ kind: 'pushed', length: 3 });
      });

      test('a large push arrives whole and in order', async () => {
        const elements = Array.from({ length: 12_000 }, (_, i) => `e${i}`);
        expect(await bus.push(0, push(1, elements))).toEqual({ kind: 'pushed', length: elements.length });
        const consumer = await other.consumer(0, 'w');
        expect(await claimAll(consumer, elements.length, 7_000)).toEqual(elements);
        await consumer.ack(elements.map((element) => done(element)));
        expect((await ledgerOf())[0]?.ok).toBe(elements.length);
      });

      test('whatever an element holds comes out the same', async () => {
        const hostile = [
          '',
          ' ',
          '"\'`\\',
          '\0\u0001\r\n$3\r\n',
          '00012',
          '-1',
          'ünïcødé 🥁',
          '{"a":[1]}',
          '%d%s',
          'x'.repeat(1_000_000),
        ];
        await bus.push(0, push(1, hostile));
        const consumer = await other.consumer(0, 'w');
        expect(await claimAll(consumer, hostile.length, 100)).toEqual(hostile);
        expect(await consumer.held()).toEqual(hostile);
        await consumer.ack(hostile.map((element) => done(element)));
        expect(await consumer.held()).toEqual([]);
        expect((await ledgerOf())[0]).toMatchObject({ ok: hostile.length, duplicate: 0 });
      });
    });

    describe('claim', () => {
      test('takes from the head, oldest first, up to max', async () => {
        await bus.push(0, push(1, ['a', 'b', 'c', 'd', 'e']));
        const consumer = await other.consumer(0, 'w');
        expect(await consumer.claim(2, NOW)).toEqual(['a', 'b']);
        expect(await consumer.claim(1, SOON)).toEqual(['c']);
        expect(await consumer.claim(9, SOON)).toEqual(['d', 'e']);
        expect(await consumer.claim(9, NOW)).toEqual([]);
        expect(await consumer.held()).toEqual(['a', 'b', 'c', 'd', 'e']);
        await consumer.ack(['a', 'b', 'c', 'd', 'e'].map((element) => done(element)));
      });

      test('waits no longer than it was told, and wakes up when something comes', async () => {
        const consumer = await other.consumer(0, 'w');
        const before = performance.now();
        expect(await consumer.claim(1, millis(60))).toEqual([]);
        expect(performance.now() - before).toBeGreaterThanOrEqual(55);
        const waiting = consumer.claim(5, SOON);
        await bus.push(0, push(1, ['a']));
        expect(await waiting).toContain('a');
        await consumer.ack([done('a')]);
      });

      test('several claims of one consumer are served one after the other', async () => {
        await bus.push(0, push(1, ['a', 'b', 'c']));
        const consumer = await other.consumer(0, 'w');
        expect(await Promise.all([consumer.claim(1, SOON), consumer.claim(2, SOON)])).toEqual([['a'], ['b', 'c']]);
        await consumer.giveBack(['a', 'b', 'c']);
      });

      test('two consumers of a queue, of one worker or of two, never get the same element', async () => {
        const all = Array.from({ length: 300 }, (_, i) => `e${i}`);
        const consumers = [await bus.consumer(0, 'w'), await bus.consumer(0, 'w'), await other.consumer(0, 'v')];
        const claimed = consumers.map(async (consumer) => {
          const mine: string[] = [];
          for (;;) {
            const more = await consumer.claim(7, millis(300));
            if (more.length === 0) return mine;
            mine.push(...more);
            await consumer.ack(more.map((element) => done(element)));
          }
        });
        for (let i = 0; i < 30; i += 1) await bus.push(0, push(i + 1, all.slice(i * 10, i * 10 + 10)));
        const shares = await Promise.all(claimed);
        expect(shares.flat().sort()).toEqual(all.sort());
        expect((await ledgerOf())[0]).toEqual({ published: 300, ok: 300, failed: 0, dropped: 0, duplicate: 0 });
      });

      test('a waiting claim ends when its consumer or the bus is closed, soon, and takes nothing with it', async () => {
        const handle = await place.connect();
        const consumer = await handle.consumer(0, 'w');
        const second = await handle.consumer(0, 'w');
        const waiting = consumer.claim(1, millis(60_000)).catch((error: unknown) => error);
        const alsoWaiting = second.claim(1, millis(60_000)).catch((error: unknown) => error);
        const before = performance.now();
        await consumer.close();
        await handle.close();
        expect(await waiting).toMatchObject({ code: 'DRUM_BUS_CLOSED' });
        expect(await alsoWaiting).toMatchObject({ code: 'DRUM_BUS_CLOSED' });
        expect(performance.now() - before).toBeLessThan(5_000);
        await bus.push(0, push(1, ['a']));
        expect((await bus.queues(1))[0]?.length).toBe(1);
        await expect(consumer.claim(1, NOW)).rejects.toMatchObject({ code: 'DRUM_BUS_CLOSED' });
        await expect(handle.readConfig()).rejects.toMatchObject({ code: 'DRUM_BUS_CLOSED' });
        await handle.close();
      });
    });

    describe('ack', () => {
      test('counts outcomes by task and takes the elements off the list', async () => {
        await bus.push(
          0,
          push(1, ['a', 'b', 'c'], {
            published: new Map([
              [0, 20],
              [1, 5],
            ]),
          }),
        );
        const consumer = await other.consumer(0, 'w');
        await claimAll(consumer, 3);
        await consumer.ack([done('a', { ok: 7, failed: 2, dropped: 1 }), done('b', { ok: 10 })]);
        await consumer.ack([done('c', { task: 1, ok: 0, failed: 5 })]);
        await consumer.ack([]);
        expect(await ledgerOf()).toEqual({
          0: { published: 20, ok: 17, failed: 2, dropped: 1, duplicate: 0 },
          1: { published: 5, ok: 0, failed: 5, dropped: 0, duplicate: 0 },
        });
        expect(await consumer.held()).toEqual([]);
      });

      test('an element that was reclaimed meanwhile counts as duplicate for the first and in full for the second', async () => {
        await bus.push(0, push(1, ['a'], { published: new Map([[0, 4]]) }));
        const slow = await bus.consumer(0, 'slow');
        await claimAll(slow, 1);
        expect(await other.reclaim(0, 'slow')).toBe(1);
        const quick = await other.consumer(0, 'quick');
        await claimAll(quick, 1);
        await slow.ack([done('a', { ok: 3, failed: 1 })]);
        await quick.ack([done('a', { ok: 4 })]);
        expect(await ledgerOf()).toEqual({ 0: { published: 4, ok: 4, failed: 0, dropped: 0, duplicate: 4 } });
      });

      test('identical elements are acknowledged one by one', async () => {
        await bus.push(0, push(1, ['same', 'same', 'same']));
        const consumer = await other.consumer(0, 'w');
        await claimAll(consumer, 3);
        await Promise.all([consumer.ack([done('same')]), consumer.ack([done('same')])]);
        expect(await consumer.held()).toEqual(['same']);
        await consumer.ack([done('same'), done('same')]);
        expect((await ledgerOf())[0]).toMatchObject({ ok: 3, duplicate: 1 });
      });

      test('an element of no run is only taken off the list', async () => {
        await bus.push(0, push(1, ['plain']));
        const consumer = await other.consumer(0, 'w');
        await claimAll(consumer, 1);
        await consumer.ack([{ element: 'plain', task: 0, ok: 1, failed: 0, dropped: 0 }]);
        expect(await consumer.held()).toEqual([]);
        expect((await ledgerOf())[0]).toMatchObject({ published: 1, ok: 0, duplicate: 0 });
      });

      test('acks that overlap, of several runs, are each counted once', async () => {
        const names = Array.from({ length: 60 }, (_, i) => `e${i}`);
        await bus.push(0, push(1, names.slice(0, 30)));
        await bus.push(0, push(1, names.slice(30), { run: 's' }));
        const consumer = await other.consumer(0, 'w');
        await claimAll(consumer, 60);
        await Promise.all(names.map((element, i) => consumer.ack([done(element, { run: i < 30 ? 'r' : 's' })])));
        expect((await ledgerOf())[0]?.ok).toBe(30);
        expect((await ledgerOf(1, 's'))[0]?.ok).toBe(30);
      });
    });

    describe('elements that are not executed', () => {
      test('given back ones are at the head again, in their order', async () => {
        await bus.push(0, push(1, ['a', 'b', 'c', 'd']));
        const consumer = await other.consumer(0, 'w');
        await claimAll(consumer, 3);
        await consumer.giveBack(['b', 'c']);
        await consumer.giveBack([]);
        await consumer.giveBack(['not held']);
        expect(await consumer.held()).toEqual(['a']);
        expect(await consumer.claim(9, NOW)).toEqual(['b', 'c', 'd']);
        await consumer.giveBack(['a', 'b', 'c', 'd']);
      });

      test('a waiting consumer gets what another gives back', async () => {
        await bus.push(0, push(1, ['a']));
        const first = await bus.consumer(0, 'v');
        const second = await other.consumer(0, 'w');
        await claimAll(first, 1);
        const waiting = second.claim(1, SOON);
        await first.giveBack(['a']);
        expect(await waiting).toEqual(['a']);
        await second.ack([done('a')]);
      });

      test('a dead worker’s are at the head again, in their order, those of all its consumers, and a repeat finds none', async () => {
        await bus.push(0, push(1, ['a', 'b', 'c']));
        const one = await other.consumer(0, 'w');
        const two = await other.consumer(0, 'w');
        const elsewhere = await other.consumer(1, 'w');
        await claimAll(one, 2);
        await claimAll(two, 1);
        expect(await bus.reclaim(0, 'w')).toBe(3);
        expect(await bus.reclaim(0, 'w')).toBe(0);
        expect(await bus.reclaim(0, 'unknown')).toBe(0);
        const third = await bus.consumer(0, 'v');
        expect((await claimAll(third, 3)).sort()).toEqual(['a', 'b', 'c']);
        await third.giveBack(['a', 'b', 'c']);
        await elsewhere.close();
      });

      test('one dead thread’s can be reclaimed alone, or are taken over by its successor', async () => {
        await bus.push(0, push(1, ['a', 'b', 'c']));
        const one = await other.consumer(0, 'w', 'thread 1');
        const two = await other.consumer(0, 'w', 'thread/2');
        await claimAll(one, 1);
        await claimAll(two, 2);
        expect(await bus.reclaim(0, 'w', 'thread 1')).toBe(1);
        expect(await two.held()).toEqual(['b', 'c']);
        await two.close();
        const successor = await bus.consumer(0, 'w', 'thread/2');
        expect(await successor.claim(1, SOON)).toEqual(['b']);
        expect(await successor.claim(9, SOON)).toEqual(['c']);
        expect(await successor.claim(9, SOON)).toEqual(['a']);
        await successor.ack([done('a'), done('b'), done('c')]);
        expect((await ledgerOf())[0]).toMatchObject({ ok: 3, duplicate: 0 });
      });

      test('a worker that was taken for dead goes on, and can be reclaimed again', async () => {
        await bus.push(0, push(1, ['a']));
        const consumer = await other.consumer(0, 'w');
        await claimAll(consumer, 1);
        expect(await bus.reclaim(0, 'w')).toBe(1);
        await until(async () => {
          await consumer.claim(1, NOW);
          return (await bus.workers()).length === 1;
        });
        expect(await consumer.held()).toEqual(['a']);
        expect(await bus.reclaim(0, 'w')).toBe(1);
      });

      test('an unreadable one goes to the dead letters with reason, worker and time', async () => {
        const garbage = '\0{not json "ü"';
        await bus.push(0, push(1, ['a', garbage]));
        const consumer = await other.consumer(0, 'w');
        await claimAll(consumer, 2);
        await consumer.bury(garbage, 'it is not JSON');
        await consumer.bury('not held', 'never mind');
        expect(await consumer.held()).toEqual(['a']);
        expect(await bus.queues(2)).toEqual([
          { queue: 0, length: 0, dead: 1 },
          { queue: 1, length: 0, dead: 0 },
        ]);
        const [letter, ...others] = await bus.deadLetters(0, 10);
        expect(others).toEqual([]);
        expect(letter).toMatchObject({ element: garbage, reason: 'it is not JSON', worker: 'w' });
        expect(Math.abs(Date.parse(letter?.at ?? '') - Date.now())).toBeLessThan(5_000);
        await consumer.giveBack(['a']);
      });

      test('dead letters are capped at 1,000, the oldest go first', async () => {
        const names = Array.from({ length: 1_003 }, (_, i) => `e${i}`);
        await bus.push(0, push(1, names));
        const consumer = await other.consumer(0, 'w');
        await claimAll(consumer, names.length, 2_000);
        for (const name of names.slice(0, 500)) void consumer.bury(name, 'x');
        await Promise.all(names.slice(500).map((name) => consumer.bury(name, 'x')));
        expect((await bus.queues(1))[0]?.dead).toBe(1_000);
        expect((await bus.deadLetters(0, 2)).map(({ element }) => element)).toEqual(['e1001', 'e1002']);
        expect(await bus.deadLetters(0, 0)).toEqual([]);
        expect((await bus.deadLetters(0, 5_000))[0]?.element).toBe('e3');
      });
    });
  });
}
