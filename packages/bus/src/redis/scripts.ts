import { readFileSync } from 'node:fs';
import { REPLY_LUA } from './replies.ts';

/** A script's own answer: a code of `REPLY`, and what the code is about. */
export type Coded<T, More = undefined> = readonly [code: number, value: T, more: More];
type Arg = string | number;

/** The scripts as methods of a connection: all keys first, then the arguments. Each .lua file states its contract. */
export interface Scripts {
  drumPush(queue: string, share: string, ...args: readonly Arg[]): Promise<Coded<number>>;
  drumFence(share: string, epoch: number): Promise<Coded<number, number>>;
  drumClaim(queue: string, claimed: string, max: number): Promise<string[]>;
  drumAck(
    claimed: string,
    share: string,
    consumer: string,
    seq: number,
    confirmed: number,
    ...outcomes: readonly Arg[]
  ): Promise<number[]>;
  drumGiveBack(claimed: string, queue: string, ...elements: readonly string[]): Promise<number>;
  drumBury(claimed: string, dead: string, element: string, letter: string, keep: number): Promise<number>;
  /** `keys` counts all keys that follow. */
  drumReclaim(keys: number, ...keysAndElements: readonly Arg[]): Promise<number>;
  drumWriteRun(run: string, epochField: string, epoch: number, ...fields: readonly string[]): Promise<number>;
  drumPointRun(pointer: string, epoch: number, run: string, ttl: number): Promise<number>;
  drumAudit(log: string, token: string, entry: string, keep: number, ttl: number): Promise<number>;
  drumHeartbeat(worker: string, info: string, ttl: number): Promise<number>;
  drumRegister(workers: string, member: string): Promise<number>;
  drumDrawEpoch(counter: string): Promise<number>;
  drumPublish(channel: string, message: string): Promise<number>;
  drumReadClock(clock: string): Promise<readonly [seconds: string, micros: string, correction: string]>;
  drumCorrectClock(clock: string, from: number, to: number, ttl: number): Promise<number>;
  drumAcquireLock(lock: string, token: string, holder: string, ttl: number): Promise<Coded<string>>;
  drumConfirmLock(lock: string, token: string, epoch: number, ttl: number): Promise<number>;
  drumRenewLock(lock: string, epoch: number, holder: string, ttl: number): Promise<number>;
  drumReleaseLock(lock: string, epoch: number): Promise<number>;
}

/** The file of each script, and how many keys it declares; where that depends on the call, the first argument says it. */
const FILES: Readonly<Record<keyof Scripts, readonly [file: string, keys?: number]>> = {
  drumPush: ['push', 2],
  drumFence: ['fence', 1],
  drumClaim: ['claim', 2],
  drumAck: ['ack', 2],
  drumGiveBack: ['give-back', 2],
  drumBury: ['bury', 2],
  drumReclaim: ['reclaim'],
  drumWriteRun: ['write-run', 1],
  drumPointRun: ['point-run', 1],
  drumAudit: ['audit', 1],
  drumHeartbeat: ['heartbeat', 1],
  drumRegister: ['register', 1],
  drumDrawEpoch: ['draw-epoch', 1],
  drumPublish: ['publish', 1],
  drumReadClock: ['read-clock', 1],
  drumCorrectClock: ['correct-clock', 1],
  drumAcquireLock: ['acquire-lock', 1],
  drumConfirmLock: ['confirm-lock', 1],
  drumRenewLock: ['renew-lock', 1],
  drumReleaseLock: ['release-lock', 1],
};

/**
 * A Redis that is out of memory refuses load, and nothing else: these scripts get through. It lets a script go on writing that
 * has written before, and a command that deletes may always be the first. The others begin with one, or write nothing.
 */
const WHEN_FULL: ReadonlySet<string> = new Set<keyof Scripts>([
  'drumFence',
  'drumWriteRun',
  'drumPointRun',
  'drumAudit',
  'drumHeartbeat',
  'drumRegister',
  'drumDrawEpoch',
  'drumCorrectClock',
  'drumAcquireLock',
  'drumConfirmLock',
  'drumRenewLock',
]);
/** Deletes nothing, whatever the key holds. On the script's first line, as `REPLY_LUA` is. */
const FIRST_WRITE_LUA = "redis.pcall('HDEL', KEYS[1], '') ";

/** The scripts in the form that ioredis takes: sent whole once a connection, then by digest, whole again when unknown. */
export type ScriptDefinitions = Readonly<Record<string, { readonly lua: string; readonly numberOfKeys?: number }>>;

/** Reads the scripts from their files. */
export function loadScripts(): ScriptDefinitions {
  return Object.fromEntries(
    Object.entries(FILES).map(([name, [file, numberOfKeys]]) => {
      const first = WHEN_FULL.has(name) ? FIRST_WRITE_LUA : '';
      const lua = REPLY_LUA + first + readFileSync(new URL(`./scripts/${file}.lua`, import.meta.url), 'utf8');
      return [name, { lua, ...(numberOfKeys !== undefined && { numberOfKeys }) }];
    }),
  );
}
