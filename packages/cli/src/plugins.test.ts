import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Command, CommandGate, obey, sign } from '@drumline/core/notify';
import { instant } from '@drumline/core/units';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadPlugins } from './plugins.ts';

const EXAMPLE = fileURLToPath(new URL('../../../docs/guides/examples/host-commands.ts', import.meta.url));
const NOW = instant(1_000_000);
const command = (cmd: string, args: Command['args'] = {}): Command => ({ id: 'c1', cmd, args, at: NOW, nonce: cmd });

describe('the plug-in of the guide', () => {
  test('answers on a worker like a command of its own', async () => {
    const commands = await loadPlugins([EXAMPLE]);
    const gate = new CommandGate({ allow: new Set() });
    const reply = await obey(command('disk_free', { path: '/' }), 'w1', commands, gate, NOW);
    expect(reply).toMatchObject({ ok: true, from: 'w1', message: expect.stringMatching(/^\/ has \d+\.\d GB free$/u) });
  });

  test('answers with what it threw when it fails', async () => {
    const commands = await loadPlugins([EXAMPLE]);
    const gate = new CommandGate({ allow: new Set() });
    const reply = await obey(command('disk_free', { path: '/no/such/path' }), 'w1', commands, gate, NOW);
    expect(reply).toMatchObject({ ok: false, code: 'DRUM_COMMAND_FAILED', message: expect.stringContaining('ENOENT') });
  });

  test('keeps its dangerous command from everybody without secret and --allow', async () => {
    const commands = await loadPlugins([EXAMPLE]);
    const without = new CommandGate({ allow: new Set(['sync_disks']) });
    expect(await obey(command('sync_disks'), 'w1', commands, without, NOW)).toMatchObject({
      code: 'DRUM_COMMAND_UNSIGNED',
    });
    const signed = sign(command('sync_disks'), 'secret');
    const notAllowed = new CommandGate({ allow: new Set(), secret: 'secret' });
    expect(await obey(signed, 'w1', commands, notAllowed, NOW)).toMatchObject({ code: 'DRUM_COMMAND_FORBIDDEN' });
    const allowed = new CommandGate({ allow: new Set(['sync_disks']), secret: 'secret' });
    expect(await obey(signed, 'w1', commands, allowed, NOW)).toMatchObject({ ok: true, message: 'written' });
  });
});

describe('loading a plug-in', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'drumline-plug-in-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const file = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };

  test.each([
    ['no default export', 'export const commands = {};', 'has no default export'],
    ['a syntax error', 'export default {', 'cannot be loaded'],
    ['a command without run', 'export default { commands: { a: { description: "x" } } };', 'defines a without'],
    [
      'a name that is none',
      'export default { commands: { "A b": { description: "x", run: () => "" } } };',
      'names the command "A b"',
    ],
  ])('refuses a file with %s', async (_, text, problem) => {
    const load = loadPlugins([file('bad.mjs', text)]);
    await expect(load).rejects.toMatchObject({
      code: 'DRUM_PLUGIN_INVALID',
      message: expect.stringContaining(problem),
    });
  });

  test.each(['pause', 'stop', 'log_level', 'execute_bash'])(
    'refuses to define %s, which workers have',
    async (name) => {
      const text = `export default { commands: { ${name}: { description: 'mine', run: () => 'done' } } };`;
      const load = loadPlugins([file('own.mjs', text)]);
      await expect(load).rejects.toMatchObject({ code: 'DRUM_PLUGIN_INVALID', message: expect.stringContaining(name) });
    },
  );

  test('refuses two files that define the same command', async () => {
    const text = 'export default { commands: { same: { description: "x", run: () => "" } } };';
    const load = loadPlugins([file('one.mjs', text), file('two.mjs', text)]);
    await expect(load).rejects.toMatchObject({ code: 'DRUM_PLUGIN_INVALID', message: expect.stringContaining('same') });
  });
});
