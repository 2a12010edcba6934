import { deflateSync } from 'node:zlib';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DrumlineError } from '../errors/index.ts';
import { micros } from '../units/index.ts';
import { Histogram } from './histogram.ts';
import { LONGEST_ENCODED } from './histogram-codec.ts';
import { HIGHEST, LENGTH } from './histogram-layout.ts';

/** An encoded histogram with any payload and, by `alter`, any header. */
function forged(payload: readonly number[], alter: (plain: Buffer) => void = () => undefined): string {
  const plain = Buffer.alloc(40 + payload.length);
  plain.writeInt32BE(0x1c849313, 0);
  plain.writeInt32BE(payload.length, 4);
  plain.writeInt32BE(3, 12);
  plain.writeBigInt64BE(1n, 16);
  plain.writeBigInt64BE(BigInt(HIGHEST), 24);
  plain.set(payload, 40);
  alter(plain);
  return wrapped(deflateSync(plain));
}

function wrapped(stream: Buffer, cookie = 0x1c849314, length = stream.length): string {
  const header = Buffer.alloc(8);
  header.writeInt32BE(cookie, 0);
  header.writeInt32BE(length, 4);
  return Buffer.concat([header, stream]).toString('base64');
}

/** How decoding `text` ends: the code of the error, or what else was thrown; `undefined` when it is accepted. */
function refusal(text: string): unknown {
  try {
    Histogram.decode(text);
    return undefined;
  } catch (error) {
    return error instanceof DrumlineError ? error.code : error;
  }
}

/** Zig-zag LEB128 by the book, on big integers. */
function number(value: bigint): number[] {
  let rest = value < 0n ? -2n * value - 1n : 2n * value;
  const bytes: number[] = [];
  while (rest >= 0x80n && bytes.length < 8) {
    bytes.push(Number(rest % 0x80n) + 0x80);
    rest /= 0x80n;
  }
  return [...bytes, Number(rest)];
}

describe('encoding', () => {
  test('decoding gives back every counter', () => {
    const counted = fc.tuple(
      fc.integer({ min: 0, max: HIGHEST }),
      fc.oneof(
        fc.nat(300),
        fc.maxSafeNat().map((n) => n / 64),
      ),
    );
    fc.assert(
      fc.property(fc.array(counted, { maxLength: 60 }), (list) => {
        const histogram = new Histogram();
        for (const [value, times] of list) histogram.record(micros(value), Math.floor(times));
        const read = Histogram.decode(histogram.encode());
        expect([...read.bars()]).toEqual([...histogram.bars()]);
        expect(read.total).toBe(histogram.total);
        read.record(HIGHEST);
        expect(read.max).toBeGreaterThanOrEqual(HIGHEST);
      }),
    );
  });

  test('an empty histogram has a text, too', () => {
    expect(Histogram.decode(new Histogram().encode()).total).toBe(0);
  });

  test('a full histogram of great counts is shorter than the longest text that is read', () => {
    const counts = Float64Array.from({ length: LENGTH }, (_, i) => 2 ** 38 + ((i * 2_654_435_761) % 2 ** 32));
    const full = Histogram.from({ counts, clamped: 0 });
    const text = full.encode();
    expect(text.length).toBeLessThan(LONGEST_ENCODED);
    expect(Histogram.decode(text).total).toBe(full.total);
  });
});

describe('decoding hostile text', () => {
  test.each([
    ['nothing', ''],
    ['no base64', 'abc!'],
    ['base64 with blanks', ` ${new Histogram().encode()}`],
    ['a foreign cookie', wrapped(deflateSync(Buffer.alloc(40)), 0x12345678)],
    ['a plain cookie outside', wrapped(deflateSync(Buffer.alloc(40)), 0x1c849313)],
    ['a wrong length outside', wrapped(deflateSync(Buffer.alloc(40)), 0x1c849314, 1_000)],
    ['a broken stream', wrapped(Buffer.from('no zlib stream'))],
    ['a cut stream', wrapped(deflateSync(Buffer.alloc(400)).subarray(0, 9))],
    ['a bomb', wrapped(deflateSync(Buffer.alloc(50_000_000)))],
    ['a short header', wrapped(deflateSync(Buffer.alloc(10)))],
    ['a foreign cookie inside', forged([], (plain) => plain.writeInt32BE(1, 0))],
    ['a wrong payload length', forged([2], (plain) => plain.writeInt32BE(2, 4))],
    ['a negative payload length', forged([2], (plain) => plain.writeInt32BE(-1, 4))],
    ['two digits', forged([], (plain) => plain.writeInt32BE(2, 12))],
    ['units of a millisecond', forged([], (plain) => plain.writeBigInt64BE(1_000n, 16))],
    ['a number without end', forged([0x80])],
    ['a zero run beyond the end', forged(number(BigInt(-LENGTH - 1)))],
    ['a zero run of 2⁶³', forged([255, 255, 255, 255, 255, 255, 255, 255, 255])],
    ['a counter beyond the end', forged([...number(BigInt(-LENGTH)), 2])],
    ['a count beyond 2⁵³', forged(number(2n ** 53n))],
    ['counts that add up beyond 2⁵³', forged([...number(2n ** 53n - 1n), 2])],
    ['a count of 2⁶²', forged(number(2n ** 62n))],
    ['a text that is too long', 'A'.repeat(LONGEST_ENCODED + 4)],
  ])('%s is refused with a code', (_, text) => {
    expect(refusal(text)).toBe('DRUM_REPORT_INVALID');
  });

  test('a bomb is not inflated beyond the longest histogram', () => {
    const bomb = wrapped(deflateSync(Buffer.alloc(50_000_000)));
    expect(() => Histogram.decode(bomb)).toThrow('its zlib stream is broken or too long');
  });

  test('the last counter and the greatest count are still read', () => {
    expect(Histogram.decode(forged([...number(BigInt(1 - LENGTH)), 2])).max).toBeGreaterThan(HIGHEST);
    expect(Histogram.decode(forged(number(2n ** 53n - 1n))).total).toBe(2 ** 53 - 1);
  });

  test('any bytes end in a histogram or in that code', () => {
    const payloads = fc.uint8Array({ maxLength: 60 }).map((bytes) => forged([...bytes]));
    const streams = fc.uint8Array({ maxLength: 60 }).map((bytes) => wrapped(Buffer.from(bytes)));
    fc.assert(
      fc.property(fc.oneof(payloads, streams, fc.base64String(), fc.string()), (text) => {
        expect([undefined, 'DRUM_REPORT_INVALID']).toContain(refusal(text));
      }),
    );
  });
});
