import type { Bus } from '@drumline/core/bus';
import { ClockKeeper, type ClockStep, delay, MetronomeClock } from '@drumline/core/clock';
import { DrumlineError, EXIT, type Exit } from '@drumline/core/errors';
import { ledgerOf } from '@drumline/core/ledger';
import { CommandGate } from '@drumline/core/notify';
import { decodeRun, type RunRecord } from '@drumline/core/run';
import { sloText } from '@drumline/core/slo';
import { type Instant, micros, millis } from '@drumline/core/units';
import type { Publisher, PublisherOptions, RunOutcome } from '@drumline/publisher';
import {
  durationText,
  FanIn,
  renderJson,
  renderSummary,
  SloJudge,
  type Summary,
  type SummaryInput,
  summarise,
  type TimelinePoint,
} from '@drumline/report';
import { absence } from './absence.ts';
import type { Beginning } from './beginning.ts';
import type { Context } from './context.ts';
import { type FollowedRun, followRun } from './follow-run.ts';
import { onInterrupts } from './interrupts.ts';
import type { CliLog } from './log.ts';
import type { BusFlags } from './options/bus-options.ts';
import { takesStdout } from './options/output-options.ts';
import type { RunFlags } from './options/run-options.ts';
import type { RunOutputs } from './outputs/run-outputs.ts';
import { showLines, showLive } from './progress.ts';
import { resumedText } from './resumed-text.ts';
import type { Terminal } from './terminal.ts';
import { missedThresholds } from './thresholds.ts';

/** How long the last reports of workers may take after the ledger balances. */
const LAST_REPORTS = millis(3_000);

export interface Performance {
  readonly bus: Bus;
  readonly beginning: Beginning;
  readonly flags: RunFlags & Pick<BusFlags, 'outage'>;
  readonly prefix: string;
  readonly secret: string | undefined;
  readonly outputs: RunOutputs;
  readonly log: CliLog;
}

/** Plays a plan on a bus: progress, interrupts, summary. Used by `publisher` and by `run`. @returns the exit code. */
export async function play(performance: Performance, context: Context): Promise<Exit> {
  const { bus, beginning, flags, prefix, outputs, log } = performance;
  const { terminal } = context;
  const { run } = beginning;
  await using clock = new MetronomeClock();
  const keeper = await ClockKeeper.start({ clock, bus, log });
  for (const warning of beginning.warnings) log.warn({}, warning);
  const figures = new FanIn({ run });
  const unsubscribe = await bus.onReport((message) => figures.receive(message));
  let publisher: Publisher | undefined;
  const interrupted = new AbortController();
  const stopListening = onInterrupts((times) => {
    interrupted.abort();
    log.warn(
      {},
      times === 1
        ? 'draining: what is published will be finished; once more to stop'
        : 'stopping: what is not sent is dropped',
    );
    if (times === 1) publisher?.drain();
    else publisher?.stop();
  });
  let outcome: RunOutcome;
  let followed: FollowedRun | undefined;
  let watchedFrom: Instant | undefined;
  const judge = new SloJudge(beginning.slos);
  const endedBy: string[] = [];
  let hasEnded = false;
  /** Nobody goes on with the run. */
  let isOver = false;
  const over = new AbortController();
  let absent: DrumlineError | undefined;
  void absence(bus, interrupted.signal, over.signal).then((error) => {
    absent = error;
    if (error === undefined) return;
    if (publisher === undefined) void bus.close();
    else publisher.giveUp(error);
  });
  try {
    publisher = await beginning.begin(optionsOf(performance, context, clock), interrupted.signal);
    keeper.lead(() => holdsLock(bus, context));
    outputs.begin({ run, prefix, publisher, figures, clock });
    watchedFrom = publisher.resumed === undefined ? undefined : clock.now();
    const onPoint = (point: TimelinePoint): void => {
      outputs.add(point);
      const missed = judge.add(point, hasEnded).map(sloText);
      if (missed.length === 0) return;
      endedBy.push(...missed);
      log.warn({}, `stopping, as a threshold says abort and was missed: ${missed.join('; ')}`);
      publisher?.stop();
    };
    followed = followRun({ publisher, figures, run, clock, onPoint });
    const { timeline } = followed;
    const endProgress = startProgress(performance, { publisher, figures, timeline, run, clock, terminal, log });
    outcome = await publisher.run();
    hasEnded = true;
    endProgress();
    isOver = !outcome.isLeft;
    // Nothing that is still to be asked of it would be answered.
    if (outcome.error?.code === 'DRUM_BUS_UNREACHABLE') await bus.close();
  } catch (error) {
    await followed?.end();
    await unsubscribe().catch(() => undefined);
    throw absent ?? error;
  } finally {
    over.abort();
    stopListening();
    await keeper.stop(isOver);
  }
  await lastReports(figures, outcome);
  await followed.end();
  await unsubscribe();
  const interruption = { byUser: interrupted.signal.aborted, byThresholds: endedBy };
  const { points } = followed.timeline;
  const watching = { figures, judge, watchedFrom, points };
  const summary = await summaryOf(performance, outcome, watching, interruption, keeper.steps);
  await outputs.end(summary, points);
  showSummary(summary, flags, terminal);
  const exit = exitOf(outcome, summary, interruption);
  const missed = missedThresholds(summary, flags.requireRate !== undefined);
  if (exit === EXIT.done && missed !== undefined) throw missed;
  return exit;
}

