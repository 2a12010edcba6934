import { deflateSync, inflateSync } from 'node:zlib';
import { DrumlineError } from '../errors/index.ts';
import { HALF, HIGHEST, LENGTH, SIGNIFICANT_DIGITS } from './histogram-layout.ts';

/**
 * HdrHistogram's V2 format. Big-endian, inside base64:
 *
 *     compressed   cookie 0x1c849314 · length · zlib stream of:
 *     plain        cookie 0x1c849313 · payload length · normalizing offset · significant digits (32 bits each)
 *                  lowest value · highest value (64 bits) · double conversion ratio · payload
 *     payload      one zig-zag LEB128 number a counter up to the last in use; a number −n stands for n counters of 0
 */
const COMPRESSED_COOKIE = 0x1c849314;
const PLAIN_COOKIE = 0x1c849313;
const COMPRESSED_HEADER = 8;
const HEADER = 40;
/** A LEB128 number has at most 9 bytes here: the ninth holds 8 bits, and 64 are then complete. */
const LONGEST_NUMBER = 9;

const LONGEST_PLAIN = HEADER + LENGTH * LONGEST_NUMBER;
/** Characters that the largest possible histogram takes, deflate's growth of what does not compress included. */
export const LONGEST_ENCODED = Math.ceil((LONGEST_PLAIN * 1.01 + 64) / 3) * 4;

/** Measured on response times: 1.4 to 1.9 times as fast as zlib's default level, and the text is as long within 1 %. */
const LEVEL = 1;

/** The text of the counters, up to the last one in use. */
export function encodeCounts(counts: Float64Array): string {
  const used = usedLength(counts);
  const plain = Buffer.allocUnsafe(HEADER + used * LONGEST_NUMBER);
  let end = HEADER;
  for (let index = 0; index < used; ) {
    let zeros = 0;
    while (counts[index + zeros] === 0) zeros += 1;
    // A single 0 is written as the count 0, as the other implementations do.
    end = writeNumber(plain, end, zeros > 1 ? 2 * zeros - 1 : 2 * counts[index]!);
    index += Math.max(1, zeros);
  }
  plain.writeInt32BE(PLAIN_COOKIE, 0);
  plain.writeInt32BE(end - HEADER, 4);
  plain.writeInt32BE(0, 8);
  plain.writeInt32BE(SIGNIFICANT_DIGITS, 12);
  plain.writeBigInt64BE(1n, 16);
  plain.writeBigInt64BE(BigInt(HIGHEST), 24);
  plain.writeDoubleBE(1, 32);
  const deflated = deflateSync(plain.subarray(0, end), { level: LEVEL });
  const header = Buffer.allocUnsafe(COMPRESSED_HEADER);
  header.writeInt32BE(COMPRESSED_COOKIE, 0);
  header.writeInt32BE(deflated.length, 4);
  return Buffer.concat([header, deflated]).toString('base64');
}

/** Index of the last counter in use + 1. */
export function usedLength(counts: Float64Array): number {
  let used = counts.length;
  while (used > 0 && counts[used - 1] === 0) used -= 1;
  return used;
}

/** Writes a zig-zagged number below 2⁵⁴ at `at` (so never a ninth byte); answers where it ends. */
function writeNumber(bytes: Buffer, at: number, number: number): number {
  let rest = number;
  let position = at;
  while (rest >= 0x80) {
    bytes[position] = (rest % 0x80) | 0x80;
    rest = Math.floor(rest / 0x80);
    position += 1;
  }
  bytes[position] = rest;
  return position + 1;
}

/**
 * The counters of an encoded histogram of this layout. Trusts nothing: a text of any content costs at most some 300 KB
 * and ends in counters or in `DRUM_REPORT_INVALID`.
 */
