import { DrumlineError, type Exit } from '@drumline/core/errors';
import { millis } from '@drumline/core/units';
import { type Command, InvalidArgumentError } from 'commander';
import type { Context } from '../context.ts';
import { inputsOf } from '../files.ts';
import { type RunFlags, withPlayOptions } from '../options/run-options.ts';
import { withLogOption } from '../options/secret.ts';
import { type TargetFlags, withMeetingOptions } from '../options/target-options.ts';
import { duration, positiveDecimal, wholeNumber } from '../options/values.ts';
import { runInputs } from './run.ts';

interface HttpFlags extends Omit<RunFlags, 'config' | 'traffic' | 'scale' | 'speed'>, TargetFlags {
  readonly qps: string;
  readonly duration?: string;
  readonly times?: number;
  readonly method?: string;
  readonly header?: readonly (readonly [string, string])[];
  readonly body?: string;
  readonly auth?: string;
  readonly poisson?: boolean;
  readonly seed?: string;
  readonly expectStatus?: readonly (string | number)[];
  readonly expectBody?: string;
  readonly connections?: number;
  readonly timeout: string;
  readonly logLevel: string;
}

export function defineHttp(program: Command, context: Context, done: (exit: Exit) => void): void {
  const command = program
    .command('http')
    .description('load on an HTTP server from this process alone, without any file')
    .argument('<url>', 'http or https URL; may hold placeholders behind the host, such as {{key}} or {{random 1 100}}')
    .option('--qps <rate>', 'requests per second, fractions allowed', positiveDecimal, '10')
    .option('--duration <time>', 'how long (default: 10s, unless --times is given)', lengthOfTime)
    .option('--times <count>', 'so many requests at most', wholeNumber(1, Number.MAX_SAFE_INTEGER))
    .option('-X, --method <name>', 'default: POST with a body, else GET')
    .option('-H, --header <line>', 'a header, "Name: value"; may be given several times', headers)
    .option('--body <text>', 'what the request carries; may hold placeholders')
    .option('--auth <kind>', '"basic" or "bearer": sends --target-user and the target password')
    .option('--poisson', 'intended starts at random moments instead of even ones')
    .option('--seed <text>', 'what keys and draws come from (default: drawn, and shown in the summary)')
    .option('--expect-status <list>', 'statuses that are fine, such as 200,404 or 2xx (default: below 400)', statuses)
    .option('--expect-body <text>', 'a text that every answer must hold')
    .option('--connections <count>', 'connections at most (default: 1000)', wholeNumber(1, 100_000))
    .option('--timeout <time>', 'when an answer that has not come counts as failed', lengthOfTime, '10s');
  withLogOption(withPlayOptions(withMeetingOptions(command), 'workers to start in this process')).action(
    async (url: string, flags: HttpFlags) => done(await http(url, flags, context)),
  );
}

function http(url: string, flags: HttpFlags, context: Context): Promise<Exit> {
  if (url.startsWith('/')) throw new DrumlineError('DRUM_USAGE', `${url} is a path; \`http\` takes a whole URL`);
  const config = configOf(flags);
  const plan = planOf(url, flags);
  const name = 'drumline http';
  const inputs = inputsOf(JSON.stringify(config), name, JSON.stringify(plan), name);
  const run = {
    config: name,
    traffic: name,
    scale: '1',
    speed: '1',
    prefix: 'http',
    engines: 1,
    outage: millis(60_000),
  };
  return runInputs(inputs, { ...flags, ...run }, context);
}

/** One queue is as fast as several in one process, and has one bound on connections. */
const configOf = ({ connections = 1_000, timeout }: HttpFlags): object => ({
  table_name: 'none',
  db_type: 'http',
  threads: 1,
  max_in_flight: connections,
  timeout,
});

function planOf(url: string, flags: HttpFlags): object {
  const { qps, times, method, header = [], body, auth, poisson, seed, expectStatus, expectBody } = flags;
  const length = flags.duration ?? (times === undefined ? '10s' : undefined);
  return {
    action: 'http',
    qps: Number(qps),
    ...(length !== undefined && { duration: length }),
    ...(times !== undefined && { times }),
    ...(seed !== undefined && { seed }),
    ...(poisson === true && { arrivals: 'poisson' }),
    request: {
      url,
      ...(method !== undefined && { method }),
      ...(header.length > 0 && { headers: byName(header) }),
      ...(body !== undefined && { body: { text: body } }),
      ...(auth !== undefined && { auth }),
    },
    checks: {
      ...(expectStatus !== undefined && { status: expectStatus }),
      ...(expectBody !== undefined && { body: { contains: expectBody } }),
    },
  };
}

function byName(lines: readonly (readonly [string, string])[]): Record<string, string[]> {
  const texts = new Map<string, string[]>();
  for (const [name, value] of lines) texts.set(name, [...(texts.get(name) ?? []), value]);
  return Object.fromEntries(texts);
}

/** Checked here, and passed on as it was written. */
function lengthOfTime(text: string): string {
  duration(text);
  return /^\d+(\.\d+)?$/u.test(text) ? `${text}s` : text;
}

function headers(line: string, before: readonly (readonly [string, string])[] = []): (readonly [string, string])[] {
  const [, name, value = ''] = /^([^:\s]+):\s*([^]*)$/u.exec(line) ?? [];
  if (name === undefined) throw new InvalidArgumentError('It must be "Name: value".');
  return [...before, [name, value]];
}

const statuses = (list: string): (string | number)[] =>
  list.split(',').map((text) => (/^\d+$/u.test(text.trim()) ? Number(text) : text.trim()));
