import { MemoryBus, MemoryFleet } from '@drumline/bus';
import { VirtualClock } from '@drumline/core/clock';
import { silentLog } from '@drumline/core/log';
import { decodeDecisions, UNDECIDED } from '@drumline/core/run';
import { micros, shift } from '@drumline/core/units';
import { expect, test } from 'vitest';
import { Checkpoints } from './checkpoints.ts';
import { DecisionLog } from './decision-log.ts';
import { Dispatcher } from './dispatcher.ts';
import { Journal } from './journal.ts';
import { planOf, tasksOf } from './plan.fixture.ts';
import { Score } from './score.ts';

const MOMENT = { isSettled: () => true, isTooLate: () => false };

test('a checkpoint is written only once everything before it is on the queues', async () => {
  const clock = new VirtualClock();
  const bus = new MemoryBus(new MemoryFleet(clock));
  const plan = planOf([{ action: 'getItem', qps: 100, times: 50 }]);
  const piece = { run: 'r', plan, tasks: tasksOf(plan), scale: '1', speed: '1', origin: clock.now() };
  const { position: _, over: __, ...nothing } = UNDECIDED;
  const log = new DecisionLog({ ...nothing, rates: [], deals: [{ beat: 0, queues: 1 }] });
  const score = new Score(piece, log, () => 200);
  const journal = new Journal({ bus, clock, run: 'r', epoch: 1, log: silentLog });
  journal.write({ ...UNDECIDED, ...log.all });
  const dispatcher = new Dispatcher({ bus, clock, run: 'r', epoch: 1, journal }, 1);
  const checkpoints = new Checkpoints(score, dispatcher, journal, clock.now());
  const written = async (): Promise<number | undefined> => {
    await journal.flushed();
    return decodeDecisions((await bus.readRun('r')) ?? {}).position?.beat;
  };
  const answers = Promise.withResolvers<void>();
  const push = bus.push.bind(bus);
  bus.push = async (...args) => {
    await answers.promise;
    return push(...args);
  };
  const play = (): void => {
    const { beat, parcels } = score.play(MOMENT);
    dispatcher.dispatch(parcels, beat);
  };
  play();
  play();
  checkpoints.look(clock.now());
  play();
  checkpoints.look(shift(clock.now(), micros(100_000)));
  expect(await written()).toBeUndefined();
  answers.resolve();
  await dispatcher.flushed();
  checkpoints.look(shift(clock.now(), micros(200_000)));
  expect(await written()).toBe(2);
  checkpoints.look(shift(clock.now(), micros(300_000)));
  expect(await written()).toBe(2);
  checkpoints.look(shift(clock.now(), micros(1_300_000)));
  expect(await written()).toBe(3);
  // What is decided for the next beat has taken effect: no position until that is played.
  score.deal(3);
  checkpoints.look(shift(clock.now(), micros(2_400_000)));
  expect(await written()).toBe(3);
});
