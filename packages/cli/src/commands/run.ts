import { availableParallelism } from 'node:os';
import { connectRedis, MemoryBus, MemoryFleet } from '@drumline/bus';
import type { Bus } from '@drumline/core/bus';
import { DrumlineError, type Exit } from '@drumline/core/errors';
import { type EngineOpener, openInline, openOsThread, type TargetOptions, type Worker } from '@drumline/worker';
import { type Command, Option } from 'commander';
import { newRun } from '../beginning.ts';
import type { Context } from '../context.ts';
import { type Inputs, readInputs } from '../files.ts';
import { httpTargetOf } from '../http-target-of.ts';
import { type CliLog, makeLog } from '../log.ts';
import { type BusFlags, redisOptions, withBusOptions } from '../options/bus-options.ts';
import { checkOutputOptions } from '../options/output-options.ts';
import { type RunFlags, withRunOptions } from '../options/run-options.ts';
import { type SecretFlags, secretOf, withLogOption, withSecretOption } from '../options/secret.ts';
import { type TargetFlags, targetOf, withTargetOptions } from '../options/target-options.ts';
import { wholeNumber } from '../options/values.ts';
import { RunOutputs } from '../outputs/run-outputs.ts';
import { play } from '../play.ts';
import { startWorker } from '../start-worker.ts';

type RunCommandFlags = Omit<BusFlags, 'redis'> &
  SecretFlags &
  RunFlags &
  TargetFlags & {
    readonly redis?: string;
    readonly logLevel: string;
    readonly engines: number;
    readonly digest?: boolean;
  };

/** A handle on the fleet's bus for each part of it, and where engines run. */
interface Fleet {
  openBus(): Promise<Bus>;
  readonly openEngine: EngineOpener;
  /** Engines a worker. */
  readonly engines: number;
}

interface FleetWithTarget extends Fleet {
  readonly target: TargetOptions;
}

export function defineRun(program: Command, context: Context, done: (exit: Exit) => void): void {
  const command = program
    .command('run')
    .description('publisher and workers in one command; without --redis in the memory of this process');
  withLogOption(withSecretOption(withTargetOptions(withRunOptions(withBusOptions(command, null), 'workers to start'))))
    .addOption(
      new Option('--engines <count>', 'OS threads of each worker (with --redis; without, everything shares one)')
        .argParser(wholeNumber(1, 256))
        .default(Math.max(1, availableParallelism() - 1), 'one a core, less one for the publisher'),
    )
    .option('--digest', 'keep a digest of all executed ops, to compare fleets')
    .action(async (flags: RunCommandFlags) => done(await run(flags, context)));
}

const run = (flags: RunCommandFlags, context: Context): Promise<Exit> =>
  runInputs(readInputs(flags.config, flags.traffic), flags, context);

/** Plays the plan with workers of its own. @returns the exit code. */
export async function runInputs(inputs: Inputs, flags: RunCommandFlags, context: Context): Promise<Exit> {
  const log = makeLog(context.terminal, flags.logLevel);
  const target = httpTargetOf(inputs, targetOf(flags, context));
  if (flags.workers < 1)
    throw new DrumlineError('DRUM_USAGE', '--workers is 0; `run` starts its own and needs at least 1');
  checkOutputOptions(flags);
  const beginning = newRun(inputs, flags);
  await using outputs = await RunOutputs.open(flags, context.terminal, log);
  const fleet = fleetOf(flags, context);
  const buses: Bus[] = [];
  const openBus = async (): Promise<Bus> => {
    const bus = await fleet.openBus();
    buses.push(bus);
    return bus;
  };
  const workers: Worker[] = [];
  try {
    const bus = await openBus();
    // Workers need the config before the publisher would bring it: what they are to do is known here.
    await bus.writeConfig(inputs.configText);
    const crash = Promise.withResolvers<Exit>();
    for (let i = 0; i < flags.workers; i += 1) {
      workers.push(
        await startOne(flags, context, { ...fleet, openBus, target }, i, log, (error) => crash.reject(error)),
      );
    }
    const setting = { bus, flags, prefix: flags.prefix, secret: secretOf(flags, context), outputs, log };
    const played = play({ ...setting, beginning }, context);
    return await Promise.race([played, crash.promise]);
  } finally {
    await Promise.all(workers.map((worker) => worker.end('drain')));
    await Promise.all(buses.map((bus) => bus.close()));
  }
}

function fleetOf(flags: RunCommandFlags, context: Context): Fleet {
  const { redis } = flags;
  if (redis === undefined) {
    const memory = new MemoryFleet();
    const openBus = (): Promise<Bus> => Promise.resolve(new MemoryBus(memory));
    return { openBus, openEngine: (setup, events) => openInline(setup, openBus, events), engines: 1 };
  }
  const options = redisOptions({ ...flags, redis }, context);
  return {
    openBus: () => connectRedis(options),
    openEngine: (setup, events) => openOsThread({ setup, bus: options }, events),
    engines: flags.engines,
  };
}

async function startOne(
  flags: RunCommandFlags,
  context: Context,
  fleet: FleetWithTarget,
  index: number,
  log: CliLog,
  onCrash: (error: unknown) => void,
): Promise<Worker> {
  return startWorker(
    {
      id: `${context.host}-${context.pid}-${index}`,
      bus: await fleet.openBus(),
      openEngine: fleet.openEngine,
      engines: fleet.engines,
      target: fleet.target,
      createTable: flags.createTable === true && index === 0,
      secret: secretOf(flags, context),
      allow: [],
      plugins: {},
      digest: flags.digest === true,
      log,
      onEnd: (_how, why) => why !== undefined && onCrash(why),
    },
    context,
    new AbortController().signal,
  );
}
