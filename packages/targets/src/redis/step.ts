import type { Item } from '@drumline/core/data';
import type { Tally } from '../tally.ts';
import type { Exchange } from './link.ts';
import { errorCodeOf } from './reply-error.ts';
import type { Reply } from './resp.ts';

/** One round trip for one item, and what to make of the answer. */
export interface Step extends Exchange {
  /** Enters the replies, none of which is an error, in the tally; answers the next step when the item is not done. */
  read(replies: readonly Reply[], tally: Tally): Step | undefined;
}

/** The first step of an action for one item of an op; `limit` is the op's. */
export type FirstStep = (item: Item, limit: number) => Step;

/** Follows a step with the ones that its answers ask for; `done` is called once, also after a failure. */
export function takeSteps(
  send: (exchange: Exchange, done: (replies: readonly Reply[]) => void) => number,
  step: Step,
  tally: Tally,
  done: () => void,
): void {
  tally.bytesSent += send(step, (replies) => {
    for (const reply of replies) {
      if (!(reply instanceof Error)) continue;
      tally.fail(errorCodeOf(reply));
      return done();
    }
    const next = step.read(replies, tally);
    if (next === undefined) done();
    else takeSteps(send, next, tally, done);
  });
}

/** One item was written, whatever was there before. */
export function written(_replies: readonly Reply[], tally: Tally): undefined {
  tally.items += 1;
}

/** The columns that came back, `null` for one that is not there: a hit when there is any. */
export function columnsRead(columns: Reply | undefined, tally: Tally): undefined {
  let found = false;
  if (Array.isArray(columns)) {
    for (const value of columns) {
      if (value === null) continue;
      found = true;
      if (value instanceof Uint8Array) tally.bytesReceived += value.length;
    }
  }
  if (found) tally.items += 1;
  else tally.misses += 1;
}

/** How many keys were deleted: none is a miss. */
export function keysDeleted(count: Reply | undefined, tally: Tally): undefined {
  if (count === 0) tally.misses += 1;
  else tally.items += 1;
}
