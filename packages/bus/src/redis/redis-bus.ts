import type {
  Bus,
  DeadLetter,
  FenceReply,
  LockReply,
  Push,
  PushReply,
  QueueStatus,
  Registered,
  TaskCounts,
  Unsubscribe,
} from '@drumline/core/bus';
import { type Instant, instant, type Millis } from '@drumline/core/units';
import { Cluster } from 'ioredis';
import { sumLedger } from './ledger-fields.ts';
import { freshToken, Link } from './link.ts';
import { type RedisOptions, resolveRedisOptions } from './options.ts';
import { RedisConsumer } from './redis-consumer.ts';
import { RedisLock } from './redis-lock.ts';
import { REPLY } from './replies.ts';
import { loadScripts } from './scripts.ts';
import { readMember, seatMember, seatName, workerMember } from './seats.ts';
import { Subscriptions } from './subscriptions.ts';

/**
 * Connects to Redis: a single server or a cluster, 6.2 or later.
 *
 * @throws `DRUM_BUS_ADDRESS`, `DRUM_BUS_PREFIX` for options that cannot be right; `DRUM_BUS_UNREACHABLE` when there is no
 * connection within `connectWithin`; `DRUM_BUS_REFUSED` at once for a wrong password, missing rights, the wrong kind of server
 */
export async function connectRedis(options: RedisOptions): Promise<RedisBus> {
  const link = new Link(resolveRedisOptions(options), loadScripts());
  await link.connect();
  return new RedisBus(link);
}

/** The bus on Redis lists, hashes and channels. Made by `connectRedis`. */
export class RedisBus implements Bus {
  readonly #link: Link;
  readonly #lock: RedisLock;
  readonly #subscriptions: Subscriptions;
  readonly #consumers = new Set<RedisConsumer>();

  constructor(link: Link) {
    this.#link = link;
    this.#lock = new RedisLock(link);
    this.#subscriptions = new Subscriptions(link);
  }

  async time(): Promise<Instant> {
    const [seconds, micros] = await this.#link.call('reading the clock', () => this.#redis.time());
    return instant(Number(seconds) * 1_000_000 + Number(micros));
  }

