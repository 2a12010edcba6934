import { describe, expect, test } from 'vitest';
import { DrumlineError } from '../errors/index.ts';
import { instant } from '../units/index.ts';
import type { Command } from './command.ts';
import { type CommandSet, obey } from './command-set.ts';
import { CommandGate } from './gate.ts';
import { sign } from './signature.ts';

const NOW = instant(1_000);
const COMMANDS: CommandSet = {
  greet: { description: 'greets', run: (args, { at }) => `hello ${String(args['name'])} at ${at}` },
  refuse: {
    description: 'refuses',
    run: () => {
      throw new DrumlineError('DRUM_CONFIG_MISSING', 'there is none');
    },
  },
  break: { description: 'breaks', run: () => Promise.reject(new TypeError('oops')) },
  format: { description: 'formats the disk', dangerous: true, run: () => 'done' },
};
const OPEN = new CommandGate({ allow: new Set() });
const command = (cmd: string, more: Partial<Command> = {}): Command => ({
  id: 'i',
  cmd,
  args: {},
  at: NOW,
  nonce: 'n',
  ...more,
});

describe('obey', () => {
  test('executes and answers in the name of the process', async () => {
    expect(await obey(command('greet', { args: { name: 'you' } }), 'w1', COMMANDS, OPEN, NOW)).toEqual({
      kind: 'reply',
      id: 'i',
      from: 'w1',
      ok: true,
      message: 'hello you at 1000',
    });
  });

  test('a command for somebody else has no answer, not even a refusal', async () => {
    expect(await obey(command('greet', { target: 'w2' }), 'w1', COMMANDS, OPEN, NOW)).toBeUndefined();
    expect(await obey(command('unknown', { target: 'w2' }), 'w1', COMMANDS, OPEN, NOW)).toBeUndefined();
    expect(await obey(command('greet', { target: 'w1' }), 'w1', COMMANDS, OPEN, NOW)).toMatchObject({ ok: true });
  });

  test.each(['unknown', 'toString', '__proto__', 'constructor'])('answers %s with what it knows', async (name) => {
    expect(await obey(command(name), 'w1', COMMANDS, OPEN, NOW)).toMatchObject({
      ok: false,
      code: 'DRUM_COMMAND_INVALID',
      message: expect.stringContaining('greet, refuse'),
    });
  });

  test('a coded error keeps its code, any other gets one', async () => {
    expect(await obey(command('refuse'), 'w1', COMMANDS, OPEN, NOW)).toMatchObject({
      ok: false,
      code: 'DRUM_CONFIG_MISSING',
    });
    expect(await obey(command('break'), 'w1', COMMANDS, OPEN, NOW)).toMatchObject({
      ok: false,
      code: 'DRUM_COMMAND_FAILED',
      message: 'oops',
    });
  });

  test('a handler that calls itself dangerous is judged as such', async () => {
    expect(await obey(command('format'), 'w1', COMMANDS, OPEN, NOW)).toMatchObject({ code: 'DRUM_COMMAND_UNSIGNED' });
    const strict = new CommandGate({ secret: 's', allow: new Set(['format']) });
    expect(await obey(sign(command('format'), 's'), 'w1', COMMANDS, strict, NOW)).toMatchObject({ ok: true });
  });

  test('a dangerous name is refused before it is said to be unknown', async () => {
    expect(await obey(command('execute_bash'), 'w1', {}, OPEN, NOW)).toMatchObject({ code: 'DRUM_COMMAND_UNSIGNED' });
  });
});
