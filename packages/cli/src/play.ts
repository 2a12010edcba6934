import type { Bus } from '@drumline/core/bus';
import { ClockKeeper, delay, MetronomeClock, syncClock } from '@drumline/core/clock';
import { DrumlineError, EXIT, type Exit } from '@drumline/core/errors';
import { ledgerOf } from '@drumline/core/ledger';
import { CommandGate } from '@drumline/core/notify';
import { millis } from '@drumline/core/units';
import { Publisher, type PublisherOptions, type RunOutcome } from '@drumline/publisher';
import { FanIn, renderJson, renderSummary, type Summary, summarise } from '@drumline/report';
import type { Context } from './context.ts';
import type { Inputs } from './files.ts';
import { onInterrupts } from './interrupts.ts';
import type { CliLog } from './log.ts';
import type { RunFlags } from './options/run-options.ts';
import { showLines, showLive } from './progress.ts';
import { newRunId, newSeed } from './run-id.ts';

const CLOCK_SAMPLES = 25;
/** How long the last reports of workers may take after the ledger balances. */
const LAST_REPORTS = millis(3_000);

export interface Performance {
  readonly bus: Bus;
  readonly inputs: Inputs;
  readonly flags: RunFlags;
  readonly prefix: string;
  readonly secret: string | undefined;
  readonly log: CliLog;
}

/** Plays a plan on a bus: progress, interrupts, summary. Used by `publisher` and by `run`. @returns the exit code. */
export async function play(performance: Performance, context: Context): Promise<Exit> {
  const { bus, inputs, flags, log } = performance;
  const { terminal } = context;
  const run = newRunId();
  await using clock = new MetronomeClock();
  const keeper = new ClockKeeper(clock, () => bus.time(), await syncClock(clock, () => bus.time(), CLOCK_SAMPLES), log);
  for (const warning of inputs.warnings) log.warn({}, warning);
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
  try {
    publisher = await Publisher.prepare(optionsOf(performance, context, run, clock), interrupted.signal);
    const endProgress = startProgress(performance, { publisher, figures, run, clock, terminal, log });
    outcome = await publisher.run();
    endProgress();
  } finally {
    stopListening();
    await keeper.stop();
  }
  await lastReports(figures, outcome);
  await unsubscribe();
  const summary = await summaryOf(performance, outcome, figures, interrupted.signal.aborted);
  terminal.out(
    flags.json === true
      ? renderJson(summary)
      : renderSummary(summary, { columns: terminal.columns(), color: terminal.color }),
  );
  return exitOf(outcome, summary, interrupted.signal.aborted);
}

function optionsOf(
  { bus, inputs, flags, secret, log }: Performance,
  { host, pid }: Context,
  run: string,
  clock: PublisherOptions['clock'],
): PublisherOptions {
  return {
    ...flags,
    bus,
    clock,
    plan: inputs.plan,
    planText: inputs.planText,
    configText: inputs.configText,
    run,
    host,
    pid,
    backlog: { policy: flags.backlog, bound: flags.backlogBound },
    workers: { count: flags.workers, within: flags.waitWorkers },
    secret,
    gate: new CommandGate({ allow: new Set(), ...(secret !== undefined && { secret }) }),
    drawSeed: newSeed,
    log,
  };
}

function startProgress({ flags }: Performance, parts: Parameters<typeof showLive>[0]): () => void {
  const { terminal } = parts;
  const live = terminal.outIsTty && flags.stats !== true && flags.json !== true;
  if (flags.quiet === true) return () => undefined;
  if (live) return showLive(parts);
  // Standard output belongs to the JSON document.
  if (flags.json === true)
    return flags.stats === true ? showLines(parts, (line) => terminal.err(`${line}\n`)) : () => undefined;
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
  figures: FanIn,
  interrupted: boolean,
): Promise<Summary> {
  const { bus, flags, prefix } = performance;
  const dead = await bus.queues(outcome.queues).catch(() => []);
  return summarise({
    run: outcome.run,
    prefix,
    started: outcome.started,
    ended: outcome.ended,
    scale: Number(flags.scale),
    speed: Number(flags.speed),
    state: interrupted ? 'interrupted' : outcome.state === 'done' ? 'finished' : outcome.state,
    ledger: ledgerOf(outcome.entries),
    spans: outcome.spans,
    plannedInWindow: (task, from, to) => outcome.planned.between(task, from, to),
    figures,
    deadLetters: dead.reduce((sum, queue) => sum + queue.dead, 0),
    notes: outcome.error === undefined ? [] : [`${outcome.error.code}: ${outcome.error.message}`],
  });
}

function exitOf({ error, state }: RunOutcome, { balanced }: Summary, interrupted: boolean): Exit {
  if (error instanceof DrumlineError) return error.exit;
  if (interrupted || state === 'stopped') return EXIT.interrupted;
  return balanced ? EXIT.done : EXIT.incomplete;
}
