import type { Bus } from '@drumline/core/bus';
import { readConfig } from '@drumline/core/config';
import { DrumlineError } from '@drumline/core/errors';
import { readPlan } from '@drumline/core/plan';
import { Pauses, type RunPosition, type RunRecord, type RunState } from '@drumline/core/run';
import { BEAT } from '@drumline/core/units';
import type { Cast, Settings } from './cast.ts';
import { catchUp, playedUntil, type Share } from './catch-up.ts';
import { DecisionLog } from './decision-log.ts';
import { Dispatcher, type Inherited } from './dispatcher.ts';
import { fenced } from './fenced.ts';
import { Fleet } from './fleet.ts';
import { closeGap } from './gap.ts';
import { Journal } from './journal.ts';
import { Lease } from './lease.ts';
import { PlannedWindows } from './planned-windows.ts';
import type { TakeoverOptions } from './publisher-options.ts';
import { type FoundRun, findRun, isOver, unreadable } from './run-finder.ts';
import { type Piece, Score } from './score.ts';

/** A predecessor has decided nothing for beats that are so far ahead of now: some lead, and clocks that differ. */
const AHEAD = 10_000;

/**
 * Takes a run over from a publisher that died: shuts it out of the record and of every queue, plays from the last
 * checkpoint what it has played, puts on each queue what is missing there, and goes on after that.
 * @param patient waits for a lock that nobody renews any more.
 * @throws DrumlineError DRUM_RESUME_UNKNOWN, DRUM_RESUME_ENDED, DRUM_PUBLISHER_LOCKED, DRUM_BUS_LOST when the queues
 * have not what the record says, DRUM_PUBLISHER_FENCED when somebody else is faster.
 */
export async function takeRunOver(options: TakeoverOptions, patient = false): Promise<Cast> {
  const { bus, clock, run, host, pid } = options;
  // Before anything is written: a run that is unknown or over stays as it is.
  await findOpen(bus, run);
  const holder = { host, pid, run, since: new Date().toISOString() };
  const publisher = JSON.stringify(holder);
  const prove = (epoch: number): Promise<boolean> => bus.writeRun(run, { publisher }, epoch);
  const lease = await Lease.take(bus, clock, holder, prove, patient);
  try {
    if (!(await prove(lease.epoch))) throw fenced();
    // From here on the record does not change any more.
    const found = await findOpen(bus, run);
    const settings = { config: await configOf(bus) };
    return await goOn(options, lease, settings, found);
  } catch (error) {
    await lease.release().catch(() => undefined);
    throw error;
  }
}

async function goOn(options: TakeoverOptions, lease: Lease, settings: Settings, found: FoundRun): Promise<Cast> {
  const { bus, clock, run, gap: policy, lead, log } = options;
  const { record, decisions } = found;
  const { epoch } = lease;
  const piece = pieceOf(record);
  const { position, over: _, ...decided } = decisions;
  const known = new DecisionLog({ ...decided, rates: record.rates });
  const score = scoreOf(piece, known, settings, position);
  const shares = await fenceAll(bus, run, score.queuesUsed, epoch);
  const until = playedUntil(score, shares);
  if (until > (clock.now() - piece.origin) / BEAT + AHEAD) throw unreadable(run, `beat ${until} is yet to come`);
  const planned = new PlannedWindows();
  const missing = catchUp(score, shares, planned);
  const inherited = await inherit(bus, shares, score);
  score.standAgain();
  const journal = new Journal({ bus, clock, run, epoch, log });
  known.writeTo((changes) => journal.decide(changes));
  const dispatcher = new Dispatcher({ bus, clock, run, epoch, journal }, score.queuesUsed, inherited);
  for (const { beat, parcels } of missing) dispatcher.dispatch(parcels, beat);
  const gap = closeGap(score, policy, clock.now(), lead);
  return {
    lease,
    fleet: new Fleet(options),
    settings,
    piece,
    score,
    journal,
    dispatcher,
    planned,
    pauses: new Pauses(record.pauses),
    state: stateOf(record.state),
    resumed: { beat: until, gap, checkpoint: position?.beat ?? 0 },
  };
}

async function fenceAll(bus: Bus, run: string, queues: number, epoch: number): Promise<Share[]> {
  const replies = await Promise.all(Array.from({ length: queues }, (_, queue) => bus.fence(queue, run, epoch)));
  return replies.map((reply) => {
    if (reply.kind === 'fenced') throw fenced();
    return reply;
  });
}

/** What waits is no older than the last beat of its queue says; how much older is not known. */
async function inherit(bus: Bus, shares: readonly Share[], score: Score): Promise<Inherited[]> {
  const lengths = new Map((await bus.queues(shares.length)).map(({ queue, length }) => [queue, length]));
  return shares.map(({ last, beat }, queue) => {
    const at = score.axis.beatStart(Math.max(0, beat));
    return { last, length: lengths.get(queue) ?? 0, at };
  });
}

/** @throws DrumlineError DRUM_RESUME_UNKNOWN, DRUM_RESUME_ENDED */
async function findOpen(bus: Bus, run: string): Promise<FoundRun> {
  const found = await findRun(bus, run);
  if (!isOver(found)) return found;
  const why = `run ${run} has ended (${found.record.state}): nothing of it is left to play`;
  throw new DrumlineError('DRUM_RESUME_ENDED', why);
}

/** The plan is read as it was at first; seeds and time zones are those that were settled on then. */
function pieceOf({ run, plan: text, tasks: settled, scale, speed, origin }: RunRecord): Piece {
  const plan = readPlan(text, `the plan of run ${run}`);
  const tasks = plan.tasks.map((task, number) => {
    const { seed, timezone } = settled[number] ?? {};
    if (typeof seed !== 'string' || (timezone !== undefined && typeof timezone !== 'string'))
      throw unreadable(run, `task ${number} has no seed`);
    return { ...task, seed, timezone };
  });
  return { run, plan, tasks, scale, speed, origin };
}

function scoreOf(piece: Piece, known: DecisionLog, settings: Settings, position: RunPosition | null): Score {
  try {
    return new Score(piece, known, () => settings.config.batchOps, position);
  } catch (error) {
    throw unreadable(piece.run, error instanceof Error ? error.message : String(error));
  }
}

async function configOf(bus: Bus): Promise<Settings['config']> {
  const text = await bus.readConfig();
  if (text === undefined) throw new DrumlineError('DRUM_CONFIG_MISSING', 'there is no config in Redis');
  return readConfig(text, 'the config in Redis');
}

const stateOf = (state: RunState): Exclude<RunState, 'paused'> => (state === 'paused' ? 'running' : state);
