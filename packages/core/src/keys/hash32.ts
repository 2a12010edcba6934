/**
 * FNV-1a, 32 bits, over the text's UTF-8 bytes (Fowler, Noll, Vo; RFC 9923). Names a draw or a column in a counter; it is
 * not meant to withstand anybody who looks for collisions.
 */
export function hash32(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

/** Spreads every bit of `word` over all 32 (the finaliser of MurmurHash3, by Austin Appleby). A bijection. */
export function mix32(word: number): number {
  let h = word | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