/** What ended a run before its plan did. */
interface Interruption {
  readonly byUser: boolean;
  /** Texts of those that say abort. */
  readonly byThresholds: readonly string[];
}

/** Ops that are dropped when a run is stopped: those of the lead, and of the 100 ms window in which it ends. */
const CUT = 100_000;

/** Where lines of an output have standard output, people read on standard error. */
function showSummary(summary: Summary, flags: RunFlags, terminal: Terminal): void {
  if (flags.json === true) return terminal.out(renderJson(summary));
  const isTaken = takesStdout(flags);
  const color = terminal.color && !isTaken;
  const text = renderSummary(summary, { columns: terminal.columns(), color });
  if (isTaken) terminal.err(text);
  else terminal.out(text);
}

function optionsOf(
  { bus, beginning, flags, secret, log }: Performance,
  { host, pid }: Context,
  clock: PublisherOptions['clock'],
): PublisherOptions {
  const { lead, patience, outage } = flags;
  return {
    bus,
    clock,
    run: beginning.run,
    host,
    pid,
    lead,
    backlog: { policy: flags.backlog, bound: flags.backlogBound },
    patience,
    outage,
    secret,
    gate: new CommandGate({ allow: new Set(), ...(secret !== undefined && { secret }) }),
    log,
  };
}

function startProgress({ flags }: Performance, parts: Parameters<typeof showLive>[0]): () => void {
  const { terminal, publisher, log } = parts;
  if (publisher.resumed !== undefined) log.info({}, resumedText(publisher.resumed));
  const isTaken = flags.json === true || takesStdout(flags);
  const live = terminal.outIsTty && flags.stats !== true && !isTaken;
  if (flags.quiet === true) return () => undefined;
  if (live) return showLive(parts);
  // Standard output belongs to a program.
  if (isTaken) return flags.stats === true ? showLines(parts, (line) => terminal.err(`${line}\n`)) : () => undefined;
  if (publisher.resumed !== undefined) terminal.out(`[STATS] run ${parts.run} ${resumedText(publisher.resumed)}\n`);
  return showLines(parts, (line) => terminal.out(`${line}\n`));
}

