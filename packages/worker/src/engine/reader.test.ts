import { VirtualClock } from '@drumline/core/clock';
import { NO_DIGEST } from '@drumline/core/data';
import { Seconds } from '@drumline/core/stats';
import { instant, micros } from '@drumline/core/units';
import { encodeBatch } from '@drumline/core/wire';
import { describe, expect, test } from 'vitest';
import { configOf, TestFleet } from '../fleet.fixture.ts';
import { Reader } from './reader.ts';

const START = instant(1_700_000_000_000_000);
const batch = (run: string): string => encodeBatch({ run, task: 0, first: 10, count: 3, at: START, span: micros(200) });

async function reader({ digests = false, task = {} } = {}) {
  const fleet = new TestFleet();
  const clock = new VirtualClock(START);
  await fleet.begin(task);
  return {
    fleet,
    clock,
    reader: new Reader({ bus: fleet.bus, clock, config: () => configOf(), digests, seconds: new Seconds(), needHttp }),
  };
}

const needHttp = (): Promise<void> => Promise.resolve();

const runs = (of: Reader, clock: VirtualClock): string[] => of.figures(clock.now()).map(({ run }) => run);

describe('Reader', () => {
  test('makes the ops of a batch: numbers, intended starts, keys', async () => {
    const { reader: read, fleet } = await reader({ task: { late: { drop: '2s' } } });
    const work = await read.read(batch('run1'));
    expect(work.ops.map(({ n, intended }) => [n, intended - START])).toEqual([
      [10, 0],
      [11, 100],
      [12, 200],
    ]);
    expect(work.late).toBe(2_000_000);
    const again = new Reader({
      bus: fleet.bus,
      clock: new VirtualClock(),
      config: () => configOf(),
      digests: false,
      seconds: new Seconds(),
      needHttp,
    });
    expect((await again.read(batch('run1'))).ops).toEqual(work.ops);
  });

  test('reads a run once, however many batches come at a time', async () => {
    const { reader: read, fleet } = await reader();
    let reads = 0;
    const readRun = fleet.bus.readRun.bind(fleet.bus);
    fleet.bus.readRun = (run) => {
      reads += 1;
      return readRun(run);
    };
    await Promise.all(Array.from({ length: 5 }, () => read.read(batch('run1'))));
    await read.read(batch('run1'));
    expect(reads).toBe(1);
  });

  test('a run that could not be read is read again', async () => {
    const { reader: read, fleet } = await reader();
    await expect(read.read(batch('late'))).rejects.toMatchObject({ code: 'DRUM_RUN_UNKNOWN' });
    await fleet.begin({}, 'late');
    expect((await read.read(batch('late'))).ops).toHaveLength(3);
  });

  test('forgets runs that have ended, some time after their last batch', async () => {
    const { reader: read, fleet, clock } = await reader();
    await fleet.begin({}, 'run2');
    await read.read(batch('run1'));
    await read.read(batch('run2'));
    await fleet.setState('done');
    expect(runs(read, clock)).toEqual(['run1', 'run2']);
    await clock.advance(micros(61_000_000));
    runs(read, clock);
    await clock.advance(micros(1));
    expect(runs(read, clock)).toEqual(['run2']);
    await fleet.setState('failed', 'run2');
    await clock.advance(micros(30_000_000));
    await read.read(batch('run2'));
    await clock.advance(micros(31_000_000));
    runs(read, clock);
    await clock.advance(micros(1));
    expect(runs(read, clock)).toEqual(['run2']);
  });

  test('keeps one that had a batch while it was asked about', async () => {
    const { reader: read, fleet, clock } = await reader();
    await read.read(batch('run1'));
    await fleet.setState('done');
    await clock.advance(micros(61_000_000));
    const answer = Promise.withResolvers<Record<string, string> | undefined>();
    fleet.bus.readRun = () => answer.promise;
    runs(read, clock);
    await clock.advance(micros(1));
    await read.read(batch('run1'));
    answer.resolve(undefined);
    await clock.advance(micros(1));
    expect(runs(read, clock)).toEqual(['run1']);
  });

  test('keeps a digest only when it is asked to', async () => {
    const plain = await reader();
    const kept = await reader({ digests: true });
    expect((await plain.reader.read(batch('run1'))).ack()).not.toHaveProperty('digest');
    expect((await kept.reader.read(batch('run1'))).ack().digest).toBe(NO_DIGEST);
  });
});
