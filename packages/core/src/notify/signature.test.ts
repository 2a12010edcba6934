import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { instant } from '../units/index.ts';
import { type Command, decodeCommand } from './command.ts';
import { isSignedWith, sign, signatureOf } from './signature.ts';

const COMMAND: Command = {
  id: 'i1',
  cmd: 'execute_bash',
  args: { script: 'uptime', b: 2, a: true },
  target: 'w1',
  by: 'ann@desk',
  at: instant(1_700_000_000_000_000),
  nonce: 'n1',
};

describe('signature', () => {
  test('is HMAC-SHA256 of the list of fields with the secret', () => {
    const ping = { id: 'i1', cmd: 'ping', args: {}, at: instant(5), nonce: 'n1' };
    // Python: hmac.new(b's', b'["drumline command","i1","ping",[],"","",5,"n1"]', 'sha256').hexdigest()
    expect(signatureOf(ping, 's')).toBe('0c62ef6199fb6c7a74a78877b6d5d4c2063df4b3d7451cd5802686353ff8f59f');
  });

  test('does not depend on the order of the message’s keys', () => {
    const signed = sign(COMMAND, 'secret');
    const reversed = (value: object): object => Object.fromEntries(Object.entries(value).toReversed());
    const shuffled = JSON.stringify(reversed({ ...signed, args: reversed(signed.args) }));
    expect(isSignedWith(decodeCommand(shuffled, instant(0)), 'secret')).toBe(true);
  });

  test.each<[string, Partial<Command>]>([
    ['id', { id: 'i2' }],
    ['cmd', { cmd: 'ping' }],
    ['an argument', { args: { ...COMMAND.args, script: 'reboot' } }],
    ['the type of an argument', { args: { ...COMMAND.args, b: '2' } }],
    ['a further argument', { args: { ...COMMAND.args, c: 1 } }],
    ['target', { target: 'w2' }],
    ['the sender', { by: 'bob@desk' }],
    ['at', { at: instant(1_700_000_000_000_001) }],
    ['nonce', { nonce: 'n2' }],
  ])('fails when %s was tampered with', (_, change) => {
    expect(isSignedWith({ ...sign(COMMAND, 'secret'), ...change }, 'secret')).toBe(false);
  });

  test('fails without a target or a sender where there was one', () => {
    const { target: _, ...untargeted } = sign(COMMAND, 'secret');
    expect(isSignedWith(untargeted, 'secret')).toBe(false);
    const { by: __, ...anonymous } = sign(COMMAND, 'secret');
    expect(isSignedWith(anonymous, 'secret')).toBe(false);
  });

  test('two commands that differ anywhere are signed differently', () => {
    const short = fc.string({ minLength: 1, maxLength: 3, unit: fc.constantFrom('"', ',', '[', ']', '\\', 'a') });
    const value = fc.oneof(short, fc.boolean(), fc.integer({ min: -2, max: 2 }));
    const command = fc.record(
      {
        id: short,
        cmd: short,
        args: fc.dictionary(short, value, { maxKeys: 2 }),
        at: fc.nat(2).map(instant),
        nonce: short,
        target: short,
        by: short,
      },
      { requiredKeys: ['id', 'cmd', 'args', 'at', 'nonce'] },
    );
    const sorted = (of: object): unknown[] => Object.entries(of).sort(([a], [b]) => (a < b ? -1 : 1));
    const spelling = ({ args, ...rest }: Command): string => JSON.stringify([sorted(args), sorted(rest)]);
    fc.assert(
      fc.property(command, command, (a, b) => {
        expect(signatureOf(a, 's') === signatureOf(b, 's')).toBe(spelling(a) === spelling(b));
      }),
    );
  });

  test('fails with another secret, no signature, or a signature of another length', () => {
    expect(isSignedWith(sign(COMMAND, 'secret'), 'Secret')).toBe(false);
    expect(isSignedWith(COMMAND, 'secret')).toBe(false);
    expect(isSignedWith({ ...COMMAND, sig: 'é'.repeat(32) }, 'secret')).toBe(false);
  });

  test('any single changed character of the signature is noticed', () => {
    const signed = sign(COMMAND, 'secret');
    fc.assert(
      fc.property(fc.nat(63), fc.constantFrom(...Array.from('0123456789abcdef')), (at, digit) => {
        const sig = `${signed.sig?.slice(0, at)}${digit}${signed.sig?.slice(at + 1)}`;
        expect(isSignedWith({ ...COMMAND, sig }, 'secret')).toBe(sig === signed.sig);
      }),
    );
  });
});
