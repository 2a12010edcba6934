import { describe, expect, test } from 'vitest';
import type { ErrorCode } from '../errors/index.ts';
import { instant } from '../units/index.ts';
import type { Command } from './command.ts';
import { CommandGate, SIGNATURE_WINDOW } from './gate.ts';
import { sign } from './signature.ts';

const NOW = instant(1_000_000_000_000);
const command = (change: Partial<Command> = {}): Command => ({
  id: 'i',
  cmd: 'pause',
  args: {},
  at: NOW,
  nonce: 'n',
  ...change,
});
const signed = (change: Partial<Command> = {}): Command => sign(command(change), 'secret');
const gate = (allow: readonly string[] = []): CommandGate =>
  new CommandGate({ secret: 'secret', allow: new Set(allow) });
const refusal = (code: ErrorCode): unknown => expect.objectContaining({ code });

describe('CommandGate', () => {
  test('without a secret harmless commands need no signature', () => {
    expect(() => new CommandGate({ allow: new Set() }).admit(command(), NOW, false)).not.toThrow();
  });

  test('without a secret a dangerous command is refused, even when it is allowed and signed', () => {
    const open = new CommandGate({ allow: new Set(['execute_bash']) });
    expect(() => open.admit(signed({ cmd: 'execute_bash' }), NOW, true)).toThrow(refusal('DRUM_COMMAND_UNSIGNED'));
  });

  test('with a secret the unsigned and the wrongly signed are refused', () => {
    expect(() => gate().admit(command(), NOW, false)).toThrow(refusal('DRUM_COMMAND_UNSIGNED'));
    expect(() => gate().admit(sign(command(), 'other'), NOW, false)).toThrow(refusal('DRUM_COMMAND_UNSIGNED'));
  });

  test.each([
    [SIGNATURE_WINDOW, true],
    [SIGNATURE_WINDOW + 1, false],
    [0 - SIGNATURE_WINDOW, true],
    [0 - SIGNATURE_WINDOW - 1, false],
  ])('a signed command of age %i µs: %s', (age, admitted) => {
    const admit = (): void => gate().admit(signed({ at: instant(NOW - age) }), NOW, false);
    if (admitted) expect(admit).not.toThrow();
    else expect(admit).toThrow(refusal('DRUM_COMMAND_STALE'));
  });

  test('a command is executed once', () => {
    const one = gate();
    one.admit(signed(), NOW, false);
    expect(() => one.admit(signed(), NOW, false)).toThrow(refusal('DRUM_COMMAND_STALE'));
    one.admit(signed({ nonce: 'other' }), NOW, false);
  });

  test('a command from the future cannot be played again when its nonce might have been forgotten', () => {
    const one = gate();
    const future = signed({ at: instant(NOW + SIGNATURE_WINDOW) });
    one.admit(future, NOW, false);
    one.admit(
      signed({ nonce: 'later', at: instant(NOW + 2 * SIGNATURE_WINDOW) }),
      instant(NOW + 2 * SIGNATURE_WINDOW),
      false,
    );
    expect(() => one.admit(future, instant(NOW + 2 * SIGNATURE_WINDOW), false)).toThrow(refusal('DRUM_COMMAND_STALE'));
  });

  test('no clock that is turned back makes it execute a command again', () => {
    const one = gate();
    one.admit(signed(), NOW, false);
    const later = instant(NOW + 10 * SIGNATURE_WINDOW);
    one.admit(signed({ nonce: 'later', at: later }), later, false);
    expect(one.remembered).toBe(1);
    expect(() => one.admit(signed(), NOW, false)).toThrow(refusal('DRUM_COMMAND_STALE'));
  });

  test('a process that has just started refuses what was sent before: it does not know what was executed', () => {
    const one = gate();
    one.listenFrom(NOW);
    const before = signed({ at: instant(NOW - 1) });
    expect(() => one.admit(before, NOW, false)).toThrow(refusal('DRUM_COMMAND_STALE'));
    expect(() => one.admit(signed(), NOW, false)).not.toThrow();
  });

  test('says in which direction a stale command is off', () => {
    const admit = (at: number): unknown => {
      try {
        return gate().admit(signed({ at: instant(at) }), NOW, false);
      } catch (error) {
        return (error as Error).message;
      }
    };
    expect(admit(NOW - 31_000_000)).toBe('pause was sent 31.0 s ago, at most 30.0 s either way is accepted');
    expect(admit(NOW + 31_000_000)).toBe('pause was sent 31.0 s in the future, at most 30.0 s either way is accepted');
  });

  test('does not remember more than 10,000 commands: one more is refused', () => {
    const one = gate();
    for (let i = 0; i < 10_000; i += 1) one.admit(signed({ nonce: `n${i}` }), NOW, false);
    expect(() => one.admit(signed({ nonce: 'more' }), NOW, false)).toThrow(refusal('DRUM_COMMAND_FLOOD'));
    const later = instant(NOW + SIGNATURE_WINDOW);
    expect(() => one.admit(signed({ nonce: 'late', at: later }), later, false)).toThrow(refusal('DRUM_COMMAND_FLOOD'));
    expect(one.remembered).toBe(10_000);
  });

  test('a dangerous command needs a place in --allow', () => {
    const bash = signed({ cmd: 'execute_bash' });
    expect(() => gate().admit(bash, NOW, true)).toThrow(refusal('DRUM_COMMAND_FORBIDDEN'));
    expect(() => gate(['reboot_instance']).admit(bash, NOW, true)).toThrow(refusal('DRUM_COMMAND_FORBIDDEN'));
    expect(() => gate(['execute_bash']).admit(bash, NOW, true)).not.toThrow();
  });

  test('remembers no more nonces than those of a window', () => {
    const one = gate();
    for (let i = 0; i < 300; i += 1) {
      const now = instant(NOW + i * 1_000_000);
      one.admit(signed({ nonce: `n${i}`, at: now }), now, false);
      expect(one.remembered).toBeLessThanOrEqual(32);
    }
  });
});
