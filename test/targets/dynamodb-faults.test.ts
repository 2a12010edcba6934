import { expect, test } from 'vitest';
import { DYNAMODB_FAULTS, FAULTS } from '../servers/index.ts';
import { CONNECT, codesOfFaults, DYNAMODB, survives, TIMED_OUT } from './survival.ts';

const ANSWER = 'DRUM_DDB_ANSWER';

const DYNAMODB_CODES: Readonly<Record<keyof typeof DYNAMODB_FAULTS, readonly string[]>> = {
  isThrottling: ['DRUM_DDB_THROTTLED'],
  isOverProvisioned: ['DRUM_DDB_THROTTLED'],
  isFailing: ['DRUM_DDB_SERVER'],
  isUnavailable: ['DRUM_DDB_SERVER'],
  isAGatewayThatThrottles: ['DRUM_DDB_THROTTLED'],
  isAWebSite: [ANSWER],
  redirects: [ANSWER],
  wantsALogin: [ANSWER],
  answersNothing: [ANSWER],
  answersEmptily: [ANSWER],
  answersHalfAnObject: [ANSWER],
  answersAList: [ANSWER],
  answersProto: [ANSWER],
  answersWrongTypes: [ANSWER],
  answersInfinities: [ANSWER],
  answersDepths: [ANSWER],
  answersMore: [ANSWER],
  handsBackAll: ['DRUM_DDB_UNPROCESSED'],
  saysLessThanItSends: ['ok', ANSWER, CONNECT],
  saysMoreThanItSends: [TIMED_OUT],
  saysANegativeLength: [ANSWER],
  saysTwoLengths: [ANSWER],
  breaksItsChunks: [ANSWER],
  hasHugeHeaders: [ANSWER],
  hasEndlessHeaders: [ANSWER],
  promisesMoreThanFits: [TIMED_OUT, ANSWER],
  answersEndlessly: [ANSWER, TIMED_OUT],
  continuesForEver: [ANSWER, CONNECT],
  switchesProtocols: [ANSWER, CONNECT],
  answersTwice: ['ok', ANSWER, CONNECT],
};

const common = (Object.keys(FAULTS) as (keyof typeof FAULTS)[]).map(
  (name) => [name, FAULTS[name], codesOfFaults(ANSWER)[name]] as const,
);
const own = (Object.keys(DYNAMODB_FAULTS) as (keyof typeof DYNAMODB_FAULTS)[]).map(
  (name) => [name, DYNAMODB_FAULTS[name], DYNAMODB_CODES[name]] as const,
);

test.each([...common, ...own])(
  'a DynamoDB that %s: every op ends in time with a code, and ops succeed again after it',
  async (_name, fault, ends) => {
    const seen = await survives(DYNAMODB, fault, ends);
    expect(ends.filter((end) => seen.has(end))).not.toEqual([]);
  },
);
