import { type Redelivery, redelivery } from '@drumline/core/wire';
import type { Link } from './link.ts';
import { type Seat, seatName } from './seats.ts';
import { textsOf } from './shapes.ts';

/** Elements of one script call; each is five arguments. */
const CHUNK = 500;
/**
 * How often a list is read again at most: a consumer that lives after all, and waits, is served what is given back, and that
 * could go on for ever.
 */
const ROUNDS = 4;

/** Gives back what is on a seat's list; `isEmpty`: nothing has come since. */
export async function reclaimSeat(
  link: Link,
  seat: Seat,
): Promise<{ readonly moved: number; readonly isEmpty: boolean }> {
  const list = link.keys.claimed(seat.queue, seatName(seat.worker, seat.thread));
  let moved = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const elements = textsOf(await link.call('reclaiming', () => link.shared.lrange(list, 0, -1)));
    if (elements.length === 0) return { moved, isEmpty: true };
    for (let to = elements.length; to > 0; to -= CHUNK) {
      moved += await moveBack(link, seat, list, elements.slice(Math.max(0, to - CHUNK), to));
    }
  }
  return { moved, isEmpty: false };
}

/** Moves elements, oldest first, from the list to the head of the queue, marked. */
function moveBack(link: Link, { queue }: Seat, list: string, elements: readonly string[]): Promise<number> {
  const marked = elements.map((element) => ({ old: element, ...redelivery(element) })).toReversed();
  const runs = [...new Set(marked.flatMap(({ ops }) => ops?.run ?? []))];
  const keys = [list, link.keys.queue(queue), ...runs.map((run) => link.keys.share(queue, run))];
  const shareOf = (ops: Redelivery['ops']): number => (ops === undefined ? 0 : 3 + runs.indexOf(ops.run));
  const args = marked.flatMap(({ old, element, ops }) => [old, element, shareOf(ops), ops?.task ?? 0, ops?.count ?? 0]);
  return link.call('reclaiming', () => link.shared.drumReclaim(keys.length, ...keys, ...args));
}
