import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { configOf } from './fleet.fixture.ts';
import { dealQueues, settingsOf } from './settings.ts';

describe('dealQueues', () => {
  test('every queue goes to one engine, and hands differ by one at most', () => {
    fc.assert(
      fc.property(fc.nat(300), fc.integer({ min: 1, max: 40 }), (queues, engines) => {
        const hands = dealQueues(queues, engines);
        expect(hands).toHaveLength(engines);
        expect(hands.flat().toSorted((a, b) => a - b)).toEqual(Array.from({ length: queues }, (_, queue) => queue));
        const sizes = hands.map((hand) => hand.length);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      }),
    );
  });

  test('no queue moves when their number changes', () => {
    fc.assert(
      fc.property(fc.nat(100), fc.nat(100), fc.integer({ min: 1, max: 10 }), (before, after, engines) => {
        const [first, second] = [dealQueues(before, engines), dealQueues(after, engines)];
        const common = Math.min(before, after);
        for (const [i, hand] of first.entries()) {
          expect(hand.filter((queue) => queue < common)).toEqual(second[i]?.filter((queue) => queue < common));
        }
      }),
    );
  });
});

describe('settingsOf', () => {
  test.each([
    ['the default', {}, {}, 'dynamodb', undefined],
    ['the config', { db_type: 'redis', redis_addr: 'h:1' }, {}, 'redis', 'h:1'],
    ['the config’s endpoint', { endpoint: 'http://e:1' }, {}, 'dynamodb', 'http://e:1'],
    ['no database, and so no address of one', { endpoint: 'http://e:1' }, { db: 'http' }, 'http', undefined],
    ['the base URL', { db_type: 'http' }, { endpoint: 'http://b:1' }, 'http', 'http://b:1'],
    ['the command line over the config', { db_type: 'redis', redis_addr: 'h:1' }, { endpoint: 'o:2' }, 'redis', 'o:2'],
    [
      'another database than the config’s',
      { redis_addr: 'h:1', endpoint: 'http://e:1' },
      { db: 'redis' },
      'redis',
      'h:1',
    ],
    ['DynamoDB, whatever Redis’s address', { redis_addr: 'h:1' }, { db: 'dynamodb' }, 'dynamodb', undefined],
  ] as const)('the target by %s', (_, config, target, db, endpoint) => {
    const { driver } = settingsOf(configOf(config), target, 1);
    expect([driver.db, driver.endpoint]).toEqual([db, endpoint]);
  });

  test('the bound of the driver is that of all threads here, at least one', () => {
    const config = configOf({ max_in_flight: 100 });
    expect([0, 1, 3].map((threads) => settingsOf(config, {}, threads).driver.maxInFlight)).toEqual([100, 100, 300]);
  });
});
