import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectRedis } from '@drumline/bus';
import type { Bus } from '@drumline/core/bus';
import { delay } from '@drumline/core/clock';
import { itemsPerOp } from '@drumline/core/data';
import { decodeRun } from '@drumline/core/run';
import { type Micros, type Millis, millis } from '@drumline/core/units';
import type { Inputs } from '../files.ts';
import { type ChaosEvent, ChaosShow, type Finish, type Measured } from './chaos-show.ts';
import { type ExpectedTask, expectedTask } from './expected-run.ts';
import type { Fault } from './fault-plan.ts';
import { Fleet } from './fleet.ts';
import { removeWhenGone } from './guarded-process.ts';
import { MeetingPoint } from './meeting-point.ts';
import { PrivateRedis } from './private-redis.ts';
import { Stopwatch } from './stopwatch.ts';
import { callsOf, countsOf, type TargetCount, wrongCounts } from './target-count.ts';
import { judge, type Verdict } from './verdict.ts';

const PREFIX = 'chaos';
/** Processes may need some seconds each on a busy machine before the first beat. */
const BEGINS_WITHIN = millis(60_000);
/** What every fault may cost the run: the time until a death is noticed, and the work owed. */
const GRACE_A_FAULT_MS = 15_000;
const LAST_WORK_WITHIN = millis(15_000);

export interface ChaosOptions {
  readonly inputs: Inputs;
  readonly scale: string;
  readonly speed: string;
  /** Of the plan, when nothing disturbs it. */
  readonly span: Micros;
  readonly faults: readonly Fault[];
  readonly workers: number;
  /** How long outcomes may stay away at the end before the publisher gives the run up. */
  readonly patience: Millis;
  /** Options that say where ops go; absent: a private Redis. */
  readonly target: readonly string[] | undefined;
  readonly redisKeeps: boolean;
  readonly keep: boolean;
  /** Program and arguments that start the `drumline` command. */
  readonly drumline: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly say: (event: ChaosEvent) => void;
  /** Ends it early: everything that was started is ended, and `runChaos` rejects. */
  readonly signal: AbortSignal;
}

export interface ChaosResult {
  readonly verdict: Verdict;
  readonly counts: readonly TargetCount[];
  readonly run: string | undefined;
  readonly measured: readonly Measured[];
  /** What the publisher has noted in its summary. */
  readonly notes: readonly string[];
  /** Faults that were not reached before the run was over. */
  readonly missed: number;
  /** Where everything lies that was kept. */
  readonly folder: string | undefined;
}

/** Plays a plan on servers and with a fleet of its own, strikes it, and holds what comes out against the plan. */
export async function runChaos(options: ChaosOptions): Promise<ChaosResult> {
  const folder = await mkdtemp(join(tmpdir(), 'drumline-chaos-'));
  const callOff = options.keep ? () => undefined : removeWhenGone(folder);
  const open: (() => Promise<unknown>)[] = [];
  try {
    return await play(options, folder, open);
  } finally {
    for (const close of open.toReversed()) await close().catch(() => undefined);
    if (!options.keep) await rm(folder, { recursive: true, force: true });
    callOff();
  }
}

