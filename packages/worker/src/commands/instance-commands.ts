import { spawn } from 'node:child_process';
import { DrumlineError } from '@drumline/core/errors';
import type { Arguments, CommandSet } from '@drumline/core/notify';
import { type Millis, millis } from '@drumline/core/units';

export interface InstanceOptions {
  /** Program and arguments that reboot the host. */
  readonly reboot: readonly string[];
  /** Program and arguments that shut the host down. */
  readonly terminate: readonly string[];
  /** Time-out of `execute_bash`. */
  readonly timeout: Millis;
  /** All that a command sees of an environment: no secrets, no proxies. */
  readonly environment: Readonly<Record<string, string>>;
}

export const INSTANCE_DEFAULTS: InstanceOptions = {
  reboot: ['systemctl', 'reboot'],
  terminate: ['systemctl', 'poweroff'],
  timeout: millis(30_000),
  environment: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' },
};

const MAX_OUTPUT_BYTES = 8_192;

/** The commands that reach beyond Drumline. They are judged by the gate before they come here. */
export function instanceCommands(options: InstanceOptions): CommandSet {
  return {
    execute_bash: {
      description: 'run a bash script: script="…"; its output comes back, time-out and length bounded',
      dangerous: true,
      run: (args) => execute(['bash', '-c', scriptOf(args)], options),
    },
    reboot_instance: {
      description: `reboot the host (${options.reboot.join(' ')})`,
      dangerous: true,
      run: () => execute(options.reboot, options),
    },
    terminate_instance: {
      description: `shut the host down (${options.terminate.join(' ')})`,
      dangerous: true,
      run: () => execute(options.terminate, options),
    },
  };
}

function scriptOf(args: Arguments): string {
  const script = args['script'];
  if (typeof script === 'string' && script.trim() !== '') return script;
  throw new DrumlineError('DRUM_COMMAND_INVALID', 'execute_bash needs the argument script, a text', {
    hint: "drumline notify execute_bash script='uptime'",
  });
}

/** Runs a program with a clean environment; answers its output, or throws with its exit code and output. */
function execute(
  [program = '', ...args]: readonly string[],
  { timeout, environment }: InstanceOptions,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env: environment, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    let output = '';
    const keep = (chunk: Buffer): void => {
      if (output.length < MAX_OUTPUT_BYTES) output = (output + chunk.toString()).slice(0, MAX_OUTPUT_BYTES);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    // The group, not only the program: what a script started ends with it.
    const timer = setTimeout(() => child.pid !== undefined && process.kill(-child.pid, 'SIGKILL'), timeout);
    const failed = (why: string): DrumlineError =>
      new DrumlineError('DRUM_COMMAND_FAILED', `${program} ${why}: ${output.trim()}`);
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(failed(`could not be started (${error.message})`));
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (code === 0) resolve(output.trim());
      else reject(failed(signal === null ? `exited with ${code}` : `was ended by ${signal} (time-out ${timeout} ms)`));
    });
  });
}
