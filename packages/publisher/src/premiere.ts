import { readConfig } from '@drumline/core/config';
import { encodeRun, Pauses, type RunTask, UNDECIDED } from '@drumline/core/run';
import { type Millis, micros, microsOf, millis, shift } from '@drumline/core/units';
import type { Cast } from './cast.ts';
import { DecisionLog } from './decision-log.ts';
import { Dispatcher } from './dispatcher.ts';
import { fenced } from './fenced.ts';
import { Fleet } from './fleet.ts';
import { Journal } from './journal.ts';
import { Lease } from './lease.ts';
import { PlannedWindows } from './planned-windows.ts';
import type { PremiereOptions } from './publisher-options.ts';
import { type Piece, Score } from './score.ts';
import { checkTasks } from './task-spec.ts';

/** Between the preparations and the first beat: what the beat loop starts with must be there by then. */
const START_AFTER: Millis = millis(50);

/**
 * Prepares a new run: takes the lock, brings the config to the fleet, waits for workers and writes the record.
 * @param signal ends the waiting.
 * @throws DrumlineError DRUM_PUBLISHER_LOCKED, DRUM_CONFIG_INVALID, DRUM_PLAN_TOO_LARGE, DRUM_USAGE
 */
export async function prepareRun(options: PremiereOptions, signal?: AbortSignal): Promise<Cast> {
  const { bus, clock, run, host, pid, scale, speed, configText, workers } = options;
  const settings = { config: readConfig(configText, 'config') };
  const tasks = tasksOf(options);
  checkTasks(tasks, clock.now(), { scale, speed, batchOps: settings.config.batchOps });
  const holder = { host, pid, run, since: new Date().toISOString() };
  // A lock that was lost while nothing is written yet is no harm done.
  let isWritten = false;
  const prove = async (epoch: number): Promise<boolean> =>
    !isWritten || bus.writeRun(run, { publisher: JSON.stringify(holder) }, epoch);
  const lease = await Lease.take(bus, clock, holder, prove);
  try {
    const fleet = new Fleet(options);
    await fleet.bringConfig(configText);
    // A pause belongs to a run: one that outlived its own must not hold up this one.
    await fleet.resume();
    await fleet.await(workers.count, workers.within, signal);
    const cast = await begin(options, { settings, tasks, lease, fleet });
    isWritten = true;
    return cast;
  } catch (error) {
    await lease.release().catch(() => undefined);
    throw error;
  }
}

type Prepared = Pick<Cast, 'settings' | 'lease' | 'fleet'> & { readonly tasks: readonly RunTask[] };

/** Writes the record of a run whose first beat is about to come. */
async function begin(options: PremiereOptions, { settings, tasks, lease, fleet }: Prepared): Promise<Cast> {
  const { bus, clock, run, plan, planText, scale, speed, lead, log } = options;
  const { epoch, holder: publisher } = lease;
  const queues = settings.config.threads;
  const origin = shift(clock.now(), micros(lead + microsOf(START_AFTER)));
  const piece: Piece = { run, plan, tasks, scale, speed, origin };
  const { position: _, over: __, ...undecided } = UNDECIDED;
  const decisions = new DecisionLog({ ...undecided, rates: [], deals: [{ beat: 0, queues }] });
  const score = new Score(piece, decisions, () => settings.config.batchOps);
  const record = { run, state: 'running', plan: planText, tasks, queues, scale, speed, origin, pauses: [] } as const;
  // Without the record no worker could read a batch: a failure here is one of the preparations.
  const fields = { ...encodeRun({ ...record, ...UNDECIDED, ...decisions.all }), publisher };
  if (!(await bus.writeRun(run, fields, epoch))) throw fenced();
  const journal = new Journal({ bus, clock, run, epoch, log });
  decisions.writeTo((changes) => journal.decide(changes));
  const dispatcher = new Dispatcher({ bus, clock, run, epoch, journal }, queues);
  const [planned, pauses] = [new PlannedWindows(), new Pauses()];
  return {
    lease,
    fleet,
    settings,
    piece,
    score,
    journal,
    dispatcher,
    planned,
    pauses,
    state: 'running',
    resumed: undefined,
  };
}

/** The plan's tasks with all that the publisher's host and chance have a say in: a successor plays the same ones. */
function tasksOf({ plan, drawSeed }: PremiereOptions): RunTask[] {
  const host = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return plan.tasks.map((task) => {
    const seed = task.seed ?? drawSeed();
    return task.qpss === undefined ? { ...task, seed } : { ...task, seed, timezone: task.timezone ?? host };
  });
}
