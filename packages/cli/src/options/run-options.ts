import { type Micros, type Millis, micros, millis } from '@drumline/core/units';
import type { BacklogPolicy } from '@drumline/publisher';
import { type Command, Option } from 'commander';
import { type OutputFlags, withOutputOptions } from './output-options.ts';
import { duration, durationMillis, portion, positiveDecimal, repeated, wholeNumber } from './values.ts';

export interface RunFlags extends OutputFlags {
  readonly config: string;
  readonly traffic: string;
  readonly scale: string;
  readonly speed: string;
  readonly lead: Micros;
  readonly backlog: BacklogPolicy;
  readonly backlogBound: Micros;
  readonly workers: number;
  readonly waitWorkers: Millis;
  readonly patience: Millis;
  /** Texts of thresholds. */
  readonly slo?: readonly string[];
  /** A share of 1. */
  readonly requireRate?: number;
  readonly clean?: boolean;
  readonly stats?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

export function withInputOptions(command: Command): Command {
  return command
    .option('--config <file>', 'config of the fleet', 'config/config.json')
    .option('--traffic <file>', 'traffic file: what to send, how fast, for how long', 'traffic/traffic.json');
}

export function withScaleOptions(command: Command): Command {
  return command
    .option('--scale <factor>', 'multiply every qps and times', positiveDecimal, '1')
    .option(
      '--speed <factor>',
      "run the time axis (durations, the day's curve) so many times faster",
      positiveDecimal,
      '1',
    );
}

/** The options that say what is played, and how; `workers` has a meaning of its own in each command. */
export const withRunOptions = (command: Command, workers: string): Command =>
  withPlayOptions(withScaleOptions(withInputOptions(command)), workers);

/** The options that say how a plan is played. */
export function withPlayOptions(command: Command, workers: string): Command {
  const run = command
    .addOption(
      new Option('--lead <time>', 'how far ahead of its time a beat is on the queues')
        .argParser(duration)
        .default(micros(50_000), '50ms'),
    )
    .addOption(
      new Option('--backlog <policy>', 'what to do when workers fall behind by more than --backlog-bound')
        .choices(['warn', 'pause', 'abort'])
        .default('warn'),
    )
    .addOption(
      new Option('--backlog-bound <time>', 'age of the oldest waiting batch that is still fine')
        .argParser(duration)
        .default(micros(10_000_000), '10s'),
    )
    .option('--workers <count>', workers, wholeNumber(0, 10_000), 1)
    .addOption(
      new Option('--wait-workers <time>', 'start without them after this long')
        .argParser(durationMillis)
        .default(millis(10_000), '10s'),
    )
    .addOption(
      new Option('--patience <time>', 'how long outcomes may stay away at the end before the run is incomplete')
        .argParser(durationMillis)
        .default(millis(60_000), '60s'),
    )
    .option(
      '--slo <threshold>',
      "exit with 3 unless it is kept, e.g. 'response_time p99 < 250ms', 'getItem: errors < 0.1% over 10s abort'; may be repeated",
      repeated,
    )
    .option(
      '--require-rate <share>',
      'exit with 3 unless so much of the plan goes out in its second, e.g. 99.9%',
      portion,
    )
    .option('--clean', 'show latencies without the seconds that were disturbed (stall, redelivery, clock)')
    .option('--stats', 'print a [STATS] line a second for each running task')
    .option('--json', 'print the summary as JSON on standard output')
    .option('--quiet', 'no progress, only the summary');
  return withOutputOptions(run);
}
