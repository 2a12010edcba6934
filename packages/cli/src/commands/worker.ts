import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { connectRedis } from '@drumline/bus';
import { EXIT, type Exit } from '@drumline/core/errors';
import type { Millis } from '@drumline/core/units';
import { openOsThread } from '@drumline/worker';
import { type Command, Option } from 'commander';
import { unlessAbsent } from '../absence.ts';
import type { Context } from '../context.ts';
import { warnOfEviction } from '../eviction.ts';
import { onInterrupts } from '../interrupts.ts';
import { makeLog } from '../log.ts';
import { type BusFlags, redisOptions, withBusOptions } from '../options/bus-options.ts';
import { type SecretFlags, secretOf, withLogOption, withSecretOption } from '../options/secret.ts';
import { type TargetFlags, targetOf, withTargetOptions } from '../options/target-options.ts';
import { durationMillis, listOf, wholeNumber } from '../options/values.ts';
import { loadPlugins } from '../plugins.ts';
import { startWorker } from '../start-worker.ts';
import { workerLines } from '../worker-lines.ts';

interface WorkerFlags extends BusFlags, SecretFlags, TargetFlags {
  readonly id?: string;
  readonly engines: number;
  readonly waitConfig?: Millis;
  readonly allow: readonly string[];
  readonly plugin: readonly string[];
  readonly rebootCommand?: string;
  readonly terminateCommand?: string;
  readonly stats?: boolean;
  readonly digest?: boolean;
  readonly logLevel: string;
}

export function defineWorker(program: Command, context: Context, done: (exit: Exit) => void): void {
  const command = program.command('worker').description('execute what publishers put on the queues');
  withLogOption(withSecretOption(withTargetOptions(withBusOptions(command))))
    .option('--id <name>', 'name in the fleet (default: host name and a random part)')
    .addOption(
      new Option('--engines <count>', "OS threads to share the config's threads among")
        .argParser(wholeNumber(1, 256))
        .default(availableParallelism(), 'one a core'),
    )
    .option(
      '--wait-config <time>',
      'give up when no config appears within this time (default: wait for ever)',
      durationMillis,
    )
    .option(
      '--allow <commands>',
      'commands that reach beyond Drumline to accept: execute_bash, reboot_instance, terminate_instance',
      listOf,
      [],
    )
    .option(
      '--plugin <file>',
      'TypeScript or JavaScript file with more commands; may be given several times',
      listOf,
      [],
    )
    .option('--reboot-command <words>', 'what reboot_instance runs')
    .option('--terminate-command <words>', 'what terminate_instance runs')
    .option('--stats', 'print a [WORKER] line a second')
    .option('--digest', 'keep a digest of all executed ops, to compare fleets')
    .addHelpText(
      'after',
      `\nSIGTERM or Ctrl-C: finish what is claimed, then end. Twice: give back what is not begun.\n`,
    )
    .action(async (flags: WorkerFlags) => done(await work(flags, context)));
}

async function work(flags: WorkerFlags, context: Context): Promise<Exit> {
  const log = makeLog(context.terminal, flags.logLevel);
  const plugins = await loadPlugins(flags.plugin);
  const redis = redisOptions(flags, context);
  const bus = await connectRedis(redis);
  await warnOfEviction(bus, log);
  const id = flags.id ?? `${context.host}-${randomBytes(3).toString('hex')}`;
  const ending = new AbortController();
  /** Aborted by whatever makes this worker end. */
  const leaving = new AbortController();
  const end = Promise.withResolvers<{ how: 'drain' | 'leave'; exit: Exit; why?: Error }>();
  const stopListening = onInterrupts((times, signal) => {
    ending.abort();
    leaving.abort();
    end.resolve({ how: times === 1 ? 'drain' : 'leave', exit: signal === 'SIGTERM' ? EXIT.done : EXIT.interrupted });
    log.info(
      {},
      times === 1
        ? 'finishing what is claimed; once more gives back what is not begun'
        : 'giving back what is not begun',
    );
    if (times === 2) void worker?.end('leave');
  });
  let worker: Awaited<ReturnType<typeof startWorker>> | undefined;
  try {
    const starting = startWorker(
      {
        ...flags,
        id,
        bus,
        openEngine: (setup, events) => openOsThread({ setup, bus: redis }, events),
        target: targetOf(flags, context),
        createTable: flags.createTable === true,
        secret: secretOf(flags, context),
        plugins,
        configWithin: flags.waitConfig,
        digest: flags.digest === true,
        log,
        ...(flags.stats === true && { onReport: workerLines(id, (line) => context.terminal.out(`${line}\n`)) }),
        onEnd: (how, why) => {
          leaving.abort();
          end.resolve({ how, exit: EXIT.done, ...(why && { why }) });
        },
      },
      context,
      ending.signal,
    );
    worker = await unlessAbsent(starting, bus, leaving.signal);
    const { how, exit, why } = await end.promise;
    const ended = unlessAbsent(worker.end(how), bus, leaving.signal);
    // What made it end says more than that its end could not be said to Redis.
    await (why === undefined ? ended : ended.catch(() => undefined));
    if (why !== undefined) throw why;
    return exit;
  } catch (error) {
    // Told to end while it waited for a config: nothing was begun.
    if (worker === undefined && ending.signal.aborted) return (await end.promise).exit;
    throw error;
  } finally {
    stopListening();
    await bus.close();
  }
}
