import type { CommandHandler } from '@drumline/core/notify';
import { instant, millis } from '@drumline/core/units';
import { describe, expect, test } from 'vitest';
import { INSTANCE_DEFAULTS, type InstanceOptions, instanceCommands } from './instance-commands.ts';

function handler(name: string, change: Partial<InstanceOptions> = {}): CommandHandler {
  const found = instanceCommands({ ...INSTANCE_DEFAULTS, ...change })[name];
  if (found === undefined) throw new Error(`there is no ${name}`);
  return found;
}

const run = async (name: string, args: Record<string, string | number> = {}, change: Partial<InstanceOptions> = {}) =>
  handler(name, change).run(args, { id: 'i', cmd: name, args, at: instant(0), nonce: 'n' });

describe('instance commands', () => {
  test('all are dangerous', () => {
    const names = ['execute_bash', 'reboot_instance', 'terminate_instance'];
    expect(names.map((name) => handler(name).dangerous)).toEqual([true, true, true]);
  });

  test('execute_bash answers with what the script says', async () => {
    expect(await run('execute_bash', { script: 'echo one; echo two >&2' })).toMatch(/one\ntwo|two\none/);
  });

  test('execute_bash fails with exit code and output', async () => {
    await expect(run('execute_bash', { script: 'echo why; exit 3' })).rejects.toMatchObject({
      code: 'DRUM_COMMAND_FAILED',
      message: 'bash exited with 3: why',
    });
  });

  test.each([{}, { script: '' }, { script: '  ' }, { script: 5 }])('execute_bash refuses %o', async (args) => {
    await expect(run('execute_bash', args)).rejects.toMatchObject({ code: 'DRUM_COMMAND_INVALID' });
  });

  test('the script sees no more of an environment than it is given', async () => {
    const environment = { PATH: INSTANCE_DEFAULTS.environment['PATH'] ?? '', MINE: 'yes' };
    const seen = await run('execute_bash', { script: 'env | cut -d= -f1 | sort | tr "\\n" " "' }, { environment });
    expect(seen.split(' ').filter((name) => !['PWD', 'SHLVL', '_'].includes(name))).toEqual(['MINE', 'PATH']);
  });

  test('a script that lasts too long is ended with all that it started', async () => {
    const script = 'sleep 600 & echo $!; wait';
    const failed = await run('execute_bash', { script }, { timeout: millis(300) }).catch((error: unknown) => error);
    expect(failed).toMatchObject({ code: 'DRUM_COMMAND_FAILED', message: expect.stringContaining('SIGKILL') });
    const child = Number(/(\d+)$/.exec(failed instanceof Error ? failed.message : '')?.[1]);
    const isAlive = await run('execute_bash', { script: `ps -o stat= -p ${child} | grep -v Z || echo gone` });
    expect(isAlive).toBe('gone');
  });

  test('its output is bounded', async () => {
    const output = await run('execute_bash', { script: 'head -c 1000000 /dev/zero | tr "\\0" x' });
    expect(output).toHaveLength(8_192);
  });

  test('reboot and terminate run what they are told to', async () => {
    expect(await run('reboot_instance', {}, { reboot: ['echo', 'rebooting', 'now'] })).toBe('rebooting now');
    expect(await run('terminate_instance', {}, { terminate: ['echo', 'bye'] })).toBe('bye');
    await expect(run('reboot_instance', {}, { reboot: ['/no/such/program'] })).rejects.toMatchObject({
      code: 'DRUM_COMMAND_FAILED',
      message: expect.stringContaining('could not be started'),
    });
  });
});
