import { MemoryBus } from '@drumline/bus';
import { decodeDecisions } from '@drumline/core/run';
import { micros } from '@drumline/core/units';
import { describe, expect, test } from 'vitest';
import type { GapPolicy } from './gap.ts';
import { columns } from './ledger.fixture.ts';
import { Publisher } from './publisher.ts';
import type { PremiereOptions, TakeoverOptions } from './publisher-options.ts';
import { configOf, Stage } from './stage.fixture.ts';

const GET = { action: 'getItem', qps: 100, times: 400 };
/** ms: a lock that nobody renews is free, and found to be so, after that. */
const EXPIRED = 5_200;

/** A bus that its process does not reach any more. */
class MortalBus extends MemoryBus {
  isDead = false;

  kill(): void {
    this.isDead = true;
    const never = (): Promise<never> => new Promise(() => undefined);
    Object.assign(this, {
      push: never,
      writeRun: never,
      renewLock: never,
      acquireLock: never,
      releaseLock: never,
      expireRun: never,
      readLedger: never,
      notify: never,
      report: never,
      queues: never,
    });
  }
}

/** A publisher that can be killed, and the stage that it plays on. */
async function mortal(file: unknown, change: Partial<PremiereOptions> = {}) {
  const stage = new Stage();
  const bus = new MortalBus(stage.fleet);
  const publisher = await stage.prepare(file, { bus, ...change });
  void publisher.run();
  return { stage, bus };
}

function takeover(stage: Stage, gap: GapPolicy = 'send', change: Partial<TakeoverOptions> = {}): Promise<Publisher> {
  return Publisher.takeOver({ ...stage.options([GET]), gap, ...change });
}

/** Takes a run over once the lock has expired, and plays it to its end. */
async function goOn(stage: Stage, gap: GapPolicy = 'send') {
  const publisher = await takeover(stage, gap);
  return { publisher, outcome: await stage.toEnd(publisher.run()) };
}

const numbers = (stage: Stage, task = 0): number[] =>
  stage.found
    .filter(({ batch }) => batch.task === task)
    .flatMap(({ batch }) => Array.from({ length: batch.count }, (_, i) => batch.first + i))
    .toSorted((a, b) => a - b);
const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

