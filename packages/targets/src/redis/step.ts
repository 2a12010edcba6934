import type { Item } from '@drumline/core/data';
import type { Tally } from '../tally.ts';
import type { Exchange, RedisLink } from './link.ts';
import { AnswerError, type Reply, ReplyRefusal } from './reply.ts';
import { errorCodeOf } from './reply-error.ts';

/** Says of replies that no Redis answers these commands so. */
export const UNFIT = Symbol('unfit');

/** One round trip for one item, and what to make of the answer. */
export interface Step extends Exchange {
  /**
   * Enters the replies, one for each command and none of them an error, in the tally; answers the next step when the item is
   * not done. Trusts nothing about them and never throws.
   */
  read(replies: readonly Reply[], tally: Tally): Step | undefined | typeof UNFIT;
}

/** The first step of an action for one item of an op; `limit` is the op's. */
export type FirstStep = (item: Item, limit: number) => Step;

/** Follows a step with the ones that its answers ask for; `done` is called once, also after a failure. */
export function takeSteps(link: RedisLink, step: Step, tally: Tally, done: () => void): void {
  tally.bytesSent += link.send(step, (replies) => {
    for (const reply of replies) {
      if (!(reply instanceof ReplyRefusal) && !(reply instanceof Error)) continue;
      tally.fail(errorCodeOf(reply));
      if (reply instanceof AnswerError) link.distrust();
      return done();
    }
    const next = step.read(replies, tally);
    if (next === UNFIT) {
      tally.fail('DRUM_REDIS_ANSWER');
      link.distrust();
      done();
    } else if (next === undefined) done();
    else takeSteps(link, next, tally, done);
  });
}

/** One item was written, whatever was there before: every command answers with a count, or that it is done. */
export function written(replies: readonly Reply[], tally: Tally): undefined | typeof UNFIT {
  if (!replies.every(isAcknowledgement)) return UNFIT;
  tally.items += 1;
  return undefined;
}

/** The columns that came back, `null` for one that is not there: a hit when there is any. */
export function columnsRead(columns: Reply | undefined, tally: Tally): undefined | typeof UNFIT {
  if (!Array.isArray(columns)) return UNFIT;
  let found = false;
  let bytes = 0;
  for (const value of columns) {
    if (value === null) continue;
    if (typeof value !== 'object' || Array.isArray(value) || !('length' in value)) return UNFIT;
    found = true;
    bytes += value.length;
  }
  tally.bytesReceived += bytes;
  if (found) tally.items += 1;
  else tally.misses += 1;
  return undefined;
}

/** How many keys were deleted: none is a miss. */
export function keysDeleted(count: Reply | undefined, tally: Tally): undefined | typeof UNFIT {
  if (!isCount(count)) return UNFIT;
  if (count === 0) tally.misses += 1;
  else tally.items += 1;
  return undefined;
}

const isCount = (reply: Reply | undefined): reply is number =>
  typeof reply === 'number' && reply >= 0 && Number.isSafeInteger(reply);

/** A cluster's statuses come as bytes. */
function isAcknowledgement(reply: Reply): boolean {
  if (isCount(reply)) return true;
  const status = Buffer.isBuffer(reply) && reply.length < 5 ? reply.toString('latin1') : reply;
  return status === 'OK' || status === 'PONG';
}
