import { expect, test } from 'vitest';
import { FAULTS, REDIS_FAULTS } from '../servers/index.ts';
import { CONNECT, codesOfFaults, REDIS, survives, TIMED_OUT } from './survival.ts';

const ANSWER = 'DRUM_REDIS_ANSWER';

const REDIS_CODES: Readonly<Record<keyof typeof REDIS_FAULTS, readonly string[]>> = {
  isBusy: ['DRUM_REDIS_UNAVAILABLE'],
  isLoading: ['DRUM_REDIS_LOADING'],
  isReadOnly: ['DRUM_REDIS_READONLY'],
  isFull: ['DRUM_REDIS_OOM'],
  wantsALogin: ['DRUM_REDIS_ACCESS'],
  movesForEver: ['DRUM_REDIS_MOVED'],
  refuses: ['DRUM_REDIS_REFUSED'],
  refusesWordlessly: ['DRUM_REDIS_REFUSED'],
  refusesEndlessly: [ANSWER, CONNECT],
  answersIntegers: [ANSWER, CONNECT],
  answersNegatives: [ANSWER, CONNECT],
  answersNulls: [ANSWER, CONNECT],
  answersNullLists: [ANSWER, CONNECT],
  answersLists: [ANSWER, CONNECT],
  answersText: [ANSWER, CONNECT],
  answersBytes: [ANSWER, CONNECT],
  answersMaps: [ANSWER, CONNECT],
  answersTwice: [ANSWER, CONNECT],
  answersNullsBeside: [ANSWER, CONNECT],
  pushes: [ANSWER, CONNECT],
  nestsForEver: [ANSWER, CONNECT],
  nestsWideLists: [ANSWER, CONNECT],
  promisesTheWorld: [ANSWER, CONNECT],
  promisesAHugeValue: [TIMED_OUT, CONNECT],
  listsForEver: [ANSWER, CONNECT],
  lengthIsNoNumber: [ANSWER, CONNECT],
  lengthIsNegative: [ANSWER, CONNECT],
  valueIsLongerThanSaid: [ANSWER, CONNECT],
};

const common = (Object.keys(FAULTS) as (keyof typeof FAULTS)[]).map(
  (name) => [name, FAULTS[name], codesOfFaults(ANSWER)[name]] as const,
);
const own = (Object.keys(REDIS_FAULTS) as (keyof typeof REDIS_FAULTS)[]).map(
  (name) => [name, REDIS_FAULTS[name], REDIS_CODES[name]] as const,
);

test.each([...common, ...own])(
  'a Redis that %s: every op ends in time with a code, and ops succeed again after it',
  async (_name, fault, ends) => {
    const seen = await survives(REDIS, fault, ends);
    expect(ends.filter((end) => seen.has(end))).not.toEqual([]);
  },
);