  async readConfig(): Promise<string | undefined> {
    return (await this.#link.call('reading the config', () => this.#redis.get(this.#keys.config))) ?? undefined;
  }

  async writeConfig(text: string): Promise<void> {
    await this.#link.call('writing the config', () => this.#redis.set(this.#keys.config, text));
  }

  async notify(message: string): Promise<number> {
    const here = await this.#link.call('notifying', () => this.#redis.drumPublish(this.#keys.notify, message));
    return this.#redis instanceof Cluster ? this.#listeners(this.#redis, this.#keys.notify) : here;
  }

  onNotify(listener: (message: string) => void): Promise<Unsubscribe> {
    return this.#subscriptions.add(this.#keys.notify, listener);
  }

  async report(message: string): Promise<void> {
    await this.#link.call('reporting', () => this.#redis.drumPublish(this.#keys.stats, message));
  }

  onReport(listener: (message: string) => void): Promise<Unsubscribe> {
    return this.#subscriptions.add(this.#keys.stats, listener);
  }

  acquireLock(holder: string, ttl: Millis): Promise<LockReply> {
    return this.#lock.acquire(holder, ttl);
  }

  renewLock(epoch: number, holder: string, ttl: Millis): Promise<boolean> {
    return this.#lock.renew(epoch, holder, ttl);
  }

  releaseLock(epoch: number): Promise<void> {
    return this.#lock.release(epoch);
  }

  lockHolder(): Promise<string | undefined> {
    return this.#lock.holder();
  }

  async writeRun(run: string, fields: Readonly<Record<string, string>>): Promise<void> {
    if (Object.keys(fields).length === 0) return;
    await this.#link.call('writing the run', () => this.#redis.hset(this.#keys.run(run), fields));
  }

  async readRun(run: string): Promise<Readonly<Record<string, string>> | undefined> {
    const fields = await this.#link.call('reading the run', () => this.#redis.hgetall(this.#keys.run(run)));
    return Object.keys(fields).length === 0 ? undefined : fields;
  }

  async expireRun(run: string, queues: number, ttl: Millis): Promise<void> {
    const names = [this.#keys.run(run), ...range(queues).map((queue) => this.#keys.share(queue, run))];
    await Promise.all(
      names.map((name) => this.#link.call('ending the run', () => this.#redis.pexpire(name, Math.ceil(ttl)))),
    );
  }

  async heartbeat(worker: string, info: string, ttl: Millis): Promise<void> {
    // In this order, and the other way round on leaving: whoever finds the worker in the set finds it alive.
    await this.#link.call('heartbeat', () =>
      this.#redis.set(this.#keys.worker(worker), info, 'PX', Math.max(1, Math.ceil(ttl))),
    );
    await this.#link.call('heartbeat', () => this.#redis.sadd(this.#keys.workers, workerMember(worker)));
  }

  async leave(worker: string): Promise<void> {
    await this.#link.call('leaving', () => this.#redis.srem(this.#keys.workers, workerMember(worker)));
    await this.#link.call('leaving', () => this.#redis.del(this.#keys.worker(worker)));
  }

  async workers(): Promise<Registered[]> {
    const names = [...new Set((await this.#members()).map((member) => readMember(member).worker))].sort();
    return Promise.all(
      names.map(async (worker) => ({
        worker,
        info: (await this.#link.call('reading workers', () => this.#redis.get(this.#keys.worker(worker)))) ?? undefined,
      })),
    );
  }

  async fence(queue: number, run: string, epoch: number): Promise<FenceReply> {
    const [code, value] = await this.#link.call('fencing', () =>
      this.#redis.drumFence(this.#keys.share(queue, run), epoch),
    );
    return code === REPLY.FENCED ? { kind: 'fenced', epoch: value } : { kind: 'ready', last: value };
  }

  async push(queue: number, push: Push): Promise<PushReply> {
    const args = [push.epoch, push.seq, push.published.size, ...[...push.published].flat(), ...push.elements];
    const names = [this.#keys.queue(queue), this.#keys.share(queue, push.run)] as const;
    const [code, value] = await this.#link.call('pushing', () => this.#redis.drumPush(...names, ...args));
    if (code === REPLY.FENCED) return { kind: 'fenced', epoch: value };
    if (code === REPLY.GAP) return { kind: 'gap', last: value };
    return { kind: 'pushed', length: value };
  }

  async consumer(queue: number, worker: string, thread: string = freshToken()): Promise<RedisConsumer> {
    const consumer = new RedisConsumer(this.#link, { worker, thread, queue }, (closed) =>
      this.#consumers.delete(closed),
    );
    this.#consumers.add(consumer);
    try {
      await consumer.register();
    } catch (error) {
      await consumer.close();
      throw error;
    }
    return consumer;
  }

  async reclaim(queue: number, worker: string, thread?: string): Promise<number> {
    const seats = (await this.#members())
      .map((member) => readMember(member).seat)
      .filter(
        (seat) => seat?.worker === worker && seat.queue === queue && (thread === undefined || seat.thread === thread),
      );
    // Whoever is alive goes on claiming on its seats: without them the next reclaim would not find its lists.
    const isAlive = (await this.#link.call('reclaiming', () => this.#redis.exists(this.#keys.worker(worker)))) === 1;
    let moved = 0;
    for (const seat of seats) {
      if (seat === undefined) continue;
      const list = this.#keys.claimed(queue, seatName(worker, seat.thread));
      moved += await this.#link.call('reclaiming', () => this.#redis.drumReclaim(list, this.#keys.queue(queue)));
      if (!isAlive) await this.#link.call('reclaiming', () => this.#redis.srem(this.#keys.workers, seatMember(seat)));
    }
    return moved;
  }

  queues(count: number): Promise<QueueStatus[]> {
    const length = (name: string): Promise<number> => this.#link.call('reading queues', () => this.#redis.llen(name));
    return Promise.all(
      range(count).map(async (queue) => {
        const [waiting, dead] = await Promise.all([length(this.#keys.queue(queue)), length(this.#keys.dead(queue))]);
        return { queue, length: waiting, dead };
      }),
    );
  }

  async deadLetters(queue: number, max: number): Promise<DeadLetter[]> {
    if (max < 1) return [];
    const letters = await this.#link.call('reading dead letters', () =>
      this.#redis.lrange(this.#keys.dead(queue), -max, -1),
    );
    return letters.map(readLetter);
  }

  async readLedger(run: string, queues: number): Promise<Map<number, TaskCounts>> {
    const shares = range(queues).map((queue) => this.#keys.share(queue, run));
    return sumLedger(
      await Promise.all(shares.map((share) => this.#link.call('reading the ledger', () => this.#redis.hgetall(share)))),
    );
  }

  async close(): Promise<void> {
    await Promise.all([...this.#consumers].map((consumer) => consumer.close()));
    this.#subscriptions.close();
    await this.#link.close();
  }

  get #redis(): Link['shared'] {
    return this.#link.shared;
  }

  get #keys(): Link['keys'] {
    return this.#link.keys;
  }

  #members(): Promise<string[]> {
    return this.#link.call('reading workers', () => this.#redis.smembers(this.#keys.workers));
  }

  /** A publication counts only the listeners at the node that it reached: ask every node. */
  async #listeners(cluster: Cluster, channel: string): Promise<number> {
    const counts = await Promise.all(
      cluster
        .nodes('all')
        .map(async (node) => Number((await node.pubsub('NUMSUB', channel).catch(() => [channel, 0]))[1])),
    );
    return counts.reduce((sum, count) => sum + count, 0);
  }
}

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

/** `<seconds> <microseconds> <JSON>`, as bury.lua writes it. */
function readLetter(text: string): DeadLetter {
  const [, seconds, micros, json = '{}'] = /^(\d+) (\d+) (.*)$/s.exec(text) ?? [];
  const letter = new Map<string, unknown>(Object.entries(JSON.parse(json)));
  const part = (name: string): string => {
    const value = letter.get(name);
    return typeof value === 'string' ? value : '';
  };
  const at = new Date(Number(seconds ?? 0) * 1_000 + Number(micros ?? 0) / 1_000).toISOString();
  return { element: part('element'), reason: part('reason'), worker: part('worker'), at };
}
