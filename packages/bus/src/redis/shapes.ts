import { DrumlineError } from '@drumline/core/errors';

// What a reply must be before anything is made of it. Redis answers as its protocol says; something in between may not.

/** A text, or nothing. @throws DRUM_BUS_REFUSED */
export function textOf(reply: unknown): string | undefined {
  if (reply === null || typeof reply === 'string') return reply ?? undefined;
  throw odd(reply, 'a text');
}

/** @throws DRUM_BUS_REFUSED */
export function textsOf(reply: unknown): string[] {
  if (Array.isArray(reply) && reply.every((text) => typeof text === 'string')) return reply;
  throw odd(reply, 'a list of texts');
}

/** The fields of a hash. @throws DRUM_BUS_REFUSED */
export function fieldsOf(reply: unknown): Readonly<Record<string, string>> {
  if (typeof reply === 'object' && reply !== null && !Array.isArray(reply)) {
    const fields = Object.entries<unknown>({ ...reply });
    if (fields.every((field): field is [string, string] => typeof field[1] === 'string'))
      return Object.fromEntries(fields);
  }
  throw odd(reply, 'the fields of a hash');
}

/** Whole numbers, at least `least` of them. @throws DRUM_BUS_REFUSED */
export function numbersOf(reply: unknown, least: number): number[] {
  if (Array.isArray(reply) && reply.length >= least && reply.every((number) => Number.isSafeInteger(number)))
    return reply;
  throw odd(reply, `${least} numbers`);
}

function odd(reply: unknown, expected: string): DrumlineError {
  const kind = reply === null ? 'nothing' : Array.isArray(reply) ? `a list of ${reply.length}` : `a ${typeof reply}`;
  return new DrumlineError('DRUM_BUS_REFUSED', `Redis answered with ${kind}, expected ${expected}`, {
    hint: 'Is it a Redis, and does nothing between here and there change its answers?',
  });
}
