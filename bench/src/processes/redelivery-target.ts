/** A Redis that counts the writes of each key, and notes when one that it was told to wait for arrives. */
import { startArrivalLog } from '@drumline/test/servers';
import { serve } from './serve.ts';

export type RedeliveryQuestion =
  /** Forgets what came so far. */
  | { readonly kind: 'reset' }
  /** Waits for the first arrival of one of the keys at `from` or later, ns on `process.hrtime`'s clock. */
  | { readonly kind: 'watch'; readonly keys: readonly string[]; readonly from: bigint }
  | { readonly kind: 'say' };

export interface RedeliveryAnswer {
  /** Different keys. */
  readonly keys: number;
  /** Arrivals beyond the first of each key. */
  readonly repeated: number;
  /** When the first of the keys that are watched arrived, ns. */
  readonly seen: bigint | undefined;
}

let arrivals = new Map<string, number>();
let total = 0;
let watched = new Set<string>();
let from = 0n;
let seen: bigint | undefined;

const log = await startArrivalLog({
  onArrival: (key) => {
    total += 1;
    arrivals.set(key, (arrivals.get(key) ?? 0) + 1);
    if (seen !== undefined || !watched.has(key)) return;
    const now = process.hrtime.bigint();
    if (now >= from) seen = now;
  },
});

serve<RedeliveryQuestion, RedeliveryAnswer>(log.port, (question) => {
  if (question.kind === 'reset') [arrivals, total, watched, seen] = [new Map(), 0, new Set(), undefined];
  if (question.kind === 'watch') [watched, from, seen] = [new Set(question.keys), question.from, undefined];
  return { keys: arrivals.size, repeated: total - arrivals.size, seen };
});