async function play(options: ChaosOptions, folder: string, open: (() => Promise<unknown>)[]): Promise<ChaosResult> {
  const { inputs, faults, signal } = options;
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('interrupted')), { once: true });
  });
  aborted.catch(() => undefined);
  const watched = faults.some(({ kind }) => kind === 'failover');
  const meeting = await MeetingPoint.start({ folder, keeps: options.redisKeeps, watched });
  open.push(() => meeting.end());
  const targetRedis = options.target === undefined ? await startServer(join(folder, 'target'), false, open) : undefined;
  const bus = await connectRedis({ ...meeting.options, prefix: PREFIX });
  open.push(() => bus.close());
  const stopwatch = new Stopwatch(meeting.ports, PREFIX);
  open.push(() => Promise.resolve(stopwatch.stop()));
  await stopwatch.start();

  const fleet = new Fleet({
    ...(await fleetOptions(options, folder, meeting, targetRedis)),
    onEnd: (member, code) => void show.memberEnded(member, code),
  });
  if (options.keep) open.push(() => keepLogs(fleet, folder));
  open.push(() => fleet.end());
  const standby = faults.some(({ kind }) => kind === 'publisher' || kind === 'stop-publisher');
  const show: ChaosShow = new ChaosShow({
    fleet,
    bus,
    meeting,
    targetRedis,
    stopwatch,
    workers: options.workers,
    standby,
    say: options.say,
  });
  open.push(() => Promise.resolve(show.end()));
  show.say(`meeting point on 127.0.0.1:${meeting.ports.join(',')}, folder ${folder}`);
  if (targetRedis !== undefined) show.say(`target on ${targetRedis.address}`);

  await bus.writeConfig(inputs.configText);
  const began = await Promise.race([begin(options, fleet, bus, stopwatch, show, standby), aborted]);
  const seeds = began === undefined ? [] : await seedsOf(options, bus);
  const struck = began === undefined ? Promise.resolve() : show.strike(faults, began);
  const finish = await Promise.race([show.finished, late(options), aborted]);
  show.end();
  await Promise.race([struck, aborted]);
  const strayed = await fleet.dismiss(LAST_WORK_WITHIN);
  return await conclude(options, { finish, seeds, targetRedis, show, strayed, folder });
}

/** What each process has said on standard error, a file each. */
async function keepLogs({ members }: Fleet, folder: string): Promise<void> {
  for (const { name, process } of members) await writeFile(join(folder, `${name.replace(' ', '-')}.log`), process.err);
}

async function startServer(folder: string, keeps: boolean, open: (() => Promise<unknown>)[]): Promise<PrivateRedis> {
  const redis = await PrivateRedis.start({ folder, keeps });
  open.push(() => redis.end());
  return redis;
}

async function fleetOptions(
  { inputs, workers, patience, scale, speed, target, drumline, env }: ChaosOptions,
  folder: string,
  meeting: MeetingPoint,
  targetRedis: PrivateRedis | undefined,
) {
  const [config, traffic] = [join(folder, 'config.json'), join(folder, 'traffic.json')];
  await writeFile(config, inputs.configText);
  await writeFile(traffic, inputs.planText);
  const own = ['--json', '--patience', `${patience}ms`, '--log-level', 'info'];
  return {
    drumline,
    env,
    meeting: [...meeting.flags, '--prefix', PREFIX],
    worker: ['--engines', '1', '--digest', ...(target ?? ['--db', 'redis', '--endpoint', targetRedis?.address ?? ''])],
    publisher: ['--config', config, '--traffic', traffic, '--scale', scale, '--speed', speed]
      .concat('--workers', String(workers), '--wait-workers', '60s')
      .concat(own),
    standby: ['--standby', ...own],
  };
}

/** Starts the fleet. @returns when the first op was published, ms of wall time; `undefined` when that never came. */
async function begin(
  options: ChaosOptions,
  fleet: Fleet,
  bus: Bus,
  stopwatch: Stopwatch,
  show: ChaosShow,
  standby: boolean,
): Promise<number | undefined> {
  const first = stopwatch.pushed(0);
  const publisher = await fleet.start('publisher');
  show.say('starts', publisher.name, publisher.process.pid);
  for (let i = 0; i < options.workers; i += 1) {
    const worker = await fleet.start('worker');
    show.say('starts', worker.name, worker.process.pid);
  }
  const over = Promise.race([show.finished, delay(BEGINS_WITHIN)]).then(() => undefined);
  if (standby) {
    const locked = async (): Promise<void> => {
      while ((await bus.lockHolder()) === undefined && publisher.isAlive) await delay(millis(50));
    };
    await Promise.race([locked(), over]);
    const waiting = await fleet.start('standby');
    show.say('starts', waiting.name, waiting.process.pid);
  }
  const began = await Promise.race([first, over]);
  if (began !== undefined) show.say('the first op is published');
  return began;
}

