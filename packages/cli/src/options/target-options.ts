import type { Millis } from '@drumline/core/units';
import type { TargetOptions } from '@drumline/worker';
import { type Command, Option } from 'commander';
import type { Context } from '../context.ts';
import { readText } from '../files.ts';
import { durationMillis } from './values.ts';

export interface TargetFlags {
  readonly db?: 'dynamodb' | 'redis' | 'http';
  readonly endpoint?: string;
  readonly targetCluster?: boolean;
  readonly targetTls?: boolean;
  readonly targetTlsCa?: string;
  readonly targetTlsCert?: string;
  readonly targetTlsKey?: string;
  readonly targetTlsInsecure?: boolean;
  readonly targetUser?: string;
  readonly targetPasswordFile?: string;
  readonly waitTarget?: Millis;
  readonly createTable?: boolean;
}

/** The options that say what the data actions go to, and how all targets are met. */
export function withTargetOptions(command: Command): Command {
  const database = command
    .addOption(
      new Option(
        '--db <target>',
        "what the data actions go to; http: there are none, only http tasks (default: the config's db_type, else dynamodb)",
      ).choices(['dynamodb', 'redis', 'http']),
    )
    .addOption(
      new Option('--endpoint <url>', "DynamoDB's URL, the target Redis's address, or with --db http the base URL").env(
        'DRUMLINE_ENDPOINT',
      ),
    )
    .option('--target-cluster', 'the target Redis is a cluster')
    .option('--target-tls', 'connect to the target Redis through TLS');
  return withMeetingOptions(database)
    .option(
      '--wait-target <time>',
      'keep trying for so long when the target cannot be reached at the start (default: 5s for Redis, three attempts for DynamoDB)',
      durationMillis,
    )
    .option('--create-table', 'make the DynamoDB table if it is missing (on-demand billing)');
}

/** The options that say how a target is met: certificates, user and password. */
export function withMeetingOptions(command: Command): Command {
  return command
    .option('--target-tls-ca <file>', 'certificate authorities to trust for the target, PEM')
    .option('--target-tls-cert <file>', 'client certificate for the target, PEM')
    .option('--target-tls-key <file>', 'key of the client certificate for the target, PEM')
    .option('--target-tls-insecure', 'accept any certificate of the target: for tests only')
    .option('--target-user <name>', 'user of the target Redis, or of http tasks with "auth": "basic"')
    .option(
      '--target-password-file <file>',
      'file with the password of the target Redis, or the password or token of http tasks (or set DRUMLINE_TARGET_PASSWORD)',
    );
}

export function targetOf(flags: TargetFlags, { env }: Context): TargetOptions {
  const password =
    flags.targetPasswordFile === undefined
      ? env['DRUMLINE_TARGET_PASSWORD']
      : readText(flags.targetPasswordFile, 'password file').trim();
  const tls = tlsOf(flags);
  return {
    ...(flags.db !== undefined && { db: flags.db }),
    ...(flags.endpoint !== undefined && { endpoint: flags.endpoint }),
    ...(flags.targetCluster === true && { cluster: true }),
    ...((flags.targetTls === true || Object.keys(tls).length > 0) && { tls }),
    ...(flags.targetUser !== undefined && { username: flags.targetUser }),
    ...(password !== undefined && password !== '' && { password }),
    ...(flags.waitTarget !== undefined && { connectWithin: flags.waitTarget }),
  };
}

type TargetTls = NonNullable<TargetOptions['tls']>;

function tlsOf({ targetTlsCa, targetTlsCert, targetTlsKey, targetTlsInsecure }: TargetFlags): TargetTls {
  return {
    ...(targetTlsCa !== undefined && { ca: readText(targetTlsCa, 'certificate') }),
    ...(targetTlsCert !== undefined && { cert: readText(targetTlsCert, 'certificate') }),
    ...(targetTlsKey !== undefined && { key: readText(targetTlsKey, 'key') }),
    ...(targetTlsInsecure === true && { insecure: true }),
  };
}
