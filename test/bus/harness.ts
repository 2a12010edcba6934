import { randomBytes } from 'node:crypto';
import { connectRedis, MemoryBus, MemoryFleet, type RedisOptions } from '@drumline/bus';
import type { Bus, Consumer, Push, TaskCounts } from '@drumline/core/bus';
import { NO_DIGEST } from '@drumline/core/data';
import { instant, micros, millis } from '@drumline/core/units';
import { type Batch, encodeBatch } from '@drumline/core/wire';
import type { RunningRedis } from '../servers/index.ts';

/** One fresh, empty bus: a fleet of its own, or a prefix of its own. */
export interface Place {
  /** One more participant's handle. All are closed by `end`. */
  connect(): Promise<Bus>;
  /** Closes every handle; answers the names of what is still stored, where that can be known. */
  end(): Promise<string[]>;
}

export type OpenPlace = () => Place;

export const memoryPlace: OpenPlace = () => {
  const fleet = new MemoryFleet();
  const handles: Bus[] = [];
  return {
    connect: async () => {
      const bus = new MemoryBus(fleet);
      handles.push(bus);
      return bus;
    },
    end: async () => {
      await Promise.all(handles.map((bus) => bus.close()));
      return [];
    },
  };
};

/** Places on a server; `nodes` are all servers that hold keys. */
export function redisPlaces(nodes: readonly RunningRedis[], options: Omit<RedisOptions, 'prefix'>): OpenPlace {
  return () => {
    const prefix = `t${randomBytes(4).toString('hex')}`;
    const handles: Bus[] = [];
    return {
      connect: async () => {
        const bus = await connectRedis({ ...options, prefix });
        handles.push(bus);
        return bus;
      },
      end: async () => {
        await Promise.all(handles.map((bus) => bus.close()));
        const names = await Promise.all(
          [`${prefix}_*`, `{${prefix}_*`].flatMap((pattern) => nodes.map((node) => node.cli('KEYS', pattern))),
        );
        return names.flat();
      },
    };
  };
}

/** What may be left when everybody has gone: the config, runs and their ledgers, unread elements, dead letters, the counter, the audit log. */
export const MAY_STAY = /^(\w+_cfg|\w+_epoch|\w+_audit|\w+_run|\w+_run:[^]*|\w+_q\d+|\{\w+_q\d+\}:(run:.*|dead))$/;

export const push = (seq: number, elements: readonly string[], more: Partial<Push> = {}): Push => ({
  run: 'r',
  epoch: 1,
  seq,
  beat: 10 * seq,
  elements,
  published: new Map([[0, elements.length]]),
  ...more,
});

/** The element of a batch of `count` ops from op `first` on. */
export const batchText = (first: number, count: number, more: Partial<Batch> = {}): string =>
  encodeBatch({ run: 'r', task: 0, first, count, at: instant(1_000_000 + first), span: micros(0), ...more });

/** A ledger entry that is 0 where nothing is said. */
export const counts = (more: Partial<TaskCounts>): TaskCounts => ({
  published: 0,
  ok: 0,
  failed: 0,
  dropped: 0,
  duplicate: 0,
  digest: NO_DIGEST,
  ...more,
});

/** An ack of one op that went well. */
export const done = (
  element: string,
  more: Partial<{ run: string; task: number; ok: number; failed: number; dropped: number; digest: string }> = {},
) => ({
  element,
  run: 'r',
  task: 0,
  ok: 1,
  failed: 0,
  dropped: 0,
  ...more,
});

export const NOW = millis(0);
export const SOON = millis(5_000);

/** Claims until `count` elements have come. */
export async function claimAll(consumer: Consumer, count: number, max = 10): Promise<string[]> {
  const elements: string[] = [];
  while (elements.length < count) {
    const more = await consumer.claim(Math.min(max, count - elements.length), SOON);
    if (more.length === 0) throw new Error(`only ${elements.length} of ${count} elements came`);
    elements.push(...more);
  }
  return elements;
}

/** Waits until `ask` answers true. */
export async function until(ask: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!(await ask())) {
    if (performance.now() > deadline) throw new Error('it did not come true within 10 s');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
