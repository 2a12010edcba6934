import { type ErrorCode, isErrorCode } from '../errors/index.ts';

/** What a process answers to a command, on `<prefix>_stats`. */
export interface Reply {
  readonly kind: 'reply';
  /** The command's id. */
  readonly id: string;
  /** A worker's id, or `publisher`. */
  readonly from: string;
  readonly ok: boolean;
  /** One line for a person: what was done, or why not. */
  readonly message: string;
  /** Present when not ok. */
  readonly code?: ErrorCode;
}

const MAX_MESSAGE = 16_384;

export function encodeReply(reply: Reply): string {
  return JSON.stringify({ ...reply, message: reply.message.slice(0, MAX_MESSAGE) });
}

/** Reads a message of the stats channel as a reply; `undefined` when it is something else, or not to be trusted. */
export function decodeReply(message: string): Reply | undefined {
  if (message.length > 4 * MAX_MESSAGE || !message.includes('"reply"')) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(message);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { kind, id, from, ok, message: line, code } = Object.fromEntries<unknown>(Object.entries(value));
  if (kind !== 'reply' || typeof id !== 'string' || typeof from !== 'string') return undefined;
  if (typeof ok !== 'boolean' || typeof line !== 'string') return undefined;
  return { kind: 'reply', id, from, ok, message: line, ...(isErrorCode(code) && { code }) };
}
