import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Command } from './command.ts';

/**
 * HMAC-SHA256(secret, text) in hex, where text is the JSON of the list ["drumline command", id, cmd, args as name-sorted
 * pairs, target or "", by or "", at, nonce]: every field. A list in a fixed order has one spelling only, whatever order the
 * message's keys came in, and no decoded field is an empty text, so absent and empty are not confused. The first element
 * keeps apart what else the same secret may sign one day.
 */
export function signatureOf(command: Command, secret: string): string {
  const pairs = Object.entries(command.args).sort(([a], [b]) => (a < b ? -1 : 1));
  const { id, cmd, target = '', by = '', at, nonce } = command;
  const text = JSON.stringify(['drumline command', id, cmd, pairs, target, by, at, nonce]);
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
