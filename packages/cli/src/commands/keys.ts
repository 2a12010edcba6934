import { EXIT, type Exit } from '@drumline/core/errors';
import { keyAt, streamOf } from '@drumline/core/keys';
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { wholeNumber } from '../options/values.ts';

interface KeysFlags {
  readonly seed: string;
  readonly from: number;
  readonly count: number;
  readonly json?: boolean;
}

export function defineKeys(program: Command, { terminal }: Context, done: (exit: Exit) => void): void {
  program
    .command('keys')
    .description("print keys of a seed's stream: what op n of a task with this seed uses")
    .requiredOption('--seed <seed>', 'number or text')
    .option('--from <n>', 'number of the first key', wholeNumber(0, Number.MAX_SAFE_INTEGER - 10_000_000), 0)
    .option('--count <n>', 'how many', wholeNumber(1, 10_000_000), 10)
    .option('--json', 'print a JSON list')
    .action(({ seed, from, count, json }: KeysFlags) => {
      const stream = streamOf(seed);
      const keys = Array.from({ length: count }, (_, i) => keyAt(stream, from + i));
      terminal.out(json === true ? `${JSON.stringify(keys)}\n` : `${keys.join('\n')}\n`);
      done(EXIT.done);
    });
}
