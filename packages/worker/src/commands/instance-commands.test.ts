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

/** That the process whose number stands at the end of `said` is gone, or waits for somebody to take note of its end. */
async function expectGone(said: string): Promise<void> {
  const pid = /(\d+)$/.exec(said)?.[1];
  expect(pid).toBeDefined();
  expect(await run('execute_bash', { script: `ps -o stat= -p ${pid} | grep -v Z || echo gone` })).toBe('gone');
}

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

  test.each([
    ['hangs', 'echo $$; while :; do sleep 1; done'],
    ['ignores what ends others', "trap '' TERM INT HUP; echo $$; while :; do sleep 1; done"],
    ['starts another and waits', 'sleep 600 & echo $!; wait'],
    ['starts a shell that starts another', 'bash -c "sleep 600 & echo \\$!; wait"'],
    ['says nothing more to anybody', 'exec 2>&-; sleep 600 & echo $!; exec 1>&-; wait'],
  ])('a script that %s is ended in time with all that it started', async (_, script) => {
    const failed = await run('execute_bash', { script }, { timeout: millis(400) }).catch((error: unknown) => error);
    expect(failed).toMatchObject({
      code: 'DRUM_COMMAND_FAILED',
      message: expect.stringMatching(/^bash was ended: it took longer than 400 ms: \d+$/),
    });
    await expectGone(failed instanceof Error ? failed.message : '');
  });

  test('what a script leaves in the background ends with it, and is not waited for', async () => {
    const said = await run('execute_bash', { script: 'sleep 600 & echo $!' });
    expect(said).toMatch(/^\d+$/);
    await expectGone(said);
  });

  test('what left the group on purpose lives on, and is not waited for', async () => {
    const left = 'until [ "$(ps -o sid= -p $p | tr -d " ")" = $p ]; do :; done';
    const pid = Number(await run('execute_bash', { script: `setsid sleep 600 & p=$!; ${left}; echo $p` }));
    expect(() => process.kill(pid, 'SIGKILL')).not.toThrow();
  });

  test('its output is bounded', async () => {
    const output = await run('execute_bash', { script: 'head -c 1000000 /dev/zero | tr "\\0" x' });
    expect(output).toHaveLength(8_192);
  });

  test('a script that floods its output is ended', async () => {
    await expect(run('execute_bash', { script: 'yes' })).rejects.toMatchObject({
      code: 'DRUM_COMMAND_FAILED',
      message: expect.stringMatching(/^bash was ended: it printed more than 16777216 bytes: (y\n)+y$/),
    });
  });

  test('exactly the argument is executed: no part of it is an option, a placeholder or a file name', async () => {
    const script = "printf '%s|' \"$0\" \"$#\" '${script}' '{{x}}' '%d' '*'";
    expect(await run('execute_bash', { script })).toBe('bash|0|${script}|{{x}}|%d|*|');
    await expect(run('execute_bash', { script: '-i' })).rejects.toMatchObject({
      message: expect.stringMatching(/exited with 127: .*-i: command not found/),
    });
  });

  test('other arguments, and a zero byte in the script, are refused', async () => {
    await expect(run('execute_bash', { script: 'true', timeout: 5 })).rejects.toMatchObject({
      code: 'DRUM_COMMAND_INVALID',
      message: 'execute_bash takes only script, not "timeout"',
    });
    await expect(run('execute_bash', { script: 'tr\0ue' })).rejects.toMatchObject({ code: 'DRUM_COMMAND_FAILED' });
  });

  test('it stands in / and reads nothing', async () => {
    expect(await run('execute_bash', { script: 'pwd; cat; echo end' })).toBe('/\nend');
  });

  test('at most four commands are under way at the same time', async () => {
    const bash = handler('execute_bash', { timeout: millis(200) });
    const go = async (): Promise<string> =>
      bash.run({ script: 'sleep 60' }, { id: 'i', cmd: 'execute_bash', args: {}, at: instant(0), nonce: 'n' });
    const ended = await Promise.all(Array.from({ length: 5 }, () => go().catch((error: Error) => error.message)));
    expect(ended.filter((message) => /under way/.test(message))).toHaveLength(1);
    expect(ended.filter((message) => /took longer/.test(message))).toHaveLength(4);
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
