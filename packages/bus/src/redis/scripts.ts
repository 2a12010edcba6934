import { readFileSync } from 'node:fs';
import { REPLY_LUA } from './replies.ts';

/** A script's own answer: a code of `REPLY`, and what the code is about. */
export type Coded<T> = readonly [code: number, value: T];
type Arg = string | number;

/** The scripts as methods of a connection: all keys first, then the arguments. Each .lua file states its contract. */
export interface Scripts {
  drumPush(queue: string, share: string, ...args: readonly Arg[]): Promise<Coded<number>>;
  drumFence(share: string, epoch: number): Promise<Coded<number>>;
  drumClaim(queue: string, claimed: string, max: number): Promise<string[]>;
  drumAck(claimed: string, share: string, consumer: string, seq: number, ...outcomes: readonly Arg[]): Promise<number>;
  drumGiveBack(claimed: string, queue: string, ...elements: readonly string[]): Promise<number>;
  drumBury(claimed: string, dead: string, element: string, letter: string, keep: number): Promise<number>;
  drumReclaim(claimed: string, queue: string): Promise<number>;
  drumPublish(channel: string, message: string): Promise<number>;
  drumAcquireLock(lock: string, token: string, holder: string, ttl: number): Promise<Coded<string>>;
  drumConfirmLock(lock: string, token: string, epoch: number, ttl: number): Promise<number>;
  drumRenewLock(lock: string, epoch: number, holder: string, ttl: number): Promise<number>;
  drumReleaseLock(lock: string, epoch: number): Promise<number>;
}

/** How many keys each script declares, and its file. */
const FILES: Readonly<Record<keyof Scripts, readonly [file: string, keys: number]>> = {
  drumPush: ['push', 2],
  drumFence: ['fence', 1],
  drumClaim: ['claim', 2],
  drumAck: ['ack', 2],
  drumGiveBack: ['give-back', 2],
  drumBury: ['bury', 2],
  drumReclaim: ['reclaim', 2],
  drumPublish: ['publish', 1],
  drumAcquireLock: ['acquire-lock', 1],
  drumConfirmLock: ['confirm-lock', 1],
  drumRenewLock: ['renew-lock', 1],
  drumReleaseLock: ['release-lock', 1],
};

/** The scripts in the form that ioredis takes: sent whole once a connection, then by digest, whole again when unknown. */
export type ScriptDefinitions = Readonly<Record<string, { readonly lua: string; readonly numberOfKeys: number }>>;

/** Reads the scripts from their files. */
export function loadScripts(): ScriptDefinitions {
  return Object.fromEntries(
    Object.entries(FILES).map(([name, [file, numberOfKeys]]) => {
      const lua = REPLY_LUA + readFileSync(new URL(`./scripts/${file}.lua`, import.meta.url), 'utf8');
      return [name, { lua, numberOfKeys }];
    }),
  );
}
