import { EXIT, type Exit } from '@drumline/core/errors';
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { readInputs } from '../files.ts';
import { withInputOptions } from '../options/run-options.ts';

interface ValidateFlags {
  readonly config: string;
  readonly traffic: string;
  readonly json?: boolean;
}

export function defineValidate(program: Command, { terminal }: Context, done: (exit: Exit) => void): void {
  withInputOptions(
    program
      .command('validate')
      .description('check a config and a traffic file, and both together; exit 2 when one is wrong'),
  )
    .option('--json', 'print the result as JSON')
    .action(({ config, traffic, json }: ValidateFlags) => {
      const inputs = readInputs(config, traffic);
      const { tasks } = inputs.plan;
      if (json === true)
        terminal.out(
          `${JSON.stringify({ valid: true, tasks: tasks.length, warnings: inputs.warnings }, undefined, 2)}\n`,
        );
      else {
        terminal.out(`${config}: valid, ${inputs.config.threads} threads, table ${inputs.config.tableName}\n`);
        terminal.out(`${traffic}: valid, ${tasks.length} ${tasks.length === 1 ? 'task' : 'tasks'}\n`);
        for (const warning of inputs.warnings) terminal.out(`warning: ${warning}\n`);
      }
      done(EXIT.done);
    });
}
