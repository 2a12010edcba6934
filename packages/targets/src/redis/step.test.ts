import { valueOf, wordOf } from '@drumline/core/data';
import type { DataAction } from '@drumline/core/plan';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Tally } from '../tally.ts';
import type { RedisLink } from './link.ts';
import { multiColumnSteps } from './multi-column.ts';
import { multiRowSteps } from './multi-row.ts';
import { AnswerError, type Reply, ReplyRefusal, UnkeptBytes } from './reply.ts';
import { takeSteps } from './step.ts';

const key = 'ab'.repeat(16);
const item = {
  key,
  word: wordOf(key),
  row: [
    { name: 'a', len: 3, salt: 1 },
    { name: 'b', value: 'x' },
  ],
};
const steps = [multiColumnSteps(valueOf), multiRowSteps(valueOf)];
const actions = Object.keys(steps[0] ?? {}) as DataAction[];

const simple: fc.Arbitrary<Reply> = fc.oneof(
  fc.constantFrom<Reply>(null, 'OK', 'QUEUED', 'PONG', '', 0, 1, -1, Number.NaN, 1e300),
  fc.constantFrom<Reply>(Buffer.from('a'), Buffer.from('OK'), Buffer.alloc(0), new UnkeptBytes(2 ** 40)),
  fc.constantFrom<Reply>(new ReplyRefusal('OOM x'), new ReplyRefusal(''), new AnswerError('x'), new Error('x')),
);
const { reply } = fc.letrec<{ reply: Reply }>((tie) => ({
  reply: fc.oneof({ maxDepth: 3 }, simple, fc.array(tie('reply'), { maxLength: 4 })),
}));

/** Answers each exchange with what comes next, as many replies as there are commands. */
class Answers implements RedisLink {
  readonly answered = 0;
  distrusted = false;
  readonly #replies: readonly Reply[];
  #next = 0;

  constructor(replies: readonly Reply[]) {
    this.#replies = replies;
  }

  open = (): Promise<void> => Promise.resolve();
  letGo = (): void => undefined;
  caughtUp = (): void => undefined;
  close = (): void => undefined;
  distrust = (): void => {
    this.distrusted = true;
  };

  send({ commands }: { readonly commands: readonly unknown[] }, done: (replies: readonly Reply[]) => void): number {
    done(commands.map(() => this.#replies[this.#next++ % this.#replies.length] ?? null));
    return 1;
  }
}

test('whatever a target answers, an op ends once, with figures and, unless it fits, with a code', () => {
  const ends = new Map<string, number>();
  const some = fc.array(reply, { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(fc.constantFrom(...steps), fc.constantFrom(...actions), some, (of, action, replies) => {
      const link = new Answers(replies);
      const tally = new Tally();
      let done = 0;
      takeSteps(link, of[action](item, 2), tally, () => {
        done += 1;
      });
      expect([done, tally.items + tally.misses]).toEqual([1, tally.error === undefined ? 1 : 0]);
      expect(tally.bytesReceived >= 0 && Number.isFinite(tally.bytesReceived)).toBe(true);
      expect(link.distrusted).toBe(tally.error === 'DRUM_REDIS_ANSWER');
      const end = tally.error ?? 'ok';
      ends.set(end, (ends.get(end) ?? 0) + 1);
    }),
    { numRuns: 10_000 },
  );
  expect([...ends.keys()].toSorted()).toEqual([
    'DRUM_CONNECT',
    'DRUM_REDIS_ANSWER',
    'DRUM_REDIS_OOM',
    'DRUM_REDIS_REFUSED',
    'ok',
  ]);
});
