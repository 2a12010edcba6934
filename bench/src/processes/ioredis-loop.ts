/** The peer: a plain loop over ioredis with autopipelining, as its documentation shows it, and nothing else. */
import { Redis } from 'ioredis';
import { cpuTime, serve, settings } from './serve.ts';

export interface LoopSettings {
  readonly port: number;
  readonly inFlight: number;
  readonly valueBytes: number;
  readonly command: 'set' | 'hset';
}

export interface LoopSample {
  readonly ok: number;
  /** µs */
  readonly cpu: number;
  /** ms, for differences. */
  readonly at: number;
}

const { port, inFlight, valueBytes, command } = settings<LoopSettings>();
const redis = new Redis({ port, host: '127.0.0.1', enableAutoPipelining: true });
const value = Buffer.alloc(valueBytes, 7);
const keys = Array.from({ length: 4_096 }, (_, n) => n.toString(16).padStart(32, command === 'set' ? 'a' : 'b'));
let ok = 0;
let going = true;

async function one(): Promise<void> {
  while (going) {
    const key = keys[ok & 4_095] as string;
    await (command === 'set' ? redis.set(key, value) : redis.hset(key, 'field1', value));
    ok += 1;
  }
}

await redis.ping();
const all = Promise.all(Array.from({ length: inFlight }, one));
serve<'sample', LoopSample>(
  {},
  () => ({ ok, cpu: cpuTime(), at: performance.now() }),
  async () => {
    going = false;
    await all;
    redis.disconnect();
  },
);
