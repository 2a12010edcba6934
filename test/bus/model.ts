import { deepEqual, equal } from 'node:assert/strict';
import type { Bus, Consumer, TaskCounts } from '@drumline/core/bus';
import { millis } from '@drumline/core/units';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { batchText, claimAll, done, NOW, type OpenPlace, type Place, push } from './harness.ts';

type Step =
  | { readonly do: 'push'; readonly count: number; readonly repeat: boolean }
  | { readonly do: 'claim' | 'ack' | 'giveBack'; readonly who: number; readonly count: number }
  | { readonly do: 'reclaim'; readonly who: number; readonly by: number };

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
  fc.record({ do: fc.constant('reclaim' as const), who, by: fc.integer({ min: 1, max: 2 }) }),
);

/** A batch as the model knows it; its text follows from it. */
interface Held {
  /** Its first op's number: no two batches share one. */
  readonly first: number;
  readonly redelivered: number;
}

const opsOf = ({ first }: Held): number => 1 + (first % 5);
const textOf = (held: Held): string =>
  batchText(held.first, opsOf(held), held.redelivered === 0 ? {} : { redelivered: held.redelivered });
/** One op of every other batch fails; a batch of three or more ops drops one. */
const outcomeOf = (held: Held) => {
  const [failed, dropped] = [held.first % 2, opsOf(held) >= 3 ? 1 : 0];
  return { ok: opsOf(held) - failed - dropped, failed, dropped, digest: digestOf(held.first) };
};
/** Spread over all 64 bits, so that a carry that is lost shows. */
const digestOf = (first: number): string => hex64(BigInt(first + 1) * 0x9e3779b97f4a7c15n);
const hex64 = (value: bigint): string => BigInt.asUintN(64, value).toString(16).padStart(16, '0');

/**
 * Random histories of one queue and three workers, beside a model of plain arrays. After every history each batch is in
 * exactly one place, in the model's order, marked as often as it was reclaimed, and the ledger is the model's to the digit.
 */
export function testModel(name: string, open: () => OpenPlace, numRuns: number): void {
  describe(`histories on ${name}`, () => {
    test('lose no batch, double none, mark what was reclaimed, and keep the ledger exact', async () => {
      const places = open();
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 40, size: 'max' }), async (steps) => {
          const place = places();
          try {
            const { found, expected } = await playHistory(place, steps);
            expect(found).toEqual(expected);
          } finally {
            await place.end();
          }
        }),
        { numRuns },
      );
    });
  });
}

/** What is where after the steps, and where the model has it. */
async function playHistory(place: Place, steps: readonly Step[]): Promise<{ found: unknown; expected: unknown }> {
  const bus = await place.connect();
  const consumers: Consumer[] = [];
  for (let i = 0; i < WORKERS; i += 1) {
    await bus.heartbeat(`w${i}`, '', millis(60_000));
    consumers.push(await bus.consumer(0, `w${i}`));
  }
  const model = new Model(bus, consumers);
  for (const one of steps) await model.run(one);

  const held = await Promise.all(consumers.map((consumer) => consumer.held()));
  const length = (await bus.queues(1))[0]?.length;
  const ledger = Object.fromEntries(await bus.readLedger('r', 1));
  const waiting = length === 0 ? [] : await claimAll(await bus.consumer(0, 'last'), length ?? 0);
  return {
    found: { held, waiting, ledger },
    expected: {
      held: model.held.map((batches) => batches.map(textOf)),
      waiting: model.waiting.map(textOf),
      ledger: model.ledger,
    },
  };
}

class Model {
  waiting: Held[] = [];
  readonly held: Held[][] = Array.from({ length: WORKERS }, () => []);
  /** What each worker was given and has not said anything about, whether or not it still holds it. */
  readonly #given: Held[][] = Array.from({ length: WORKERS }, () => []);
  readonly #sum = { published: 0, ok: 0, failed: 0, dropped: 0, duplicate: 0 };
  readonly #bus: Bus;
  readonly #consumers: readonly Consumer[];
  #digest = 0n;
  #seq = 0;
  #first = 0;

  constructor(bus: Bus, consumers: readonly Consumer[]) {
    this.#bus = bus;
    this.#consumers = consumers;
  }

  get ledger(): Readonly<Record<number, TaskCounts>> {
    return this.#seq === 0 ? {} : { 0: { ...this.#sum, digest: hex64(this.#digest) } };
  }

  async run(step: Step): Promise<void> {
    if (step.do === 'push') return await this.#push(step.count, step.repeat);
    if (step.do === 'reclaim') return await this.#reclaim(step.who, step.by);
    const [consumer, held, given] = [this.#consumers[step.who], this.held[step.who], this.#given[step.who]];
    if (consumer === undefined || held === undefined || given === undefined) throw new Error('no such worker');
    if (step.do === 'claim') {
      const expected = this.waiting.splice(0, step.count);
      deepEqual(await consumer.claim(step.count, NOW), expected.map(textOf));
      held.push(...expected);
      given.push(...expected);
      return;
    }
    const batches = given.splice(0, step.count);
    // One by one: a batch that was given back and claimed again by the same worker was given twice and is held once.
    const still = batches.filter((batch) => {
      const at = held.findIndex((other) => textOf(other) === textOf(batch));
      if (at >= 0) held.splice(at, 1);
      return at >= 0;
    });
    if (step.do === 'giveBack') {
      this.waiting.unshift(...still);
      await consumer.giveBack(batches.map(textOf));
    } else {
      for (const batch of still) this.#count(batch);
      const late = await consumer.ack(batches.map((batch) => done(textOf(batch), outcomeOf(batch))));
      equal(late, batches.length - still.length);
    }
  }

  async #push(count: number, repeat: boolean): Promise<void> {
    this.#seq += 1;
    const batches = Array.from({ length: count }, (_, i) => ({ first: this.#first + i, redelivered: 0 }));
    this.#first += count;
    this.waiting.push(...batches);
    const ops = batches.reduce((sum, batch) => sum + opsOf(batch), 0);
    this.#sum.published += ops;
    const one = push(this.#seq, batches.map(textOf), { published: new Map([[0, ops]]) });
    await this.#bus.push(0, one);
    if (repeat) await this.#bus.push(0, one);
  }

  /** Done by `by` at once. */
  async #reclaim(who: number, by: number): Promise<void> {
    const held = this.held[who]?.splice(0) ?? [];
    const moved = await Promise.all(Array.from({ length: by }, () => this.#bus.reclaim(0, `w${who}`)));
    equal(
      moved.reduce((sum, count) => sum + count, 0),
      held.length,
    );
    this.waiting.unshift(...held.map(({ first, redelivered }) => ({ first, redelivered: redelivered + 1 })));
    for (const batch of held) this.#sum.duplicate += opsOf(batch);
  }

  #count(batch: Held): void {
    const { ok, failed, dropped } = outcomeOf(batch);
    this.#sum.ok += ok;
    this.#sum.failed += failed;
    this.#sum.dropped += dropped;
    this.#digest += BigInt(`0x${digestOf(batch.first)}`);
  }
}
