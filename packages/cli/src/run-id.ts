import { randomBytes, randomInt } from 'node:crypto';

/** Short enough to read aloud, long enough never to come twice on one prefix: 40 random bits. */
export const newRunId = (): string =>
  BigInt(`0x${randomBytes(5).toString('hex')}`)
    .toString(36)
    .padStart(8, '0');

/** A seed for a task that names none. Never 0, which means "draw one". */
export const newSeed = (): string => String(randomInt(1, 2 ** 47));
