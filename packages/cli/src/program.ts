import { hostname } from 'node:os';
import { DrumlineError, EXIT, type Exit } from '@drumline/core/errors';
import { Command, CommanderError } from 'commander';
import type { Context } from './context.ts';
import { refusePasswordsIn } from './options/command-line-secrets.ts';
import { printableLines } from './printable-lines.ts';
import type { Terminal } from './terminal.ts';

const HELP = `
A first run, in one process, against a Redis on this host:
  drumline run --db redis --endpoint 127.0.0.1:6379 --scale 0.0001

A load on an HTTP server, with no files at all:
  drumline http http://127.0.0.1:8080/ --qps 500 --duration 30s

On several machines, which meet on one Redis:
  drumline publisher --redis control:6379 --traffic traffic/traffic.json
  drumline worker    --redis control:6379 --db dynamodb          (as often as you like)
  drumline notify    --redis control:6379 rate 50%

Options also come from the environment: DRUMLINE_REDIS, DRUMLINE_PREFIX, DRUMLINE_ENDPOINT, DRUMLINE_SECRET, …
Exit codes: 0 done, 1 bug, 2 bad input, 3 thresholds missed, 4 Redis or target unreachable, 5 incomplete, 130 interrupted.
`;

/** Adds one command to the program; `done` takes its exit code. */
export type DefineCommand = (program: Command, context: Context, done: (exit: Exit) => void) => void;

/** Each loads what its command needs and no more: half of the time that a short command takes would else go into imports. */
const COMMANDS: Readonly<Record<string, () => Promise<DefineCommand>>> = {
  publisher: async () => (await import('./commands/publisher.ts')).definePublisher,
  worker: async () => (await import('./commands/worker.ts')).defineWorker,
  run: async () => (await import('./commands/run.ts')).defineRun,
  http: async () => (await import('./commands/http.ts')).defineHttp,
  notify: async () => (await import('./commands/notify.ts')).defineNotify,
  status: async () => (await import('./commands/status.ts')).defineStatus,
  plan: async () => (await import('./commands/plan.ts')).definePlan,
  validate: async () => (await import('./commands/validate.ts')).defineValidate,
  keys: async () => (await import('./commands/keys.ts')).defineKeys,
  compare: async () => (await import('./commands/compare.ts')).defineCompare,
  report: async () => (await import('./commands/report.ts')).defineReport,
  chaos: async () => (await import('./commands/chaos.ts')).defineChaos,
};

/** Runs one command. @returns the exit code. */
export async function runProgram(argv: readonly string[], terminal: Terminal): Promise<number> {
  const context: Context = { terminal, env: process.env, host: hostname(), pid: process.pid };
  let exit: Exit = EXIT.done;
  const [name = ''] = argv;
  const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  const defines = await Promise.all((load === undefined ? Object.values(COMMANDS) : [load]).map((one) => one()));
  const program = assembleProgram(defines, context, (code) => {
    exit = code;
  });
  try {
    await program.parseAsync(argv, { from: 'user' });
    return exit;
  } catch (error) {
    return explain(error, terminal);
  }
}

/** The program with all its commands. */
export async function defineProgram(context: Context, done: (exit: Exit) => void): Promise<Command> {
  const defines = await Promise.all(Object.values(COMMANDS).map((load) => load()));
  return assembleProgram(defines, context, done);
}

function assembleProgram(defines: readonly DefineCommand[], context: Context, done: (exit: Exit) => void): Command {
  const { terminal } = context;
  const program = new Command('drumline')
    .description('A distributed load generator that keeps time')
    .version('0.1.0')
    .exitOverride()
    .configureOutput({ writeOut: (text) => terminal.out(text), writeErr: (text) => terminal.err(text) })
    .showSuggestionAfterError()
    .hook('preAction', (_, command) => refusePasswordsIn(command))
    .addHelpText('after', HELP);
  for (const define of defines) define(program, context, done);
  return program;
}

export function explain(error: unknown, terminal: Terminal): number {
  // Commander has said what is wrong, or printed the help that was asked for.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.badInput;
  if (error instanceof DrumlineError) {
    const hint = error.hint === undefined ? '' : `\n${error.hint}`;
    terminal.err(`${printableLines(`${error.code}: ${error.message}${hint}`)}\n`);
    return error.exit;
  }
  terminal.err(
    `DRUM_BUG: ${printableLines(error instanceof Error ? (error.stack ?? error.message) : String(error))}\n`,
  );
  return EXIT.bug;
}
