import { connectRedis, type RedisOptions } from '@drumline/bus';
import type { Bus, Consumer } from '@drumline/core/bus';
import { delay } from '@drumline/core/clock';
import { type Millis, millis } from '@drumline/core/units';
import { Redis } from 'ioredis';

/** What a worker would do if nothing had to survive it: LPOP, and no word of what became of it. */
export class PlainConsumer implements Consumer {
  readonly #redis: Redis;
  readonly #queue: string;

  constructor(redis: Redis, queue: string) {
    this.#redis = redis;
    this.#queue = queue;
  }

  async claim(max: number, wait: Millis): Promise<string[]> {
    const elements = await this.#redis.lpop(this.#queue, max);
    if (elements === null) await delay(millis(Math.min(wait, 5)));
    return elements ?? [];
  }

  ack = (): Promise<number> => Promise.resolve(0);
  bury = (): Promise<void> => Promise.resolve();
  giveBack = (): Promise<void> => Promise.resolve();
  held = (): Promise<string[]> => Promise.resolve([]);
  close = (): Promise<void> => Promise.resolve();
}

/** The bus of Redis, but for its consumers. */
export async function connectPlain(options: RedisOptions): Promise<Bus> {
  const bus: Bus = await connectRedis(options);
  const redis = plainRedis(options);
  const close = bus.close.bind(bus);
  bus.consumer = (queue) => Promise.resolve(new PlainConsumer(redis, `${options.prefix}_q${queue}`));
  bus.close = async () => {
    redis.disconnect();
    await close();
  };
  return bus;
}

/** A connection that sends like the bus's own. */
export const plainRedis = ({ url }: RedisOptions): Redis => new Redis(url ?? '', { enableAutoPipelining: true });
