import { brotliDecompressSync, gunzipSync, inflateSync, zstdDecompressSync } from 'node:zlib';

type Unpack = (packed: Buffer, options: { readonly maxOutputLength: number }) => Buffer;

const CODINGS = new Map<string, Unpack>([
  ['gzip', gunzipSync],
  ['x-gzip', gunzipSync],
  ['deflate', inflateSync],
  ['br', brotliDecompressSync],
  ['zstd', zstdDecompressSync],
]);

/**
 * A body without its `content-encoding`; `undefined` when it is not what that says, longer than `most` bytes, or in a
 * coding that nobody knows.
 */
export function unpack(body: Buffer, encoding: string, most: number): Buffer | undefined {
  let plain = body;
  try {
    for (const coding of encoding.toLowerCase().split(',').toReversed()) {
      const name = coding.trim();
      if (name === '' || name === 'identity') continue;
      const unpackOne = CODINGS.get(name);
      if (unpackOne === undefined) return undefined;
      plain = unpackOne(plain, { maxOutputLength: most });
    }
  } catch {
    return undefined;
  }
  return plain;
}
