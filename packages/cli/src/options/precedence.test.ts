import { readConfig } from '@drumline/core/config';
import { settingsOf } from '@drumline/worker';
import { Command } from 'commander';
import { afterEach, describe, expect, test } from 'vitest';
import type { Context } from '../context.ts';
import { type BusFlags, redisOptions, withBusOptions } from './bus-options.ts';
import { type TargetFlags, targetOf, withTargetOptions } from './target-options.ts';

const NAMES = ['DRUMLINE_REDIS', 'DRUMLINE_PREFIX', 'DRUMLINE_ENDPOINT', 'DRUMLINE_REDIS_PASSWORD'];

/** What an option comes to when it is given in some places and not in others. */
interface Row {
  readonly title: string;
  /** Of config.json. */
  readonly file?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly flags?: readonly string[];
  readonly expected: Readonly<Record<string, unknown>>;
}

/** defaults < file < environment < flags */
const ROWS: readonly Row[] = [
  {
    title: 'nothing given: the defaults',
    expected: { redis: '127.0.0.1:6379', prefix: 'dst', db: 'dynamodb', endpoint: undefined },
  },
  {
    title: 'the environment wins over the default',
    env: { DRUMLINE_REDIS: 'r:1', DRUMLINE_PREFIX: 'p' },
    expected: { redis: 'r:1', prefix: 'p' },
  },
  {
    title: 'a flag wins over the environment',
    env: { DRUMLINE_REDIS: 'r:1', DRUMLINE_PREFIX: 'p' },
    flags: ['--redis', 'r:2', '--prefix', 'q'],
    expected: { redis: 'r:2', prefix: 'q' },
  },
  {
    title: 'the config wins over the default',
    file: { db_type: 'redis', redis_addr: 'target:1' },
    expected: { db: 'redis', endpoint: 'target:1' },
  },
  {
    title: 'the environment wins over the config',
    file: { endpoint: 'http://file:8000' },
    env: { DRUMLINE_ENDPOINT: 'http://env:8000' },
    expected: { db: 'dynamodb', endpoint: 'http://env:8000' },
  },
  {
    title: 'flags win over environment and config',
    file: { db_type: 'redis', redis_addr: 'file:1' },
    env: { DRUMLINE_ENDPOINT: 'env:1' },
    flags: ['--db', 'dynamodb', '--endpoint', 'http://flag:1'],
    expected: { db: 'dynamodb', endpoint: 'http://flag:1' },
  },
  {
    title: 'a password comes from the environment',
    env: { DRUMLINE_REDIS_PASSWORD: 'secret' },
    expected: { password: 'secret' },
  },
];

describe('where an option comes from', () => {
  afterEach(() => {
    for (const name of NAMES) delete process.env[name];
  });

  test.each(ROWS)('$title', ({ file, env = {}, flags = [], expected }) => {
    // Commander reads the environment itself.
    Object.assign(process.env, env);
    const command = withTargetOptions(withBusOptions(new Command())).parse([...flags], { from: 'user' });
    const given = command.opts<BusFlags & TargetFlags>();
    const context = { env } as unknown as Context;
    const redis = redisOptions(given, context);
    const config = readConfig(JSON.stringify({ table_name: 'table', threads: 1, ...file }), 'config.json');
    const { driver } = settingsOf(config, targetOf(given, context), 1);
    const found = {
      redis: redis.url,
      prefix: redis.prefix,
      password: redis.password,
      db: driver.db,
      endpoint: driver.endpoint,
    };
    expect(found).toMatchObject(expected);
  });
});
