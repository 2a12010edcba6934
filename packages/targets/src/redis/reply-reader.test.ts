import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AnswerError, type Reply, ReplyRefusal, UnkeptBytes } from './reply.ts';
import { ReplyReader } from './reply-reader.ts';

/** Reads the bytes in chunks that end where `cuts` says; answers the replies and whether the rest was refused. */
function read(
  bytes: Buffer,
  cuts: readonly number[] = [],
  tooLong?: 'count' | 'refuse',
): { replies: Reply[]; refused: boolean } {
  const replies: Reply[] = [];
  const reader = new ReplyReader((reply) => replies.push(reply), tooLong);
  const ends = [...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length];
  let at = 0;
  try {
    for (const end of ends) {
      reader.push(bytes.subarray(at, end));
      at = end;
    }
    return { replies, refused: false };
  } catch (error) {
    if (!(error instanceof AnswerError)) throw error;
    return { replies, refused: true };
  }
}

const text = (bytes: string, cuts?: readonly number[]) => read(Buffer.from(bytes, 'latin1'), cuts);

/** The bytes of a reply, by the letter of the protocol. */
function written(reply: Reply): Buffer {
  if (reply === null) return Buffer.from('$-1\r\n');
  if (typeof reply === 'number') return Buffer.from(`:${reply}\r\n`);
  if (typeof reply === 'string') return Buffer.from(`+${reply}\r\n`, 'latin1');
  if (reply instanceof ReplyRefusal) return Buffer.from(`-${reply.message}\r\n`);
  if (Buffer.isBuffer(reply)) return Buffer.concat([Buffer.from(`$${reply.length}\r\n`), reply, Buffer.from('\r\n')]);
  if (Array.isArray(reply)) return Buffer.concat([Buffer.from(`*${reply.length}\r\n`), ...reply.map(written)]);
  throw new Error('not written in this test');
}

const line = fc.string({ unit: fc.constantFrom('a', 'b', ' ', ':', '-', '$', '*', '+', '0', '\t'), maxLength: 12 });
const simple: fc.Arbitrary<Reply> = fc.oneof(
  fc.constant(null),
  fc.maxSafeInteger(),
  line,
  line.map((message) => new ReplyRefusal(message)),
  fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
);
const { reply } = fc.letrec<{ reply: Reply }>((tie) => ({
  reply: fc.oneof({ maxDepth: 4 }, simple, fc.array(tie('reply'), { maxLength: 5 })),
}));
const cuts = fc.array(fc.nat(2_000), { maxLength: 12 });

describe('replies', () => {
  test('are read as they were written, wherever they are cut', () => {
    fc.assert(
      fc.property(fc.array(reply, { maxLength: 6 }), cuts, (replies, places) => {
        const bytes = Buffer.concat(replies.map(written));
        expect(read(bytes, places)).toEqual({ replies, refused: false });
        expect(read(bytes, [...bytes.keys()])).toEqual({ replies, refused: false });
      }),
      { numRuns: 2_000 },
    );
  });

  test('that are whole come before the end of the chunk, and half ones never', () => {
    expect(text(':1\r\n$3\r\nab')).toEqual({ replies: [1], refused: false });
    expect(text('*2\r\n:1\r\n')).toEqual({ replies: [], refused: false });
  });

  test('of a value that does not fit a chunk are put together up to 64 KB, and beyond that only counted', () => {
    const [small, large] = [Buffer.alloc(65_536, 1), Buffer.alloc(65_537, 2)];
    expect(read(written(small), [10_000, 20_000]).replies).toEqual([small]);
    expect(read(written(large), [10_000, 20_000]).replies).toEqual([new UnkeptBytes(65_537)]);
    expect(read(written(large)).replies).toEqual([large]);
  });
});

describe('what is no reply, or too much of one', () => {
  test.each([
    ['another protocol', 'HTTP/1.1 400 Bad Request\r\n'],
    ['a type of RESP3', '%1\r\n+a\r\n:1\r\n'],
    ['a bare line feed', '+OK\n'],
    ['an empty line', '\r\n'],
    ['a number without digits', ':\r\n'],
    ['a number with letters', ':1x\r\n'],
    ['a number of 21 digits', ':100000000000000000000\r\n'],
    ['a length below −1', '$-2\r\n'],
    ['a length beyond 2⁵³', '$9007199254740993000\r\n'],
    ['a value that is longer than it says', '$2\r\nabc\r\n'],
    ['a list of 4,294,967,296 members', '*4294967296\r\n'],
    ['lists nested deeper than any command answers', '*1\r\n'.repeat(9)],
    ['a line without end', `-${'x'.repeat(70_000)}`],
  ])('is refused: %s', (_, bytes) => {
    expect(text(bytes).refused).toBe(true);
    expect(text(bytes, [1, 2, 3, 5, 8, 13]).refused).toBe(true);
  });

  test('allocates nothing of what a length only promises', () => {
    const before = process.memoryUsage().rss;
    for (let i = 0; i < 2_000; i += 1) expect(text(`*4000000\r\n`.repeat(8)).refused).toBe(false);
    for (let i = 0; i < 2_000; i += 1) expect(text('$9000000000000000\r\nx').refused).toBe(false);
    expect(process.memoryUsage().rss - before).toBeLessThan(200e6);
  });

  test('keeps no more than 64 MB of values alive, or refuses them where somebody else would', () => {
    const value = written(Buffer.alloc(1 << 20));
    const list = Buffer.concat([Buffer.from('*80\r\n'), ...Array.from({ length: 80 }, () => value)]);
    const [members] = read(list).replies;
    if (!Array.isArray(members)) throw new Error('no list');
    expect([members[63] instanceof Buffer, members[64] instanceof UnkeptBytes]).toEqual([true, true]);
    expect(read(list, [], 'refuse').refused).toBe(true);
  });

  test('any bytes, and any valid ones with a few of them changed, end in replies or in a refusal', () => {
    const edit = fc.record({ at: fc.nat(500), byte: fc.nat(255), drop: fc.nat(3) });
    const valid = fc.array(reply, { maxLength: 4 }).map((replies) => Buffer.concat(replies.map(written)));
    const mutated = fc.tuple(valid, fc.array(edit, { minLength: 1, maxLength: 4 })).map(([bytes, edits]) => {
      let changed = bytes;
      for (const { at, byte, drop } of edits) {
        const place = at % (changed.length + 1);
        changed = Buffer.concat([changed.subarray(0, place), Buffer.from([byte]), changed.subarray(place + drop)]);
      }
      return changed;
    });
    const random = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));
    const tokens = fc
      .array(fc.constantFrom('*', '$', ':', '+', '-', '\r\n', '\n', '1', '-1', '0', '99999', 'OK', '_', '\0'), {
        maxLength: 40,
      })
      .map((parts) => Buffer.from(parts.join('')));
    fc.assert(
      fc.property(fc.oneof(mutated, random, tokens), cuts, (bytes, places) => {
        const whole = read(bytes);
        expect(read(bytes, places)).toEqual(whole);
      }),
      { numRuns: 20_000 },
    );
  });
});
