import type { RedisOptions, RedisSentinel } from '@drumline/bus';
import { DrumlineError } from '@drumline/core/errors';
import { type Millis, millis } from '@drumline/core/units';
import { type Command, Option } from 'commander';
import type { Context } from '../context.ts';
import { readText } from '../files.ts';
import { durationMillis } from './values.ts';

export interface BusFlags {
  readonly redis: string;
  readonly prefix: string;
  readonly cluster?: boolean;
  readonly tls?: boolean;
  readonly tlsCa?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly tlsServername?: string;
  readonly redisUser?: string;
  readonly redisPasswordFile?: string;
  readonly sentinel?: string;
  readonly sentinelName?: string;
  readonly sentinelUser?: string;
  readonly sentinelPasswordFile?: string;
  readonly sentinelTls?: boolean;
  readonly outage: Millis;
}

/** The options that say which Redis the fleet meets on. */
export function withBusOptions(command: Command, redisDefault: string | null = '127.0.0.1:6379'): Command {
  const redis = new Option('--redis <address>', 'Redis the fleet meets on: host:port or a redis(s):// URL').env(
    'DRUMLINE_REDIS',
  );
  if (redisDefault !== null) redis.default(redisDefault);
  return command
    .addOption(redis)
    .addOption(new Option('--prefix <name>', 'first part of every Redis key').env('DRUMLINE_PREFIX').default('dst'))
    .option('--cluster', 'the Redis is a cluster; any of its nodes will do as address')
    .option('--tls', 'connect to Redis through TLS')
    .option('--tls-ca <file>', 'certificate authorities to trust, PEM')
    .option('--tls-cert <file>', 'client certificate, PEM')
    .option('--tls-key <file>', 'key of the client certificate, PEM')
    .option('--tls-servername <name>', "name that the server's certificate must have")
    .addOption(new Option('--redis-user <name>', 'user of the Redis').env('DRUMLINE_REDIS_USER'))
    .option('--redis-password-file <file>', 'file with the password of the Redis (or set DRUMLINE_REDIS_PASSWORD)')
    .addOption(
      new Option('--sentinel <addresses>', 'Sentinels that know where the Redis is: host:port,host:port').env(
        'DRUMLINE_SENTINEL',
      ),
    )
    .addOption(
      new Option('--sentinel-name <name>', 'what the Sentinels call the Redis, e.g. mymaster').env(
        'DRUMLINE_SENTINEL_NAME',
      ),
    )
    .option('--sentinel-user <name>', 'user of the Sentinels')
    .option(
      '--sentinel-password-file <file>',
      'file with the password of the Sentinels (or set DRUMLINE_SENTINEL_PASSWORD)',
    )
    .option('--sentinel-tls', 'connect to the Sentinels through TLS, with the same certificates')
    .addOption(
      new Option('--outage <time>', 'how long Redis may be away, or unable to serve, before this gives up')
        .argParser(durationMillis)
        .default(millis(60_000), '60s'),
    );
}

/** A password on the command line could be read by everybody on the host: it comes from the environment or a file. */
export function redisOptions(flags: BusFlags, { env }: Context): RedisOptions {
  const password = passwordOf(flags.redisPasswordFile, env['DRUMLINE_REDIS_PASSWORD']);
  const tls = {
    ...(flags.tlsCa !== undefined && { ca: readText(flags.tlsCa, 'certificate') }),
    ...(flags.tlsCert !== undefined && { cert: readText(flags.tlsCert, 'certificate') }),
    ...(flags.tlsKey !== undefined && { key: readText(flags.tlsKey, 'key') }),
    ...(flags.tlsServername !== undefined && { servername: flags.tlsServername }),
  };
  const sentinel = sentinelOf(flags, env['DRUMLINE_SENTINEL_PASSWORD']);
  return {
    url: flags.redis,
    prefix: flags.prefix,
    outage: flags.outage,
    ...(sentinel !== undefined && { sentinel }),
    ...(flags.cluster === true && { cluster: true }),
    ...((flags.tls === true || Object.keys(tls).length > 0) && { tls }),
    ...(flags.redisUser !== undefined && { username: flags.redisUser }),
    ...(password !== undefined && { password }),
  };
}

function sentinelOf(flags: BusFlags, passwordInEnvironment: string | undefined): RedisSentinel | undefined {
  const { sentinel: nodes, sentinelName: name, sentinelUser: username, sentinelTls: tls } = flags;
  if (nodes === undefined && name === undefined) return undefined;
  if (nodes === undefined || name === undefined) {
    throw new DrumlineError('DRUM_USAGE', '--sentinel and --sentinel-name go together', {
      hint: 'For example: --sentinel host-1:26379,host-2:26379 --sentinel-name mymaster',
    });
  }
  const password = passwordOf(flags.sentinelPasswordFile, passwordInEnvironment);
  return {
    nodes,
    name,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(tls === true && { tls }),
  };
}

function passwordOf(file: string | undefined, inEnvironment: string | undefined): string | undefined {
  const password = file === undefined ? inEnvironment : readText(file, 'password file').trim();
  return password === '' ? undefined : password;
}
