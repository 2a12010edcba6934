import type { Millis } from '@drumline/core/units';
import type { Redis } from 'ioredis';
import { AnswerError } from './reply.ts';
import { ReplyReader } from './reply-reader.ts';

type Chunks = (chunk: Buffer) => void;

/**
 * Stands between a target and ioredis on every connection that the client makes. ioredis's decoder allocates what a length
 * promises, and a reply that nobody asked for can end the process; so what is no RESP2, is out of bounds, or is more than
 * was asked for never reaches it: the connection is destroyed. So is one whose login takes longer than `within`, for
 * which ioredis would wait for ever.
 */
export function guard(redis: Redis, within: Millis): void {
  redis.on('connect', () => {
    const { stream } = redis;
    const timer = setTimeout(() => stream.destroy(new Error(`no answer to the login within ${within} ms`)), within);
    const stop = (): void => clearTimeout(timer);
    redis.once('ready', stop);
    stream.once('close', stop);
    // The decoder comes before all else that listens.
    const [decode] = stream.listeners('data') as Chunks[];
    if (decode === undefined) return;
    stream.off('data', decode);
    stream.prependListener('data', guarded(redis, decode));
  });
}

function guarded(redis: Redis, decode: Chunks): Chunks {
  const { stream } = redis;
  let heard = 0;
  const reader = new ReplyReader(() => {
    heard += 1;
  }, 'refuse');
  return (chunk) => {
    if (stream.destroyed) return;
    heard = 0;
    try {
      reader.push(chunk);
      if (heard > redis.commandQueue.length) throw new AnswerError('an answer that nobody has asked for');
    } catch (error) {
      stream.destroy(error instanceof Error ? error : new Error(String(error)));
      return;
    }
    decode.call(stream, chunk);
  };
}