/** The ledger is exact at once; latencies come with each worker's next report. */
async function lastReports(figures: FanIn, { run, entries }: RunOutcome): Promise<void> {
  const complete = (): boolean =>
    entries.every(({ task, counts }) => {
      const counters = figures.task(run, task)?.counters;
      return (counters?.ok ?? 0) + (counters?.failed ?? 0) >= (counts?.ok ?? 0) + (counts?.failed ?? 0);
    });
  for (let waited = 0; waited < LAST_REPORTS && !complete(); waited += 20) await delay(millis(20));
}

async function summaryOf(
  performance: Performance,
  outcome: RunOutcome,
  watching: Pick<SummaryInput, 'figures' | 'judge' | 'watchedFrom' | 'points'>,
  { byUser, byThresholds }: Interruption,
  steps: readonly ClockStep[],
): Promise<Summary> {
  const { bus, flags, prefix } = performance;
  const dead = await bus.queues(outcome.queues).catch(() => []);
  return summarise({
    run: outcome.run,
    prefix,
    started: outcome.started,
    ended: outcome.ended,
    scale: Number(outcome.scale),
    speed: Number(outcome.speed),
    state: stateOf(outcome, { byUser, byThresholds }),
    ledger: ledgerOf(outcome.entries),
    record: await recordOf(bus, outcome.run),
    spans: outcome.spans,
    plannedInWindow: (task, from, to) => outcome.planned.between(task, from, to),
    ...watching,
    cut: outcome.state === 'stopped' ? micros(flags.lead + CUT) : undefined,
    requiredRate: flags.requireRate,
    deadLetters: dead.reduce((sum, queue) => sum + queue.dead, 0),
    clean: flags.clean === true,
    notes: [
      ...byThresholds.map((text) => `ended by the threshold '${text}'`),
      ...notesOf(outcome),
      ...performance.outputs.problems,
      ...steps.map(stepNote),
    ],
  });
}

function stateOf({ state }: RunOutcome, { byUser, byThresholds }: Interruption): string {
  if (byUser) return 'interrupted';
  if (state === 'stopped' && byThresholds.length > 0) return 'aborted';
  return state === 'done' ? 'finished' : state;
}

async function recordOf(bus: Bus, run: string): Promise<RunRecord | undefined> {
  try {
    const fields = await bus.readRun(run);
    return fields === undefined ? undefined : decodeRun(fields);
  } catch (error) {
    // Redis is away or has forgotten the run: the summary has a note of it.
    if (error instanceof DrumlineError) return undefined;
    throw error;
  }
}

function stepNote({ at, by }: ClockStep): string {
  const when = new Date(at / 1_000).toISOString().slice(11, 21);
  const way = by > 0 ? 'forwards' : 'backwards';
  return `Redis's clock was stepped ${durationText(Math.abs(by))} ${way} at ${when}: the run went on by its own clock, and latencies are right within the error bars`;
}

/** Whether this process is the one that may publish. */
async function holdsLock(bus: Bus, { host, pid }: Context): Promise<boolean> {
  const holder: unknown = JSON.parse((await bus.lockHolder()) ?? 'null');
  if (typeof holder !== 'object' || holder === null) return false;
  return 'host' in holder && holder.host === host && 'pid' in holder && holder.pid === pid;
}

function notesOf({ run, error, resumed }: RunOutcome): string[] {
  const notes: string[] = [];
  if (resumed !== undefined) notes.push(resumedText(resumed));
  if (error !== undefined) notes.push(`${error.code}: ${error.message}`);
  if (error?.code === 'DRUM_BUS_UNREACHABLE')
    notes.push(`the run has not ended: \`drumline publisher --resume ${run}\` goes on with it when Redis is back`);
  return notes;
}

function exitOf({ error, state }: RunOutcome, { balanced }: Summary, { byUser, byThresholds }: Interruption): Exit {
  if (error instanceof DrumlineError) return error.exit;
  if (byUser || (state === 'stopped' && byThresholds.length === 0)) return EXIT.interrupted;
  return balanced ? EXIT.done : EXIT.incomplete;
}
