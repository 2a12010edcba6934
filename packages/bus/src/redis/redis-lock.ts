import type { LockReply } from '@drumline/core/bus';
import type { Millis } from '@drumline/core/units';
import { freshToken, type Link } from './link.ts';
import { REPLY } from './replies.ts';

/** The publisher's lock and its epochs; acquire-lock.lua and confirm-lock.lua say why two steps, and why they are safe. */
export class RedisLock {
  readonly #link: Link;

  constructor(link: Link) {
    this.#link = link;
  }

  async acquire(holder: string, ttl: Millis): Promise<LockReply> {
    const { keys, shared } = this.#link;
    const life = Math.max(1, Math.ceil(ttl));
    for (;;) {
      const token = freshToken();
      const [code, other] = await this.#call(() => shared.drumAcquireLock(keys.publisher, token, holder, life));
      if (code === REPLY.HELD) return { kind: 'held', holder: other };
      const epoch = await this.#call(() => shared.drumDrawEpoch(keys.epoch));
      const confirmed = await this.#call(() => shared.drumConfirmLock(keys.publisher, token, epoch, life));
      if (confirmed === REPLY.OK) return { kind: 'acquired', epoch };
    }
  }

  async renew(epoch: number, holder: string, ttl: Millis): Promise<boolean> {
    const { keys, shared } = this.#link;
    return (
      (await this.#call(() => shared.drumRenewLock(keys.publisher, epoch, holder, Math.max(1, Math.ceil(ttl))))) ===
      REPLY.OK
    );
  }

  async release(epoch: number): Promise<void> {
    const { keys, shared } = this.#link;
    await this.#call(() => shared.drumReleaseLock(keys.publisher, epoch));
  }

  async holder(): Promise<string | undefined> {
    const value = await this.#call(() => this.#link.shared.get(this.#link.keys.publisher));
    return value === null ? undefined : /^\d+ [0-9a-f]+ (.*)$/s.exec(value)?.[1];
  }

  #call<T>(command: () => Promise<T>): Promise<T> {
    return this.#link.call('the publisher’s lock', command);
  }
}
