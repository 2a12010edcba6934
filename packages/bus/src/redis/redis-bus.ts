import type {
  AuditEntry,
  Bus,
  ClockReading,
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
import { DrumlineError } from '@drumline/core/errors';
import { type Instant, instant, type Micros, type Millis, micros } from '@drumline/core/units';
import { Cluster } from 'ioredis';
import { failureOf } from './failures.ts';
import { sumLedger } from './ledger-fields.ts';
import { freshToken, Link } from './link.ts';
import { type RedisOptions, resolveRedisOptions } from './options.ts';
import { reclaimSeat } from './reclaim-seat.ts';
import { RedisConsumer } from './redis-consumer.ts';
import { RedisLock } from './redis-lock.ts';
import { REPLY } from './replies.ts';
import { loadScripts } from './scripts.ts';
import { readMember, seatMember, workerMember } from './seats.ts';
import { fieldsOf, numbersOf, textOf, textsOf } from './shapes.ts';
import { Subscriptions } from './subscriptions.ts';

/** In the run's hash beside the run's own fields: the newest epoch that has written to it. */
const EPOCH_FIELD = 'bus:epoch';
/** ms that the pointer to the last run lives after it was written, and after which it is written again. */
const POINTER_TTL = 7 * 24 * 3_600_000;
const POINT_EVERY = 3_600_000;
/** Entries of the audit log, and ms that it lives after the last one. */
const AUDIT_CAP = 10_000;
const AUDIT_TTL = 30 * 24 * 3_600_000;

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
  /** What this handle has last made the prefix's last run. */
  #pointed: { readonly run: string; readonly epoch: number; readonly at: number } | undefined;

  constructor(link: Link) {
    this.#link = link;
    this.#lock = new RedisLock(link);
    this.#subscriptions = new Subscriptions(link);
  }

  async time(): Promise<Instant> {
    return (await this.readClock()).time;
  }

  async readClock(): Promise<ClockReading> {
    const reading = textsOf(
      await this.#link.call('reading the clock', () => this.#redis.drumReadClock(this.#keys.clock)),
    );
    const [seconds, rest, correction] = reading;
    const written = Number(correction);
    // More than 30 years is no correction of anybody's.
    const corrected = Number.isInteger(written) && Math.abs(written) < 1e15 ? written : 0;
    return { time: instant(Number(seconds) * 1_000_000 + Number(rest) + corrected), correction: micros(corrected) };
  }

  async correctClock(from: Micros, to: Micros, ttl: Millis): Promise<boolean> {
    const code = await this.#link.call('correcting the clock', () =>
      this.#redis.drumCorrectClock(this.#keys.clock, from, to, Math.max(1, Math.ceil(ttl))),
    );
    return code === REPLY.OK;
  }

  async readConfig(): Promise<string | undefined> {
    return textOf(await this.#link.call('reading the config', () => this.#redis.get(this.#keys.config)));
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

  async writeRun(run: string, fields: Readonly<Record<string, string>>, epoch: number): Promise<boolean> {
    const args = Object.entries(fields).flat();
    const code = await this.#link.call('writing the run', () =>
      this.#redis.drumWriteRun(this.#keys.run(run), EPOCH_FIELD, epoch, ...args),
    );
    if (code === REPLY.FENCED) return false;
    await this.#point(run, epoch);
    return true;
  }

  async lastRun(): Promise<string | undefined> {
    const pointer = textOf(await this.#link.call('reading the run', () => this.#redis.get(this.#keys.lastRun)));
    return /^\d+ (.*)$/s.exec(pointer ?? '')?.[1];
  }

  async readRun(run: string): Promise<Readonly<Record<string, string>> | undefined> {
    const all = fieldsOf(await this.#link.call('reading the run', () => this.#redis.hgetall(this.#keys.run(run))));
    const { [EPOCH_FIELD]: _, ...fields } = all;
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
      this.#redis.drumHeartbeat(this.#keys.worker(worker), info, Math.max(1, Math.ceil(ttl))),
    );
    await this.#link.call('heartbeat', () => this.#redis.drumRegister(this.#keys.workers, workerMember(worker)));
  }

  async leave(worker: string): Promise<void> {
    await this.#link.call('leaving', () => this.#redis.srem(this.#keys.workers, workerMember(worker)));
    await this.#link.call('leaving', () => this.#redis.del(this.#keys.worker(worker)));
  }

  async workers(): Promise<Registered[]> {
    const names = [...new Set((await this.#members()).flatMap((member) => readMember(member)?.worker ?? []))].sort();
    return Promise.all(
      names.map(async (worker) => ({
        worker,
        info: textOf(await this.#link.call('reading workers', () => this.#redis.get(this.#keys.worker(worker)))),
      })),
    );
  }

  async queuesOf(worker: string): Promise<number[]> {
    const seats = (await this.#members()).flatMap((member) => readMember(member)?.seat ?? []);
    const queues = seats.filter((seat) => seat.worker === worker).map(({ queue }) => queue);
    return [...new Set(queues)].sort((a, b) => a - b);
  }

  async fence(queue: number, run: string, epoch: number): Promise<FenceReply> {
    const reply = await this.#link.call('fencing', () => this.#redis.drumFence(this.#keys.share(queue, run), epoch));
    const [code, value = 0, beat = -1] = numbersOf(reply, 2);
    return code === REPLY.FENCED ? { kind: 'fenced', epoch: value } : { kind: 'ready', last: value, beat };
  }

  async push(queue: number, push: Push): Promise<PushReply> {
    const published = [...push.published].flat();
    const args = [push.epoch, push.seq, push.beat, push.published.size, ...published, ...push.elements];
    const names = [this.#keys.queue(queue), this.#keys.share(queue, push.run)] as const;
    const reply = await this.#link.call('pushing', () => this.#redis.drumPush(...names, ...args));
    const [code, value = 0] = numbersOf(reply, 2);
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
      .map((member) => readMember(member)?.seat)
      .filter(
        (seat) => seat?.worker === worker && seat.queue === queue && (thread === undefined || seat.thread === thread),
      );
    // Whoever is alive goes on claiming on its seats: without them the next reclaim would not find its lists.
    const isAlive = (await this.#link.call('reclaiming', () => this.#redis.exists(this.#keys.worker(worker)))) === 1;
    let moved = 0;
    for (const seat of seats) {
      if (seat === undefined) continue;
      const reclaimed = await reclaimSeat(this.#link, seat);
      moved += reclaimed.moved;
      if (!isAlive && reclaimed.isEmpty)
        await this.#link.call('reclaiming', () => this.#redis.srem(this.#keys.workers, seatMember(seat)));
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
    return textsOf(letters).map(readLetter);
  }

  async readLedger(run: string, queues: number): Promise<Map<number, TaskCounts>> {
    const names = range(queues).map((queue) => this.#keys.share(queue, run));
    const shares = await Promise.all(
      names.map((name) => this.#link.call('reading the ledger', () => this.#redis.hgetall(name)).then(fieldsOf)),
    );
    const lost = shares.findIndex((share) => share['lost'] !== undefined);
    if (lost >= 0) {
      throw new DrumlineError('DRUM_BUS_LOST', `Redis has lost data of run ${run}: outcomes of ops of queue ${lost}`);
    }
    return sumLedger(shares);
  }

  async audit(text: string): Promise<void> {
    const token = freshToken();
    await this.#link.call('auditing', () => this.#redis.drumAudit(this.#keys.audit, token, text, AUDIT_CAP, AUDIT_TTL));
  }

  async readAudit(max: number): Promise<AuditEntry[]> {
    if (max < 1) return [];
    const entries = await this.#link.call('reading the audit log', () =>
      this.#redis.lrange(this.#keys.audit, -max, -1),
    );
    return textsOf(entries).map(readAuditEntry);
  }

  /**
   * What the server throws away when its memory is full (`maxmemory-policy`), if it does: then it is no place for queues.
   * `undefined` when it throws nothing away, or this user may not ask.
   */
  async evictionPolicy(): Promise<string | undefined> {
    const info = await this.#link.call('reading the server’s settings', () =>
      this.#redis.info('memory').catch((error: unknown) => {
        if (failureOf(error) === 'refused') return '';
        throw error;
      }),
    );
    const [, policy] = /^maxmemory_policy:(\S+)/m.exec(info) ?? [];
    return policy === 'noeviction' || /^maxmemory:0\r?$/m.test(info) ? undefined : policy;
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

  /** Makes the run the prefix's last one; again now and then, as the pointer expires. */
  async #point(run: string, epoch: number): Promise<void> {
    const now = performance.now();
    const pointed = this.#pointed;
    if (pointed?.run === run && pointed.epoch === epoch && now - pointed.at < POINT_EVERY) return;
    await this.#link.call('writing the run', () =>
      this.#redis.drumPointRun(this.#keys.lastRun, epoch, run, POINTER_TTL),
    );
    this.#pointed = { run, epoch, at: now };
  }

  #members(): Promise<string[]> {
    return this.#link.call('reading workers', () => this.#redis.smembers(this.#keys.workers)).then(textsOf);
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

/** `<seconds> <microseconds> <token> <entry>`, as audit.lua writes it. */
function readAuditEntry(line: string): AuditEntry {
  const [, seconds, micros, text = ''] = /^(\d+) (\d+) \w+ (.*)$/s.exec(line) ?? [];
  return { at: isoTime(seconds, micros), text };
}

/** Entries come from whoever may write to the list: what is no date is the beginning of time. */
function isoTime(seconds = '0', micros = '0'): string {
  const date = new Date(Number(seconds) * 1_000 + Number(micros) / 1_000);
  return new Date(Number.isNaN(date.getTime()) ? 0 : date).toISOString();
}

/** `<seconds> <microseconds> <JSON>`, as bury.lua writes it. */
function readLetter(text: string): DeadLetter {
  const [, seconds, micros, json = '{}'] = /^(\d+) (\d+) (.*)$/s.exec(text) ?? [];
  const letter = new Map<string, unknown>(Object.entries(objectOf(json)));
  const part = (name: string): string => {
    const value = letter.get(name);
    return typeof value === 'string' ? value : '';
  };
  return { element: part('element'), reason: part('reason'), worker: part('worker'), at: isoTime(seconds, micros) };
}

function objectOf(json: string): object {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}
