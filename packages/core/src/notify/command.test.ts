import { describe, expect, test } from 'vitest';
import { instant } from '../units/index.ts';
import { type Command, decodeCommand, encodeCommand } from './command.ts';

const NOW = instant(1_000_000);
const COMMAND: Command = { id: 'i1', cmd: 'rate', args: { rate: '2x' }, at: instant(5), nonce: 'n1' };
const json = (change: object): string => JSON.stringify({ ...COMMAND, ...change });

describe('decodeCommand', () => {
  test.each(['update_config', 'stop', 'pause', 'resume', 'drain', 'ping'])('takes %s as bare text', (name) => {
    const command = decodeCommand(` ${name}\n`, NOW);
    expect(command).toMatchObject({ cmd: name, args: {}, at: NOW });
    expect(command.sig).toBeUndefined();
  });

  test.each(['execute_bash', 'reboot_instance', 'terminate_instance', 'STOP', 'stop now', '"stop"'])(
    'does not take %s as bare text',
    (text) => {
      expect(() => decodeCommand(text, NOW)).toThrow(expect.objectContaining({ code: 'DRUM_COMMAND_INVALID' }));
    },
  );

  test('reads what encodeCommand writes', () => {
    const full = { ...COMMAND, target: 'w1', by: 'ann@desk', sig: 'ab', args: { a: 'x', b: 1.5, c: false } };
    expect(decodeCommand(encodeCommand(full), NOW)).toEqual(full);
    expect(decodeCommand(encodeCommand(COMMAND), NOW)).toEqual(COMMAND);
  });

  test('an absent args is an empty one', () => {
    expect(decodeCommand(json({ args: undefined }), NOW).args).toEqual({});
  });

  test('an argument of minus zero is zero: JSON would sign both alike', () => {
    expect(decodeCommand('{"id":"i","cmd":"c","at":1,"nonce":"n","args":{"a":-0}}', NOW).args['a']).toBe(0);
  });

  test('keeps an argument named like a part of every object', () => {
    const { args } = decodeCommand('{"id":"i","cmd":"c","at":1,"nonce":"n","args":{"__proto__":"x"}}', NOW);
    expect(Object.entries(args)).toEqual([['__proto__', 'x']]);
  });

  test.each([
    ['', 'neither a JSON object'],
    ['[]', 'neither a JSON object'],
    ['null', 'neither a JSON object'],
    ['7', 'neither a JSON object'],
    ['{"id":', 'neither a JSON object'],
    ['x'.repeat(70_000), 'at most 65536'],
    [json({ id: undefined }), 'the id undefined'],
    [json({ id: '' }), 'the id ""'],
    [json({ id: 5 }), 'the id number'],
    [json({ id: 'x'.repeat(257) }), 'the id "xxx'],
    [json({ cmd: null }), 'the cmd object'],
    [json({ cmd: ['stop'] }), 'the cmd object'],
    [json({ nonce: undefined }), 'the nonce undefined'],
    [json({ target: '' }), 'the target ""'],
    [json({ target: 3 }), 'the target number'],
    [json({ sig: 3 }), 'the sig number'],
    [json({ by: '' }), 'the by ""'],
    [json({ by: 3 }), 'the by number'],
    [json({ by: 'x'.repeat(257) }), 'the by "xxx'],
    [json({ by: 'ann\u001b[31m@desk' }), 'the by "ann\\u001b[31m@desk"'],
    [json({ target: 'w1\n' }), 'the target "w1\\u000a"'],
    [json({ cmd: 'sto\u202ep' }), 'the cmd "sto\\u202ep"'],
    [json({ nonce: '\ud800' }), 'the nonce'],
    [json({}).replace('"2x"', '1e999'), 'the argument "rate"'],
    [json({ args: Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`a${i}`, i])) }), '65 arguments'],
    [json({ at: undefined }), 'no "at"'],
    [json({ at: '5' }), 'no "at"'],
    [json({ at: 1.5 }), 'no "at"'],
    [json({ at: 1e300 }), 'no "at"'],
    [json({ args: [] }), 'args that are no object'],
    [json({ args: 'x' }), 'args that are no object'],
    [json({ args: null }), 'args that are no object'],
    [json({ args: { a: null } }), 'the argument "a"'],
    [json({ args: { a: {} } }), 'the argument "a"'],
    [json({ args: { a: [1] } }), 'the argument "a"'],
    [`{"at":1,"id":${'['.repeat(30_000)}${']'.repeat(30_000)}}`, 'the id object'],
  ])('refuses %.60s', (message, reason) => {
    expect(() => decodeCommand(message, NOW)).toThrow(
      expect.objectContaining({ code: 'DRUM_COMMAND_INVALID', message: expect.stringContaining(reason) }),
    );
  });
});
