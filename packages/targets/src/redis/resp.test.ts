import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { type RedisCommand, RespWriter, sizeOf } from './resp.ts';

const command: fc.Arbitrary<RedisCommand> = fc
  .tuple(
    fc.constantFrom('SET', 'HSET'),
    fc.array(
      fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.uint8Array({ maxLength: 300 }),
        fc.nat(90_000).map((n) => Buffer.alloc(n, n)),
      ),
    ),
  )
  .map(([name, args]) => [name, ...args]);

/** The encoding by the letter of the protocol, argument by argument. */
const byTheBook = (one: RedisCommand): Buffer =>
  Buffer.concat([
    Buffer.from(`*${one.length}\r\n`),
    ...one.flatMap((arg) => {
      const bytes = Buffer.from(arg as string);
      return [Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from('\r\n')];
    }),
  ]);

test('commands are encoded as the protocol says, whatever their size and however they fall on the slabs', () => {
  fc.assert(
    fc.property(fc.array(fc.array(command, { maxLength: 5 }), { maxLength: 6 }), (turns) => {
      const writer = new RespWriter();
      const sent: Buffer[] = [];
      for (const turn of turns) {
        for (const one of turn) {
          const size = writer.add(one);
          expect(size).toBe(byTheBook(one).length);
          expect(sizeOf(one)).toBe(size);
        }
        sent.push(...writer.take());
      }
      expect(Buffer.concat(sent).equals(Buffer.concat(turns.flat().map(byTheBook)))).toBe(true);
    }),
    { numRuns: 50 },
  );
});

test('what was handed out is not written again', () => {
  const writer = new RespWriter();
  writer.add(['SET', 'a', Buffer.alloc(1_000, 1)]);
  const first = Buffer.concat(writer.take());
  const held = writer.take();
  writer.add(['SET', 'b', Buffer.alloc(300_000, 2)]);
  const again = writer.take();
  expect(held).toEqual([]);
  expect(Buffer.concat(again).includes('$1\r\nb')).toBe(true);
  expect(first.equals(byTheBook(['SET', 'a', Buffer.alloc(1_000, 1)]))).toBe(true);
});