/** What is said of a run that does not end. */
async function late({ span, faults, patience }: ChaosOptions): Promise<Finish> {
  const still = faults.reduce((sum, { lasts }) => sum + lasts, 0);
  await delay(millis(BEGINS_WITHIN + span / 1_000 + still + faults.length * GRACE_A_FAULT_MS + patience));
  return { summary: undefined, exit: undefined };
}

interface Conclusion {
  readonly finish: Finish;
  readonly seeds: readonly string[];
  readonly targetRedis: PrivateRedis | undefined;
  readonly show: ChaosShow;
  readonly strayed: readonly string[];
  readonly folder: string;
}

async function conclude(options: ChaosOptions, conclusion: Conclusion): Promise<ChaosResult> {
  const { finish, seeds, show, strayed, folder } = conclusion;
  const { measured, missed } = show;
  const run = finish.summary?.run;
  const seen = [...show.seen, ...strayed];
  if (finish.summary === undefined && seen.length === 0) seen.push('the run did not end in time');
  const expected = expectedOf(options, seeds);
  const mayDrop = new Set(options.inputs.plan.tasks.flatMap(({ late: age }, i) => (age === undefined ? [] : [i])));
  const verdict = judge({ ...finish, expected, mayDrop, mayLose: mayLose(options), seen });
  const counts = await targetCounts(options, verdict, conclusion.targetRedis);
  const wrong = verdict.lost ? [] : wrongCounts(counts);
  const problems = [...verdict.problems, ...wrong];
  return {
    verdict: { ...verdict, problems, holds: verdict.holds && wrong.length === 0 },
    counts,
    run,
    notes: finish.summary?.notes ?? [],
    measured,
    missed,
    folder: options.keep ? folder : undefined,
  };
}

/** A replica may lag by a moment when it becomes the master. */
const mayLose = ({ redisKeeps, faults }: ChaosOptions): boolean =>
  !redisKeeps || faults.some(({ kind }) => kind === 'failover');

/** Asked of our own target only, and only where it has counted from beginning to end. */
async function targetCounts(
  { inputs, faults }: ChaosOptions,
  { tasks }: Verdict,
  targetRedis: PrivateRedis | undefined,
): Promise<TargetCount[]> {
  const isMultirow = inputs.config.tableName.startsWith('multirow');
  if (targetRedis === undefined || isMultirow || faults.some(({ kind }) => kind === 'target')) return [];
  const calls = callsOf(await targetRedis.admin.info('commandstats'));
  return countsOf(tasks, inputs.plan.tasks.map(itemsPerOp), calls);
}

/** The plan's own account of every task. */
function expectedOf({ inputs, scale, speed }: ChaosOptions, seeds: readonly string[]): ExpectedTask[] {
  const factors = { scale, speed, batchOps: inputs.config.batchOps };
  return inputs.plan.tasks.map((task, i) =>
    expectedTask({ ...task, seed: seeds[i] ?? '' }, i, factors, inputs.config.sampleData),
  );
}

/** The plan's seeds. Only those that it leaves open are taken from the run, before anything is struck. */
async function seedsOf({ inputs }: ChaosOptions, bus: Bus): Promise<string[]> {
  const { tasks } = inputs.plan;
  if (tasks.every(({ seed }) => seed !== undefined)) return tasks.map(({ seed = '' }) => seed);
  const run = await bus.lastRun();
  const fields = run === undefined ? undefined : await bus.readRun(run);
  const drawn = fields === undefined ? [] : decodeRun(fields).tasks;
  return tasks.map(({ seed }, i) => seed ?? drawn[i]?.seed ?? '');
}