describe('a run that is taken over', () => {
  test('has each op once, at its intended time, and its account is that of one publisher', async () => {
    const { stage, bus } = await mortal([GET, { ...GET, times: 30 }]);
    await stage.pass(2_345);
    bus.kill();
    await stage.pass(EXPIRED);
    const { publisher, outcome } = await goOn(stage);
    expect(numbers(stage)).toEqual(upTo(400));
    expect(numbers(stage, 1)).toEqual(upTo(30));
    expect(stage.intended()).toEqual(upTo(400).map((i) => i * 10));
    expect(columns(outcome)).toEqual({ planned: 430, published: 430, ok: 430, dropped: 0, balanced: true });
    const { beat = 0, gap } = publisher.resumed ?? {};
    expect(beat).toBeGreaterThan(220);
    expect(beat).toBeLessThan(245);
    expect(gap?.beats).toBeGreaterThan(480);
    expect(gap?.time).toBe((gap?.beats ?? 0) * 10_000);
    const span = outcome.spans.get(0);
    expect([outcome.scale, (span?.to ?? 0) - (span?.from ?? 0)]).toEqual(['1', 4_000_000]);
    expect(outcome.planned.between(0, span?.from ?? outcome.started, outcome.ended)).toBe(400);
    expect(await stage.record()).toMatchObject({ state: 'done' });
    expect(await stage.bus.lockHolder()).toBeUndefined();
  });

  test('drop: what nobody published meanwhile is dropped and counted', async () => {
    const { stage, bus } = await mortal([{ ...GET, times: 1_000 }]);
    await stage.pass(2_000);
    bus.kill();
    await stage.pass(EXPIRED);
    const { publisher, outcome } = await goOn(stage, 'drop');
    const { planned, published, ok, dropped, balanced } = columns(outcome);
    expect([planned, published, ok + dropped, balanced]).toEqual([1_000, ok, 1_000, true]);
    expect(dropped).toBe(publisher.resumed?.gap.beats);
    expect(dropped).toBeGreaterThan(500);
    for (const { batch, at } of stage.found) expect(at - batch.at).toBeLessThan(60_000);
  });

  test('shift: everything comes later by as long as the gap lasted', async () => {
    const { stage, bus } = await mortal([{ ...GET, times: 400 }]);
    await stage.pass(2_000);
    bus.kill();
    await stage.pass(EXPIRED);
    const { publisher, outcome } = await goOn(stage, 'shift');
    expect(columns(outcome)).toMatchObject({ ok: 400, dropped: 0, balanced: true });
    const gaps = stage.intended().map((at, i, all) => at - (all[i - 1] ?? at));
    const { time = micros(0) } = publisher.resumed?.gap ?? {};
    expect(gaps.filter((gap) => gap > 11)).toEqual([10 + time / 1_000]);
    expect(time).toBeGreaterThan(5_000_000);
  });

  test.each(['send', 'drop', 'shift'] as const)('%s: survives the death of the successor too', async (gap) => {
    const { stage, bus } = await mortal([[{ ...GET, times: 1_500 }], { ...GET, times: 20 }]);
    await stage.pass(2_000);
    bus.kill();
    await stage.pass(EXPIRED);
    const second = new MortalBus(stage.fleet);
    void (await takeover(stage, gap, { bus: second })).run();
    await stage.pass(1_234);
    second.kill();
    await stage.pass(EXPIRED);
    const { outcome } = await goOn(stage, gap);
    const { planned, ok, dropped, balanced } = columns(outcome);
    expect([planned, ok + dropped, balanced]).toEqual([1_520, 1_520, true]);
    expect(new Set(numbers(stage)).size).toBe(numbers(stage).length);
    expect(numbers(stage, 1)).toEqual(upTo(20));
  });

  test('stays paused when it was, at its rate, and its queues', async () => {
    const { stage, bus } = await mortal([GET]);
    await stage.pass(500);
    await stage.tell('rate', { rate: '2x' });
    await stage.bus.writeConfig(configOf(5));
    await stage.tell('update_config');
    await stage.pass(200);
    await stage.tell('pause');
    bus.kill();
    await stage.pass(EXPIRED);
    const found = stage.found.length;
    const publisher = await takeover(stage);
    const running = publisher.run();
    await stage.pass(1_000);
    expect(publisher.status).toMatchObject({ state: 'paused', factor: '2' });
    expect(publisher.resumed?.gap.beats).toBe(0);
    expect(stage.found.length).toBe(found);
    expect(await stage.tell('resume')).toMatchObject({ ok: true });
    const outcome = await stage.toEnd(running);
    expect(columns(outcome)).toMatchObject({ ok: 400, balanced: true });
    expect(outcome.queues).toBe(5);
    const gaps = stage.intended().map((at, i, all) => at - (all[i - 1] ?? at));
    expect(gaps.slice(-100).every((gap) => gap === 5)).toBe(true);
    expect(gaps.filter((gap) => gap > 11)).toHaveLength(1);
  });

  test('at a barrier goes on waiting for its outcomes', async () => {
    const { stage, bus } = await mortal([
      { ...GET, times: 50 },
      { ...GET, times: 10 },
    ]);
    stage.works = false;
    await stage.pass(1_000);
    bus.kill();
    await stage.pass(EXPIRED);
    const running = (await takeover(stage)).run();
    await stage.pass(1_000);
    stage.works = true;
    const outcome = await stage.toEnd(running);
    expect(columns(outcome)).toMatchObject({ ok: 60, balanced: true });
    expect(numbers(stage, 1)).toEqual(upTo(10));
  });

  test('publishes nothing more when it was draining', async () => {
    const { stage, bus } = await mortal([GET]);
    await stage.pass(500);
    stage.works = false;
    await stage.tell('drain');
    bus.kill();
    await stage.pass(EXPIRED);
    const running = (await takeover(stage)).run();
    await stage.pass(500);
    stage.works = true;
    const outcome = await stage.toEnd(running);
    const { planned, ok, balanced } = columns(outcome);
    expect([outcome.state, planned === ok, balanced]).toEqual(['done', true, true]);
    expect(planned).toBeLessThan(70);
  });

  test('that was being stopped has what is not sent dropped', async () => {
    const { stage, bus } = await mortal([GET]);
    stage.works = false;
    await stage.pass(500);
    const told = stage.tell('stop');
    await stage.clock.advance(micros(1_000));
    bus.kill();
    await told;
    await stage.pass(EXPIRED);
    const { outcome } = await goOn(stage);
    const { planned, dropped, balanced } = columns(outcome);
    expect([outcome.state, planned, balanced]).toEqual(['stopped', dropped, true]);
    expect(planned).toBeGreaterThan(30);
  });
});

