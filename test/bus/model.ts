import { isDeepStrictEqual } from 'node:util';
import type { Consumer } from '@drumline/core/bus';
import { millis } from '@drumline/core/units';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { claimAll, done, NOW, type OpenPlace, push } from './harness.ts';

type Step =
  | { readonly do: 'push'; readonly count: number; readonly repeat: boolean }
  | { readonly do: 'claim' | 'ack' | 'giveBack'; readonly who: number; readonly count: number }
  | { readonly do: 'reclaim'; readonly who: number };

const WORKERS = 3;
const who = fc.nat(WORKERS - 1);
const count = fc.integer({ min: 1, max: 6 });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('push' as const), count, repeat: fc.boolean() }),
  fc.record({
    do: fc.constantFrom('claim' as const, 'claim' as const, 'ack' as const, 'giveBack' as const),
    who,
    count,
  }),
  fc.record({ do: fc.constant('reclaim' as const), who }),
);

/**
 * Random histories of one queue and three workers, beside a model of plain arrays. After every step each element is in
 * exactly one place, in the model's order, and the ledger is the model's to the digit.
 */
export function testModel(name: string, open: () => OpenPlace, numRuns: number): void {
  describe(`histories on ${name}`, () => {
    test('lose no element, double none, and keep the ledger exact', async () => {
      const places = open();
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
          const place = places();
          try {
            const bus = await place.connect();
            const consumers: Consumer[] = [];
            for (let i = 0; i < WORKERS; i += 1) {
              await bus.heartbeat(`w${i}`, '', millis(60_000));
              consumers.push(await bus.consumer(0, `w${i}`));
            }
            const model = new Model();
            for (const one of steps)
              await model.run(
                one,
                consumers,
                (seq, elements) => bus.push(0, push(seq, elements)),
                (i) => bus.reclaim(0, `w${i}`),
              );

            for (const [i, consumer] of consumers.entries()) expect(await consumer.held()).toEqual(model.held[i]);
            expect((await bus.queues(1))[0]?.length).toBe(model.waiting.length);
            expect(Object.fromEntries(await bus.readLedger('r', 1))).toEqual(
              model.seq === 0 ? {} : { 0: model.ledger },
            );
            const left = await bus.consumer(0, 'last');
            expect(model.waiting.length === 0 ? [] : await claimAll(left, model.waiting.length)).toEqual(model.waiting);
          } finally {
            await place.end();
          }
        }),
        { numRuns },
      );
    });
  });
}

class Model {
  seq = 0;
  waiting: string[] = [];
  held: string[][] = Array.from({ length: WORKERS }, () => []);
  /** What each worker was given and has not said anything about, whether or not it still holds it. */
  readonly #given: string[][] = Array.from({ length: WORKERS }, () => []);
  readonly ledger = { published: 0, ok: 0, failed: 0, dropped: 0, duplicate: 0 };

  async run(
    step: Step,
    consumers: readonly Consumer[],
    send: (seq: number, elements: string[]) => Promise<unknown>,
    reclaim: (worker: number) => Promise<number>,
  ): Promise<void> {
    if (step.do === 'push') {
      this.seq += 1;
      const elements = Array.from({ length: step.count }, (_, i) => `${this.seq}.${i}`);
      this.waiting.push(...elements);
      this.ledger.published += elements.length;
      await send(this.seq, elements);
      if (step.repeat) await send(this.seq, elements);
      return;
    }
    const { who } = step;
    if (step.do === 'reclaim') {
      if ((await reclaim(who)) !== this.held[who]?.length)
        throw new Error(`reclaim of worker ${who} moved another number of elements`);
      this.waiting.unshift(...(this.held[who] ?? []));
      this.held[who] = [];
      return;
    }
    const [consumer, held, given] = [consumers[who], this.held[who], this.#given[who]];
    if (consumer === undefined || held === undefined || given === undefined) throw new Error('no such worker');
    if (step.do === 'claim') {
      const expected = this.waiting.splice(0, step.count);
      const claimed = await consumer.claim(step.count, NOW);
      if (!isDeepStrictEqual(claimed, expected))
        throw new Error(`worker ${who} claimed ${claimed.join()}, not ${expected.join()}`);
      held.push(...expected);
      given.push(...expected);
      return;
    }
    const elements = given.splice(0, step.count);
    // One by one: an element that was reclaimed and claimed again by the same worker was given twice and is held once.
    const still = elements.filter((element) => held.includes(element) && held.splice(held.indexOf(element), 1));
    if (step.do === 'giveBack') {
      this.waiting.unshift(...still);
      await consumer.giveBack(elements);
    } else {
      this.ledger.ok += still.length;
      this.ledger.duplicate += elements.length - still.length;
      await consumer.ack(elements.map((element) => done(element)));
    }
  }
}