export function decodeCounts(text: string): Float64Array {
  const plain = inflate(text);
  if (plain.length < HEADER || plain.readInt32BE(0) !== PLAIN_COOKIE) throw invalid('its inner header is not V2');
  const payload = plain.readInt32BE(4);
  if (payload !== plain.length - HEADER) {
    throw invalid(`its payload has ${plain.length - HEADER} bytes where its header says ${payload}`);
  }
  // The normalizing offset and the conversion ratio are not read: hdr-histogram-js writes other neutral values than Java.
  const digits = plain.readInt32BE(12);
  const lowest = plain.readBigInt64BE(16);
  if (digits !== SIGNIFICANT_DIGITS || lowest !== 1n) {
    throw invalid(`it has ${digits} digits in units of ${lowest}, not ${SIGNIFICANT_DIGITS} digits in units of 1 µs`);
  }
  return readCounts(plain);
}

function inflate(text: string): Buffer {
  if (text.length > LONGEST_ENCODED)
    throw invalid(`it has ${text.length} characters, at most ${LONGEST_ENCODED} are possible`);
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64') !== text) throw invalid('it is not base64');
  if (bytes.length < COMPRESSED_HEADER || bytes.readInt32BE(0) !== COMPRESSED_COOKIE) {
    throw invalid('its outer header is not compressed V2');
  }
  const length = bytes.readInt32BE(4);
  if (length !== bytes.length - COMPRESSED_HEADER) {
    throw invalid(`its zlib stream has ${bytes.length - COMPRESSED_HEADER} bytes where its header says ${length}`);
  }
  try {
    return inflateSync(bytes.subarray(COMPRESSED_HEADER), { maxOutputLength: LONGEST_PLAIN });
  } catch (cause) {
    throw invalid('its zlib stream is broken or too long', cause);
  }
}

function readCounts(plain: Buffer): Float64Array {
  let counts = new Float64Array(8 * HALF);
  let used = 0;
  let total = 0;
  for (let at = HEADER; at < plain.length; ) {
    let number = plain[at]!;
    at += 1;
    if (number >= 0x80) {
      const end = endOfNumber(plain, at);
      number = readNumber(plain, at - 1, end);
      at = end;
    }
    const zeros = number % 2 === 1;
    used += zeros ? (number + 1) / 2 : 1;
    if (used > LENGTH) throw invalid(`it has more than ${LENGTH} counters`);
    if (zeros) continue;
    if (used > counts.length) counts = grown(counts, used);
    counts[used - 1] = number / 2;
    total += number / 2;
    if (total > Number.MAX_SAFE_INTEGER) throw invalid(`its counts add up to more than ${Number.MAX_SAFE_INTEGER}`);
  }
  // Whole buckets, as the histogram itself grows; `slice` lets go of the rest.
  return counts.slice(0, Math.min(counts.length, Math.ceil(used / HALF) * HALF));
}

function grown(counts: Float64Array, needed: number): Float64Array<ArrayBuffer> {
  const longer = new Float64Array(Math.min(LENGTH, Math.max(2 * counts.length, Math.ceil(needed / HALF) * HALF)));
  longer.set(counts);
  return longer;
}

/** Where the number ends whose second byte is at `second`. */
function endOfNumber(plain: Buffer, second: number): number {
  for (let at = second; at < plain.length; at += 1) {
    if (plain[at]! < 0x80 || at - second === LONGEST_NUMBER - 2) return at + 1;
  }
  throw invalid('its last number has no end');
}

/** Seven bits a byte, the least first; all eight of the ninth. Beyond 2⁵³ it is inexact, and refused as a count by its size. */
function readNumber(plain: Buffer, from: number, end: number): number {
  let number = 0;
  for (let at = end - 1; at >= from; at -= 1) {
    const ninth = at - from === LONGEST_NUMBER - 1;
    number = number * 0x80 + (ninth ? plain[at]! : plain[at]! & 0x7f);
  }
  return number;
}

function invalid(problem: string, cause?: unknown): DrumlineError {
  return new DrumlineError('DRUM_REPORT_INVALID', `an encoded histogram cannot be read: ${problem}`, {
    hint: 'Expected is the V2 compressed base64 text of HdrHistogram: 1 µs units, 3 significant digits, up to 1 h.',
    cause,
  });
}
