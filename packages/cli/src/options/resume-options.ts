import { DrumlineError } from '@drumline/core/errors';
import type { GapPolicy } from '@drumline/publisher';
import { type Command, Option } from 'commander';

export interface ResumeFlags {
  /** The run's id; `true` = the last one of the prefix. */
  readonly resume?: string | true;
  readonly standby?: boolean;
  readonly gap: GapPolicy;
}

/** The options of a publisher that goes on with a run which another one has begun. */
export function withResumeOptions(command: Command): Command {
  return command
    .option('--resume [run]', 'go on exactly where a run stopped whose publisher died (default: the last run)')
    .option('--standby', 'wait until the publisher of the run dies, then go on in its place; end when the run ends')
    .addOption(
      new Option('--gap <policy>', 'what becomes of the beats that nobody published meanwhile')
        .choices(['send', 'drop', 'shift'])
        .default('send'),
    );
}

/** What belongs to a run from its beginning on: its record says it. */
const SETTLED = ['config', 'traffic', 'scale', 'speed', 'workers', 'waitWorkers'] as const;

export const isResuming = ({ resume, standby }: ResumeFlags): boolean => resume !== undefined || standby === true;

/** @throws DrumlineError DRUM_USAGE for options that contradict each other. */
export function checkResumeOptions(flags: ResumeFlags, command: Command): void {
  const isGiven = (name: string): boolean => !['default', undefined].includes(command.getOptionValueSource(name));
  const named = (name: string): string => `--${name.replaceAll(/[A-Z]/gu, (letter) => `-${letter.toLowerCase()}`)}`;
  if (!isResuming(flags)) {
    if (isGiven('gap'))
      throw new DrumlineError('DRUM_USAGE', '--gap says what --resume and --standby do; it needs one of them');
    return;
  }
  const settled = SETTLED.filter(isGiven).map(named);
  if (settled.length === 0) return;
  const how = flags.resume === undefined ? '--standby' : '--resume';
  throw new DrumlineError(
    'DRUM_USAGE',
    `${settled.join(', ')} cannot be given with ${how}: the run has begun with its own`,
    {
      hint: 'Its plan, scale and speed are in its record, the config is in Redis. `drumline notify` changes rate and config.',
    },
  );
}
