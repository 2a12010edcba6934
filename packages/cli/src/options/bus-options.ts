import type { RedisOptions } from '@drumline/bus';
import { type Command, Option } from 'commander';
import type { Context } from '../context.ts';
import { readText } from '../files.ts';

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
    .option('--redis-password-file <file>', 'file with the password of the Redis (or set DRUMLINE_REDIS_PASSWORD)');
}

/** A password on the command line could be read by everybody on the host: it comes from the environment or a file. */
export function redisOptions(flags: BusFlags, { env }: Context): RedisOptions {
  const password =
    flags.redisPasswordFile === undefined
      ? env['DRUMLINE_REDIS_PASSWORD']
      : readText(flags.redisPasswordFile, 'password file').trim();
  const tls = {
    ...(flags.tlsCa !== undefined && { ca: readText(flags.tlsCa, 'certificate') }),
    ...(flags.tlsCert !== undefined && { cert: readText(flags.tlsCert, 'certificate') }),
    ...(flags.tlsKey !== undefined && { key: readText(flags.tlsKey, 'key') }),
    ...(flags.tlsServername !== undefined && { servername: flags.tlsServername }),
  };
  return {
    url: flags.redis,
    prefix: flags.prefix,
    ...(flags.cluster === true && { cluster: true }),
    ...((flags.tls === true || Object.keys(tls).length > 0) && { tls }),
    ...(flags.redisUser !== undefined && { username: flags.redisUser }),
    ...(password !== undefined && password !== '' && { password }),
  };
}
