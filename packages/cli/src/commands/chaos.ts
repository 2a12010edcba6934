import { randomInt } from 'node:crypto';
import { availableParallelism, loadavg } from 'node:os';
import { readConfig } from '@drumline/core/config';
import { DrumlineError, EXIT, type Exit } from '@drumline/core/errors';
import { readPlan } from '@drumline/core/plan';
import { type Micros, type Millis, micros, millis } from '@drumline/core/units';
import { COLORED, PLAIN } from '@drumline/report';
import { type Command, Option } from 'commander';
import { eventLine, spreadsOf, verdictText } from '../chaos/chaos-text.ts';
import { demoPlan } from '../chaos/demo-plan.ts';
import { isFixed, spanOf } from '../chaos/expected-run.ts';
import { drawFaults, FAULT_KINDS, type Fault, type FaultKind } from '../chaos/fault-plan.ts';
import { checkRedisInstalled } from '../chaos/private-redis.ts';
import { type ChaosResult, runChaos } from '../chaos/run-chaos.ts';
import type { Context } from '../context.ts';
import { type Inputs, readInputs, readText } from '../files.ts';
import { onInterrupts } from '../interrupts.ts';
import { withScaleOptions } from '../options/run-options.ts';
import { duration, durationMillis, listOf, wholeNumber } from '../options/values.ts';

interface ChaosFlags {
  readonly traffic?: string;
  readonly config?: string;
  readonly seed?: string;
  readonly kills: number;
  readonly duration: Micros;
  readonly qps: number;
  readonly workers: number;
  readonly what: readonly string[];
  readonly scale: string;
  readonly speed: string;
  readonly db?: 'dynamodb' | 'redis';
  readonly endpoint?: string;
  readonly patience: Millis;
  readonly redisLoss?: boolean;
  readonly json?: boolean;
  readonly keep?: boolean;
}

const DEFAULT_KINDS: readonly FaultKind[] = ['workers', 'publisher', 'redis', 'stop'];
const DEMO_CONFIG = '{ "table_name": "chaos", "threads": 4 }\n';

const HELP = `
Nothing but loopback is touched, and nothing stays behind: Redis servers, publishers and workers are children of this
command, and end with it, however it ends.

What --what takes:
  workers         kill -9 a worker; another one is started in its place
  publisher       kill -9 the publisher; the standby goes on, and another standby is started
  redis           kill -9 the Redis that the fleet meets on; it comes back with its append-only file
  failover        kill -9 the master of two Redis servers; a Sentinel makes the replica the master
  stop            SIGSTOP a worker for up to 12 s: longer than others wait before they take its batches
  stop-publisher  the same to the publisher: it wakes up beside its successor
  stop-redis      the same to Redis, for up to 3 s
  network         cut every connection to Redis
  target          kill -9 the target Redis; ops fail meanwhile, and are counted

  drumline chaos                                                     half a minute of a little of everything
  drumline chaos --what workers --kills 20 --duration 2m --qps 20000
  drumline chaos --traffic my.json --config my-config.json --seed 7  the same faults are drawn whenever the seed is the same

Exit codes: 0 it holds, 2 bad input or no redis-server, 5 it does not hold, 130 interrupted.
`;

export function defineChaos(program: Command, context: Context, done: (exit: Exit) => void): void {
  const command = program
    .command('chaos')
    .description('kill parts of a private fleet at random moments, and prove that ledger and digest still hold')
    .option('--traffic <file>', 'traffic file to play (default: a plan of its own)')
    .option('--config <file>', 'config of the fleet (default: one of its own, 4 queues)');
  withScaleOptions(command)
    .option('--seed <text>', 'draws the faults: the same seed, the same faults (default: drawn, and printed)')
    .option('--kills <count>', 'faults in all', wholeNumber(0, 100_000), 8)
    .addOption(
      new Option('--duration <time>', 'length of its own plan').argParser(duration).default(micros(30_000_000), '30s'),
    )
    .option('--qps <rate>', 'ops per second of its own plan', wholeNumber(1, 10_000_000), 2_000)
    .option('--workers <count>', 'worker processes', wholeNumber(1, 1_000), 4)
    .addOption(
      new Option('--what <kinds>', `what to do to whom, with commas: ${FAULT_KINDS.join(', ')}`)
        .argParser((text: string) => listOf(text))
        .default(DEFAULT_KINDS, DEFAULT_KINDS.join(',')),
    )
    .addOption(new Option('--db <target>', 'what ops go to (default: a private Redis)').choices(['dynamodb', 'redis']))
    .option('--endpoint <url>', 'with --db: its address, which must be on this host')
    .addOption(
      new Option('--patience <time>', 'how long outcomes may stay away at the end before the run is incomplete')
        .argParser(durationMillis)
        .default(millis(60_000), '60s'),
    )
    .option('--redis-loss', 'let Redis forget everything when it is killed: the run must say so')
    .option('--json', 'print the verdict as JSON on standard output, the events on standard error')
    .option('--keep', 'leave the folder with plan, config and Redis files')
    .addHelpText('after', HELP)
    .action(async (flags: ChaosFlags) => done(await chaos(flags, context)));
}

