import type { ErrorCode } from '@drumline/core/errors';
import { ReplyError } from 'ioredis';
import { AnswerError, ReplyRefusal } from './reply.ts';

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

/** The code of what a command failed with: the target's refusal, an answer that is none, else `DRUM_CONNECT`. */
export function errorCodeOf(error: unknown): ErrorCode {
  if (error instanceof AnswerError) return 'DRUM_REDIS_ANSWER';
  if (!(error instanceof ReplyRefusal) && !(error instanceof Error)) return 'DRUM_CONNECT';
  if (error.message.startsWith('Too many Cluster redirections')) return 'DRUM_REDIS_MOVED';
  const word = /^[A-Z]+/u.exec(error.message)?.[0] ?? '';
  const code = Object.hasOwn(CODES, word) ? CODES[word] : undefined;
  return code ?? (error instanceof ReplyRefusal || isRefusal(error) ? 'DRUM_REDIS_REFUSED' : 'DRUM_CONNECT');
}

/** Error replies of connections that ioredis speaks on. */
const isRefusal = (error: Error): boolean => error instanceof ReplyError;
