import { type Command, Option } from 'commander';
import type { Context } from '../context.ts';
import { readText } from '../files.ts';

export interface SecretFlags {
  readonly secretFile?: string;
}

export function withSecretOption(command: Command): Command {
  return command.option('--secret-file <file>', 'file with the secret that signs commands (or set DRUMLINE_SECRET)');
}

/** The secret shared by the fleet and those who steer it, if there is one. */
export function secretOf({ secretFile }: SecretFlags, { env }: Context): string | undefined {
  const secret = secretFile === undefined ? env['DRUMLINE_SECRET'] : readText(secretFile, 'secret file').trim();
  return secret === undefined || secret === '' ? undefined : secret;
}

export function withLogOption(command: Command): Command {
  return command.addOption(
    new Option('--log-level <level>', 'how much to log on standard error')
      .choices(['debug', 'info', 'warn', 'error'])
      .env('DRUMLINE_LOG_LEVEL')
      .default('info'),
  );
}