async function chaos(flags: ChaosFlags, context: Context): Promise<Exit> {
  const kinds = kindsOf(flags.what);
  const target = targetOf(flags);
  checkRedisInstalled();
  const seed = flags.seed ?? String(randomInt(1, 1_000_000));
  const inputs = inputsOf(flags, seed);
  const factors = { scale: flags.scale, speed: flags.speed, batchOps: inputs.config.batchOps };
  const span = spanOf(inputs.plan.root, factors);
  const faults = drawFaults({ seed, kinds, count: flags.kills, span: millis(span / 1_000) });
  const { terminal } = context;
  const print = flags.json === true ? (text: string) => terminal.err(text) : (text: string) => terminal.out(text);
  print(`chaos --seed ${seed}: ${faults.length} faults (${kinds.join(', ')}) in ${(span / 1e6).toFixed(1)} s, `);
  print(`${flags.workers} workers, load average ${loadavg()[0]?.toFixed(2)} on ${availableParallelism()} cores\n`);
  const interrupted = new AbortController();
  const stopListening = onInterrupts(() => interrupted.abort());
  try {
    const result = await runChaos({
      ...flags,
      inputs,
      span,
      faults,
      target,
      redisKeeps: flags.redisLoss !== true,
      keep: flags.keep === true,
      drumline: [process.execPath, ...process.execArgv, process.argv[1] ?? ''],
      env: ownEnvironment(context),
      say: (event) => print(`${eventLine(event)}\n`),
      signal: interrupted.signal,
    });
    show(result, { seed, faults, flags }, context);
    return result.verdict.holds ? EXIT.done : EXIT.incomplete;
  } catch (error) {
    if (interrupted.signal.aborted) return EXIT.interrupted;
    throw error;
  } finally {
    stopListening();
  }
}

function show(
  result: ChaosResult,
  { seed, faults, flags }: { seed: string; faults: readonly Fault[]; flags: ChaosFlags },
  { terminal }: Context,
): void {
  if (flags.json !== true) {
    terminal.out(verdictText(result, terminal.columns(), terminal.color ? COLORED : PLAIN));
    return;
  }
  const spreads = Object.fromEntries(spreadsOf(result.measured));
  const { verdict, ...rest } = result;
  terminal.out(`${JSON.stringify({ seed, ...verdict, spreads, ...rest, faults, load: loadavg() }, undefined, 2)}\n`);
}

function kindsOf(names: readonly string[]): FaultKind[] {
  const unknown = names.filter((name) => !FAULT_KINDS.includes(name as FaultKind));
  if (unknown.length === 0 && names.length > 0) return [...new Set(names as FaultKind[])];
  throw new DrumlineError(
    'DRUM_USAGE',
    `--what names ${unknown.join(', ') || 'nothing'}; it takes ${FAULT_KINDS.join(', ')}`,
  );
}

/** Ops may go to this host only: a slip must not throw faults and load at somebody's table. */
function targetOf({ db, endpoint }: ChaosFlags): string[] | undefined {
  if (db === undefined && endpoint === undefined) return undefined;
  if (db === undefined || endpoint === undefined) {
    throw new DrumlineError('DRUM_USAGE', '--db and --endpoint go together; without both, ops go to a private Redis');
  }
  if (!/^(\w+:\/\/)?([^@/]*@)?(127\.\d+\.\d+\.\d+|localhost|\[::1\])(:\d+)?(\/|$)/u.test(endpoint)) {
    throw new DrumlineError('DRUM_USAGE', `--endpoint is ${endpoint}; chaos sends ops to this host only`, {
      hint: 'Start a target on 127.0.0.1, or leave --db and --endpoint out.',
    });
  }
  return ['--db', db, '--endpoint', endpoint, ...(db === 'dynamodb' ? ['--create-table'] : [])];
}

function inputsOf({ config, traffic, duration: length, qps }: ChaosFlags, seed: string): Inputs {
  const inputs =
    traffic === undefined ? ownInputs(config, demoPlan({ seed, qps, length })) : theirInputs(config, traffic);
  const open = inputs.plan.tasks.filter((task) => !isFixed(task));
  if (open.length === 0) return inputs;
  throw new DrumlineError(
    'DRUM_USAGE',
    `the task in line ${open.map(({ line }) => line).join(', ')} follows the hours of the day: how many ops it has depends on when it starts, so there is nothing to hold the run against`,
    { hint: 'Write "clock": "run" into the task, or give it `times` instead of `duration`.' },
  );
}

function theirInputs(config: string | undefined, traffic: string): Inputs {
  if (config !== undefined) return readInputs(config, traffic);
  const planText = readText(traffic, 'traffic file');
  return { ...ownInputs(undefined, planText), plan: readPlan(planText, traffic) };
}

function ownInputs(config: string | undefined, planText: string): Inputs {
  const configText = config === undefined ? DEMO_CONFIG : readText(config, 'config');
  return {
    config: readConfig(configText, config ?? 'its own config'),
    configText,
    plan: readPlan(planText, 'its own plan'),
    planText,
    warnings: [],
  };
}

/** Settings of the caller's own fleet are none of this one's. */
function ownEnvironment({ env }: Context): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('DRUMLINE_')));
}
