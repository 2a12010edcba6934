import { DrumlineError } from '@drumline/core/errors';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { MetricsAddress } from '../outputs/metrics-server.ts';

/** The path that stands for standard output. */
export const STDOUT = '-';

export interface OutputFlags {
  readonly jsonl?: string;
  readonly csv?: string;
  readonly junit?: string;
  readonly report?: string;
  readonly hdr?: string;
  readonly metrics?: MetricsAddress;
}

/** The options that say what a run writes for programs. */
export function withOutputOptions(command: Command): Command {
  return command
    .option('--jsonl <file>', 'write a line of JSON a second, and the summary as the last one; - = standard output')
    .option('--csv <file>', 'write a line of CSV a second and task; - = standard output')
    .option('--junit <file>', 'write the verdicts as a JUnit report')
    .option('--report <file>', 'write the run as a page with charts, one HTML file that needs nothing else')
    .option('--hdr <folder>', 'write HdrHistogram logs: a file a task and kind of duration, a histogram a second')
    .addOption(
      new Option(
        '--metrics <[host:]port>',
        'show metrics to Prometheus at http://host:port/metrics while it runs (host: 127.0.0.1)',
      ).argParser(metricsAddress),
    );
}

/** Whether lines of an output take standard output. */
export const takesStdout = ({ jsonl, csv }: OutputFlags): boolean => [jsonl, csv].includes(STDOUT);

/** @throws DrumlineError DRUM_USAGE when two options want the same place. */
export function checkOutputOptions(flags: OutputFlags & { readonly json?: boolean }): void {
  const { jsonl, csv, junit, report, json } = flags;
  const onStdout = [
    ...(jsonl === STDOUT ? ['--jsonl -'] : []),
    ...(csv === STDOUT ? ['--csv -'] : []),
    ...(json === true ? ['--json'] : []),
  ];
  if (onStdout.length > 1) throw new DrumlineError('DRUM_USAGE', `${onStdout.join(' and ')} both want standard output`);
  const files = [jsonl, csv, junit, report].filter((path) => path !== undefined && path !== STDOUT);
  const twice = files.find((path, i) => files.indexOf(path) !== i);
  if (twice !== undefined) throw new DrumlineError('DRUM_USAGE', `two options want to write ${twice}`);
}

const HOST_AND_PORT = /^(?:(?<host>\[[\da-f:.]+\]|[\w.-]+):)?(?<port>\d{1,5})$/iu;

function metricsAddress(text: string): MetricsAddress {
  const { host = '127.0.0.1', port = '' } = HOST_AND_PORT.exec(text)?.groups ?? {};
  if (port !== '' && Number(port) <= 65_535) return { host: host.replaceAll(/[[\]]/gu, ''), port: Number(port) };
  throw new InvalidArgumentError('It must be a port, or host:port, such as 9464 or 0.0.0.0:9464.');
}
