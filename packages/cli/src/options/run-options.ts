import { type Micros, type Millis, micros, millis } from '@drumline/core/units';
import type { BacklogPolicy } from '@drumline/publisher';
import { type Command, Option } from 'commander';
import { duration, durationMillis, positiveDecimal, wholeNumber } from './values.ts';

export interface RunFlags {
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

/** The options that say how a plan is played; `workers` has a meaning of its own in each command. */
export function withRunOptions(command: Command, workers: string): Command {
  return withScaleOptions(withInputOptions(command))
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
    .option('--clean', 'show latencies without the seconds that were disturbed (stall, redelivery, clock)')
    .option('--stats', 'print a [STATS] line a second for each running task')
    .option('--json', 'print the summary as JSON on standard output')
    .option('--quiet', 'no progress, only the summary');
}
