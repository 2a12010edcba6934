import type { Millis } from '@drumline/core/units';
import type { TargetOptions } from '@drumline/worker';
import { type Command, Option } from 'commander';
import type { Context } from '../context.ts';
import { readText } from '../files.ts';
import { durationMillis } from './values.ts';

export interface TargetFlags {
  readonly db?: 'dynamodb' | 'redis';
  readonly endpoint?: string;
  readonly targetCluster?: boolean;
  readonly targetTls?: boolean;
  readonly targetTlsCa?: string;
  readonly targetUser?: string;
  readonly targetPasswordFile?: string;
  readonly waitTarget?: Millis;
  readonly createTable?: boolean;
}

/** The options that say what the data actions go to. */
export function withTargetOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--db <target>', "what the data actions go to (default: the config's db_type, else dynamodb)").choices(
        ['dynamodb', 'redis'],
      ),
    )
    .addOption(new Option('--endpoint <url>', "DynamoDB's URL, or the target Redis's address").env('DRUMLINE_ENDPOINT'))
    .option('--target-cluster', 'the target Redis is a cluster')
    .option('--target-tls', 'connect to the target Redis through TLS')
    .option('--target-tls-ca <file>', 'certificate authorities to trust for the target Redis, PEM')
    .option('--target-user <name>', 'user of the target Redis')
    .option(
      '--target-password-file <file>',
      'file with the password of the target Redis (or set DRUMLINE_TARGET_PASSWORD)',
    )
    .option(
      '--wait-target <time>',
      'keep trying for so long when the target cannot be reached at the start (default: 5s for Redis, three attempts for DynamoDB)',
      durationMillis,
    )
    .option('--create-table', 'make the DynamoDB table if it is missing (on-demand billing)');
}

export function targetOf(flags: TargetFlags, { env }: Context): TargetOptions {
  const password =
    flags.targetPasswordFile === undefined
      ? env['DRUMLINE_TARGET_PASSWORD']
      : readText(flags.targetPasswordFile, 'password file').trim();
  const ca = flags.targetTlsCa === undefined ? undefined : readText(flags.targetTlsCa, 'certificate');
  return {
    ...(flags.db !== undefined && { db: flags.db }),
    ...(flags.endpoint !== undefined && { endpoint: flags.endpoint }),
    ...(flags.targetCluster === true && { cluster: true }),
    ...((flags.targetTls === true || ca !== undefined) && { tls: ca === undefined ? {} : { ca } }),
    ...(flags.targetUser !== undefined && { username: flags.targetUser }),
    ...(password !== undefined && password !== '' && { password }),
    ...(flags.waitTarget !== undefined && { connectWithin: flags.waitTarget }),
  };
}
