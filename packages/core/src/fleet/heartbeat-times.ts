import { type Millis, millis } from '../units/index.ts';

/*
 * How long a worker's death may go unnoticed, and how long a living one may be silent.
 *
 *   kill ─┬─ ≤ 4.5 s ──────┬─ ≤ 0.5 s ──┬─ 0.2 s ──┬─ round trips ─▶ first op executed again
 *         last heartbeat   heartbeat    first      second look:
 *         at the latest    expires      look       reclaim
 *
 * So batches of a dead worker are in the queue again at most 5.2 s after its death; the 0.8 s up to the promised 6 s are for
 * round trips and for a late event loop of whoever looks. A living worker is taken for dead only when nothing of it
 * reaches Redis for 4 s: eight heartbeats in a row. Two looks, because one may fall between the two steps of an orderly leaving.
 */

/** From one heartbeat to the next. */
export const HEARTBEAT_EVERY: Millis = millis(500);

/** A worker that has not been heard of for so long is dead. */
export const HEARTBEAT_TTL: Millis = millis(4_500);

/**
 * How long after its last confirmed heartbeat was sent a worker may send what it has claimed. Shorter than `HEARTBEAT_TTL`, so that
 * what was sent at the last moment has arrived before anybody else can have it.
 */
export const LEASE: Millis = millis(4_000);

/** From one look for the dead to the next, in a fleet of at most `LOOKERS` workers. */
export const LOOK_EVERY: Millis = millis(500);

/** Larger fleets look less often each, so that together they ask Redis no more than so many would. */
export const LOOKERS = 8;

/** From the look that misses a worker to the one that takes it for dead. */
export const LOOK_AGAIN: Millis = millis(200);

/**
 * How long whoever was cut off from Redis, or stood still, takes nobody for dead afterwards: others may have been cut off with it,
 * and connect again up to a second later.
 */
export const SETTLING: Millis = millis(2_000);
