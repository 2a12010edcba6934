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
  at: instant(1_700_000_000_000_000),
  nonce: 'n1',
};

describe('signature', () => {
  test('is HMAC-SHA256 of the list of fields with the secret', () => {
    const ping = { id: 'i1', cmd: 'ping', args: {}, at: instant(5), nonce: 'n1' };
    // Python: hmac.new(b's', b'["i1","ping",[],"",5,"n1"]', 'sha256').hexdigest()
    expect(signatureOf(ping, 's')).toBe('2c65245291bf3cd9fb29b0e9146d423da574fe52b47914a55bfdd75677998665');
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
    ['at', { at: instant(1_700_000_000_000_001) }],
    ['nonce', { nonce: 'n2' }],
  ])('fails when %s was tampered with', (_, change) => {
    expect(isSignedWith({ ...sign(COMMAND, 'secret'), ...change }, 'secret')).toBe(false);
  });

  test('fails without a target where there was one', () => {
    const { target: _, ...rest } = sign(COMMAND, 'secret');
    expect(isSignedWith(rest, 'secret')).toBe(false);
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
