import type { Bus } from '@drumline/core/bus';
import { afterEach, beforeEach, describe, expect } from 'vitest';
import { MAY_STAY, type OpenPlace, type Place } from '../harness.ts';
import { testAck } from './ack.ts';
import { testAudit } from './audit.ts';
import { testBury } from './bury.ts';
import { testClaim } from './claim.ts';
import { testGiveBack } from './give-back.ts';
import type { Handles } from './handles.ts';
import { testLock } from './lock.ts';
import { testMessages } from './messages.ts';
import { testPush } from './push.ts';
import { testReclaim } from './reclaim.ts';
import { testRun } from './run.ts';
import { testWorkers } from './workers.ts';

/** All that the Bus port promises. */
const CONTRACTS: readonly ((at: Handles) => void)[] = [
  testMessages,
  testLock,
  testRun,
  testWorkers,
  testPush,
  testClaim,
  testAck,
  testGiveBack,
  testReclaim,
  testBury,
  testAudit,
];

/** Every contract, to be run against each implementation and each kind of server; after each test nothing is left behind. */
export function testBus(name: string, open: () => OpenPlace): void {
  describe(`the bus on ${name}`, () => {
    let place: Place;
    let bus: Bus;
    let other: Bus;
    beforeEach(async () => {
      place = open()();
      bus = await place.connect();
      other = await place.connect();
    });
    afterEach(async () => {
      const left = await place.end();
      expect(left.filter((key) => !MAY_STAY.test(key))).toEqual([]);
    });
    const handles: Handles = {
      get bus() {
        return bus;
      },
      get other() {
        return other;
      },
      connect: () => place.connect(),
      ledger: async (queues = 1, run = 'r') => Object.fromEntries(await bus.readLedger(run, queues)),
    };
    for (const contract of CONTRACTS) contract(handles);
  });
}
