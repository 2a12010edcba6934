import { DrumlineError } from '@drumline/core/errors';
import type { Arguments, CommandSet } from '@drumline/core/notify';
import { millis } from '@drumline/core/units';
import { type ExecuteOptions, execute } from './execute.ts';

export interface InstanceOptions extends ExecuteOptions {
  /** Program and arguments that reboot the host. Nothing of a message becomes part of it. */
  readonly reboot: readonly string[];
  /** Program and arguments that shut the host down. Nothing of a message becomes part of it. */
  readonly terminate: readonly string[];
}

export const INSTANCE_DEFAULTS: InstanceOptions = {
  reboot: ['systemctl', 'reboot'],
  terminate: ['systemctl', 'poweroff'],
  timeout: millis(30_000),
  environment: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' },
};

/** Commands that one worker executes at the same time. */
const MOST_AT_ONCE = 4;

/** The commands that reach beyond Drumline. They are judged by the gate before they come here. */
export function instanceCommands(options: InstanceOptions): CommandSet {
  let underWay = 0;
  const run = async (argv: readonly string[]): Promise<string> => {
    if (underWay >= MOST_AT_ONCE) {
      throw new DrumlineError('DRUM_COMMAND_FAILED', `${MOST_AT_ONCE} commands are under way here: wait for their end`);
    }
    underWay += 1;
    try {
      return await execute(argv, options);
    } finally {
      underWay -= 1;
    }
  };
  return {
    execute_bash: {
      description: 'run a bash script: script="…"; its output comes back, time-out and length bounded',
      dangerous: true,
      // After -- nothing of the script can be an option of bash's own.
      run: async (args) => run(['bash', '--noprofile', '--norc', '-c', '--', scriptOf(args)]),
    },
    reboot_instance: {
      description: `reboot the host (${options.reboot.join(' ')})`,
      dangerous: true,
      run: () => run(options.reboot),
    },
    terminate_instance: {
      description: `shut the host down (${options.terminate.join(' ')})`,
      dangerous: true,
      run: () => run(options.terminate),
    },
  };
}

function scriptOf(args: Arguments): string {
  const { script, ...others } = args;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) {
    throw new DrumlineError('DRUM_COMMAND_INVALID', `execute_bash takes only script, not ${JSON.stringify(unknown)}`);
  }
  if (typeof script === 'string' && script.trim() !== '') return script;
  throw new DrumlineError('DRUM_COMMAND_INVALID', 'execute_bash needs the argument script, a text', {
    hint: "drumline notify execute_bash script='uptime'",
  });
}
