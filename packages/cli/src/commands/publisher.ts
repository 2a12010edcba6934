import { connectRedis } from '@drumline/bus';
import type { Bus } from '@drumline/core/bus';
import { SystemClock } from '@drumline/core/clock';
import { readConfig } from '@drumline/core/config';
import { DrumlineError, EXIT, type Exit } from '@drumline/core/errors';
import type { Slo } from '@drumline/core/slo';
import { Standby, type Watched } from '@drumline/publisher';
import type { Command } from 'commander';
import { deadRun, newRun } from '../beginning.ts';
import type { Context } from '../context.ts';
import { warnOfEviction } from '../eviction.ts';
import { readInputs } from '../files.ts';
import { onInterrupts } from '../interrupts.ts';
import { type CliLog, makeLog } from '../log.ts';
import { type BusFlags, redisOptions, withBusOptions } from '../options/bus-options.ts';
import { checkOutputOptions } from '../options/output-options.ts';
import { checkResumeOptions, isResuming, type ResumeFlags, withResumeOptions } from '../options/resume-options.ts';
import { type RunFlags, withRunOptions } from '../options/run-options.ts';
import { type SecretFlags, secretOf, withLogOption, withSecretOption } from '../options/secret.ts';
import { RunOutputs } from '../outputs/run-outputs.ts';
import { type Performance, play } from '../play.ts';
import { readThresholds } from '../thresholds.ts';

type PublisherFlags = BusFlags & SecretFlags & RunFlags & ResumeFlags & { readonly logLevel: string };
type Setting = Omit<Performance, 'beginning'>;

export function definePublisher(program: Command, context: Context, done: (exit: Exit) => void): void {
  const command = program
    .command('publisher')
    .description('play a traffic file: put its batches on the queues, on the beat');
  const run = withRunOptions(withBusOptions(command), 'workers to wait for before the first beat');
  withLogOption(withSecretOption(withResumeOptions(run)))
    .addHelpText('after', '\nCtrl-C: publish no more and finish what is published. Twice: drop what is not sent.\n')
    .action(async (flags: PublisherFlags) => {
      checkResumeOptions(flags, command);
      checkOutputOptions(flags);
      done(await publish(flags, context));
    });
}

async function publish(flags: PublisherFlags, context: Context): Promise<Exit> {
  const log = makeLog(context.terminal, flags.logLevel);
  // Bad thresholds are to be known before anything waits or is taken over.
  const slos = readThresholds(flags.slo ?? []);
  const beginning = isResuming(flags) ? undefined : newRun(readInputs(flags.config, flags.traffic), flags);
  await using outputs = await RunOutputs.open(flags, context.terminal, log);
  const bus = await connectRedis(redisOptions(flags, context));
  try {
    await warnOfEviction(bus, log);
    const setting = { bus, flags, prefix: flags.prefix, secret: secretOf(flags, context), outputs, log };
    if (beginning !== undefined) return await play({ ...setting, beginning }, context);
    if (flags.standby === true) return await standBy(setting, slos, flags, context);
    const run = await runOf(bus, flags);
    const all = [...(await inheritedThresholds(bus)), ...slos];
    return await play({ ...setting, beginning: deadRun(run, all, flags, true) }, context);
  } finally {
    await bus.close();
  }
}

/** Those of the fleet's config. */
async function inheritedThresholds(bus: Bus): Promise<readonly Slo[]> {
  const text = await bus.readConfig();
  return text === undefined ? [] : readConfig(text, 'the config in Redis').slos;
}

async function runOf(bus: Bus, { resume, prefix }: PublisherFlags): Promise<string> {
  const run = typeof resume === 'string' ? resume : await bus.lastRun();
  if (run !== undefined) return run;
  throw new DrumlineError('DRUM_RESUME_UNKNOWN', `no run was ever played on the prefix ${prefix}`);
}

/** Waits for the run's publisher to die, and goes on in its place, unless another one that stands by is faster. */
async function standBy(setting: Setting, slos: readonly Slo[], flags: PublisherFlags, context: Context): Promise<Exit> {
  const { bus, log } = setting;
  let run = typeof flags.resume === 'string' ? flags.resume : undefined;
  for (;;) {
    const seen = await watch(new Standby({ bus, clock: new SystemClock(), log, run }), log);
    if (seen.kind === 'interrupted') return EXIT.interrupted;
    if (seen.kind === 'over') {
      log.info({}, `run ${seen.run} has ended (${seen.state}): there is nothing to take over`);
      return EXIT.done;
    }
    log.warn({}, `run ${seen.run} has lost its publisher: taking over`);
    try {
      const all = [...(await inheritedThresholds(bus)), ...slos];
      return await play({ ...setting, beginning: deadRun(seen.run, all, flags, false) }, context);
    } catch (error) {
      if (!(error instanceof DrumlineError) || !OTHERS.has(error.code)) throw error;
      log.info({}, `run ${seen.run} is in other hands: ${error.message}`);
      ({ run } = seen);
    }
  }
}

/** Somebody else was faster. */
const OTHERS: ReadonlySet<string> = new Set(['DRUM_PUBLISHER_LOCKED', 'DRUM_PUBLISHER_FENCED', 'DRUM_RESUME_ENDED']);

async function watch(standby: Standby, log: CliLog): Promise<Watched> {
  const interrupted = new AbortController();
  const stopListening = onInterrupts(() => {
    interrupted.abort();
    log.warn({}, 'standing by no longer');
  });
  try {
    return await standby.watch(interrupted.signal);
  } finally {
    stopListening();
  }
}