describe('taking over is refused', () => {
  test('of a run that is unknown, and of one that has ended', async () => {
    const stage = new Stage();
    await expect(takeover(stage)).rejects.toMatchObject({ code: 'DRUM_RESUME_UNKNOWN', exit: 2 });
    await stage.toEnd((await stage.prepare([{ ...GET, times: 5 }])).run());
    await expect(takeover(stage)).rejects.toMatchObject({ code: 'DRUM_RESUME_ENDED', exit: 2 });
    expect(await stage.bus.lockHolder()).toBeUndefined();
  });

  test('while its publisher is alive', async () => {
    const { stage } = await mortal([GET]);
    await stage.pass(200);
    await expect(takeover(stage)).rejects.toMatchObject({ code: 'DRUM_PUBLISHER_LOCKED' });
  });

  test('when a queue has other pushes than the record says', async () => {
    const { stage, bus } = await mortal([GET]);
    await stage.pass(2_000);
    bus.kill();
    await stage.pass(EXPIRED);
    stage.bus.fence = () => Promise.resolve({ kind: 'ready', last: 1, beat: 0 });
    await expect(takeover(stage, 'send', { bus: stage.bus })).rejects.toMatchObject({ code: 'DRUM_BUS_LOST' });
    expect(await stage.bus.lockHolder()).toBeUndefined();
  });

  test.each([
    ['skips', '[{"from":9,"to":1}]'],
    ['deals', '[{"beat":0,"queues":2000}]'],
    ['deals', '[]'],
    ['end', '123456789012'],
    ['starts', '[]'],
    ['position', '{"beat":99}'],
    ['tasks', '[{"action":"getItem"}]'],
  ])('when the record’s %s are %s', async (field, value) => {
    const { stage, bus } = await mortal([GET]);
    await stage.pass(1_500);
    bus.kill();
    await stage.pass(EXPIRED);
    await stage.bus.writeRun('run1', { [field]: value }, 1);
    await expect(takeover(stage)).rejects.toMatchObject({ code: 'DRUM_RESUME_UNKNOWN' });
  });
});

describe('a publisher that others have taken over from', () => {
  test('ends without a word, however late it learns of it', async () => {
    const stage = new Stage();
    const first = await stage.prepare([{ ...GET, times: 300 }]);
    const running = first.run();
    await stage.pass(1_000);
    await stage.tell('pause');
    // Its lock expires without its knowing, and somebody else has it.
    stage.fleet.releaseLock(1);
    const successor = await takeover(stage);
    const second = successor.run();
    stage.commands.length = 0;
    const outcome = await stage.toEnd(running);
    expect(outcome).toMatchObject({ state: 'failed', isLeft: true, error: { code: 'DRUM_PUBLISHER_FENCED', exit: 4 } });
    expect(stage.commands).toEqual([]);
    expect(await stage.record()).toMatchObject({ state: 'paused' });
    expect(await stage.bus.lockHolder()).toContain('run1');
    await stage.tell('resume');
    expect(columns(await stage.toEnd(second))).toMatchObject({ ok: 300, balanced: true });
  });

  test('does not get its lock back when the other one has died too', async () => {
    const { stage, bus } = await mortal([{ ...GET, times: 2_000 }]);
    await stage.pass(1_000);
    // Held up, not dead: its renewals stay away for a while.
    const held: (() => void)[] = [];
    const renew = bus.renewLock.bind(bus);
    bus.renewLock = async (...args) => {
      await new Promise<void>((resolve) => held.push(resolve));
      return renew(...args);
    };
    await stage.pass(EXPIRED);
    const second = new MortalBus(stage.fleet);
    void (await takeover(stage, 'send', { bus: second })).run();
    await stage.pass(200);
    second.kill();
    await stage.pass(EXPIRED);
    for (const go of held.splice(0)) go();
    await stage.pass(2_000);
    expect(await stage.bus.lockHolder()).toBeUndefined();
    const { outcome } = await goOn(stage);
    expect(columns(outcome)).toMatchObject({ ok: 2_000, balanced: true });
  });
});

test('what was skipped is forgotten once a checkpoint covers it', async () => {
  const { stage } = await mortal([{ ...GET, times: undefined, duration: 30, late: { drop: '1ms' } }], {
    lead: micros(-20_000),
  });
  await stage.pass(3_500);
  const { skips, position } = decodeDecisions((await stage.bus.readRun('run1')) ?? {});
  expect(position?.tasks[0]?.skipped).toBeGreaterThan(100);
  expect(skips.every(({ to }) => to >= (position?.beat ?? 0))).toBe(true);
});
