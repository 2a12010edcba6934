import type { Redis } from 'ioredis';
import { Monitor, type ScriptCommand } from './monitor.ts';

/** Batches that will come again, since their holder has died. */
interface Wanted {
  /** What their texts begin with: giving them back only adds to the end. */
  readonly texts: ReadonlySet<string>;
  readonly found: (at: number) => void;
}

/**
 * Times what faults lead to by looking on at what scripts do to the keys of a Redis: it believes neither what publishers
 * and workers say of themselves, nor its own polling. Instants are ms of this host's wall clock.
 */
export class Stopwatch {
  readonly #prefix: string;
  readonly #monitors: readonly Monitor[];
  readonly #wanted = new Set<Wanted>();
  readonly #pushes = new Set<{ readonly after: number; readonly found: (at: number) => void }>();

  /** @param ports of the servers on this host that may hold the keys: a replica is told what its master's scripts did, and runs none. */
  constructor(ports: readonly number[], prefix: string) {
    this.#prefix = prefix;
    this.#monitors = ports.map((port) => new Monitor(port, (command) => this.#see(command)));
  }

  async start(): Promise<void> {
    await Promise.all(this.#monitors.map((monitor) => monitor.start()));
  }

  stop(): void {
    for (const monitor of this.#monitors) monitor.stop();
  }

  /**
   * The batches that a worker holds, which must be dead or standing still.
   * @param redis that holds the keys
   * @returns what their texts begin with.
   */
  async heldBy(redis: Redis, worker: string): Promise<ReadonlySet<string>> {
    const texts = new Set<string>();
    const pattern = `{${this.#prefix}_q*}:w:${worker}/*`;
    let cursor = '0';
    do {
      const [next, keys] = await redis.scan(cursor, 'MATCH', pattern, 'COUNT', 1_000);
      cursor = next;
      for (const key of keys) for (const element of await redis.lrange(key, 0, -1)) texts.add(stem(element));
    } while (cursor !== '0');
    return texts;
  }

  /** Resolves with when one of the batches, given back to its queue, was acknowledged by another worker. */
  redelivered(texts: ReadonlySet<string>): Promise<number> {
    return new Promise((found) => this.#wanted.add({ texts, found }));
  }

  /** Resolves with when the first batches after that instant came onto a queue. */
  pushed(after: number): Promise<number> {
    return new Promise((found) => this.#pushes.add({ after, found }));
  }

  #see({ at, words: [command, key = '', count, text = ''] }: ScriptCommand): void {
    if (command === 'RPUSH' && key.startsWith(`${this.#prefix}_q`)) this.#seePush(at);
    // An acknowledgement takes a batch off its holder's list from the head on, giving back from the tail on.
    if (command === 'LREM' && count === '1' && text.includes('"redelivered":')) this.#seeAck(at, stem(text));
  }

  #seePush(at: number): void {
    for (const push of this.#pushes) {
      if (at <= push.after) continue;
      this.#pushes.delete(push);
      push.found(at);
    }
  }

  #seeAck(at: number, text: string): void {
    for (const wanted of this.#wanted) {
      if (!wanted.texts.has(text)) continue;
      this.#wanted.delete(wanted);
      wanted.found(at);
    }
  }
}

/** A batch's text without the mark of how often it was given back, which comes last. */
const stem = (element: string): string => element.replace(/(,"redelivered":\d+)?\}$/, '');
