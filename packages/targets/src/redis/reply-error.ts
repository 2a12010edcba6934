import type { ErrorCode } from '@drumline/core/errors';
import { ReplyError } from 'ioredis';

/** By the first word of an error reply, which Redis keeps stable. */
const CODES: Readonly<Record<string, ErrorCode>> = {
  OOM: 'DRUM_REDIS_OOM',
  READONLY: 'DRUM_REDIS_READONLY',
  WRONGTYPE: 'DRUM_REDIS_WRONGTYPE',
  LOADING: 'DRUM_REDIS_LOADING',
  BUSY: 'DRUM_REDIS_UNAVAILABLE',
  CLUSTERDOWN: 'DRUM_REDIS_UNAVAILABLE',
  MASTERDOWN: 'DRUM_REDIS_UNAVAILABLE',
  MISCONF: 'DRUM_REDIS_UNAVAILABLE',
  NOREPLICAS: 'DRUM_REDIS_UNAVAILABLE',
  TRYAGAIN: 'DRUM_REDIS_UNAVAILABLE',
  NOAUTH: 'DRUM_REDIS_ACCESS',
  NOPERM: 'DRUM_REDIS_ACCESS',
  WRONGPASS: 'DRUM_REDIS_ACCESS',
  MOVED: 'DRUM_REDIS_MOVED',
  ASK: 'DRUM_REDIS_MOVED',
  CROSSSLOT: 'DRUM_REDIS_MOVED',
};

/** The code of what a command failed with: the server's refusal, else `DRUM_CONNECT`, since the connection failed it. */
export function errorCodeOf(error: unknown): ErrorCode {
  if (!(error instanceof Error)) return 'DRUM_CONNECT';
  const word = error.message.slice(0, Math.max(0, error.message.indexOf(' ')));
  const code = Object.hasOwn(CODES, word) ? CODES[word] : undefined;
  if (code !== undefined) return code;
  return error instanceof ReplyError ? 'DRUM_REDIS_REFUSED' : 'DRUM_CONNECT';
}
