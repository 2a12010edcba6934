import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Command } from './command.ts';

/**
 * HMAC-SHA256(secret, text) in hex, where text is the JSON of the list [id, cmd, args as name-sorted pairs,
 * target or "", at, nonce]. A list in a fixed order has one spelling only, whatever order the message's keys came in.
 */
export function signatureOf(command: Command, secret: string): string {
  const pairs = Object.entries(command.args).sort(([a], [b]) => (a < b ? -1 : 1));
  const text = JSON.stringify([command.id, command.cmd, pairs, command.target ?? '', command.at, command.nonce]);
  return createHmac('sha256', secret).update(text).digest('hex');
}

export function sign(command: Command, secret: string): Command {
  return { ...command, sig: signatureOf(command, secret) };
}

/** Compares in constant time. */
export function isSignedWith(command: Command, secret: string): boolean {
  const expected = Buffer.from(signatureOf(command, secret));
  const given = Buffer.from(command.sig ?? '');
  return given.length === expected.length && timingSafeEqual(given, expected);
}
