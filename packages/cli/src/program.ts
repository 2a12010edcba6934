import { hostname } from 'node:os';
import { DrumlineError, EXIT, type Exit } from '@drumline/core/errors';
import { Command, CommanderError } from 'commander';
import { defineKeys } from './commands/keys.ts';
import { defineNotify } from './commands/notify.ts';
import { definePlan } from './commands/plan.ts';
import { definePublisher } from './commands/publisher.ts';
import { defineRun } from './commands/run.ts';
import { defineStatus } from './commands/status.ts';
import { defineValidate } from './commands/validate.ts';
import { defineWorker } from './commands/worker.ts';
import type { Context } from './context.ts';
import type { Terminal } from './terminal.ts';

const HELP = `
A first run, in one process, against a Redis on this host:
  drumline run --db redis --endpoint 127.0.0.1:6379 --scale 0.0001

On several machines, which meet on one Redis:
  drumline publisher --redis control:6379 --traffic traffic/traffic.json
  drumline worker    --redis control:6379 --db dynamodb          (as often as you like)
  drumline notify    --redis control:6379 rate 50%

Options also come from the environment: DRUMLINE_REDIS, DRUMLINE_PREFIX, DRUMLINE_ENDPOINT, DRUMLINE_SECRET, …
Exit codes: 0 done, 1 bug, 2 bad input, 4 Redis or target unreachable, 5 incomplete, 130 interrupted.
`;

/** Runs one command. @returns the exit code. */
export async function runProgram(argv: readonly string[], terminal: Terminal): Promise<number> {
  const context: Context = { terminal, env: process.env, host: hostname(), pid: process.pid };
  let exit: Exit = EXIT.done;
  const program = defineProgram(context, (code) => {
    exit = code;
  });
  try {
    await program.parseAsync(argv, { from: 'user' });
    return exit;
  } catch (error) {
    return explain(error, terminal);
  }
}

export function defineProgram(context: Context, done: (exit: Exit) => void): Command {
  const { terminal } = context;
  const program = new Command('drumline')
    .description('A distributed load generator that keeps time')
    .version('0.1.0')
    .exitOverride()
    .configureOutput({ writeOut: (text) => terminal.out(text), writeErr: (text) => terminal.err(text) })
    .showSuggestionAfterError()
    .addHelpText('after', HELP);
  for (const define of [definePublisher, defineWorker, defineRun, defineNotify, defineStatus, definePlan, defineValidate, defineKeys]) {
    define(program, context, done);
  }
  return program;
}

function explain(error: unknown, terminal: Terminal): number {
  // Commander has said what is wrong, or printed the help that was asked for.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.badInput;
  if (error instanceof DrumlineError) {
    const hint = error.hint === undefined ? '' : `\n${error.hint}`;
    terminal.err(`${error.code}: ${error.message}${hint}\n`);
    return error.exit;
  }
  terminal.err(`DRUM_BUG: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return EXIT.bug;
}
