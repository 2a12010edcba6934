import type { Ack, DeadLetter, FenceReply, Push, PushReply, TaskCounts } from '@drumline/core/bus';
import { addDigests, NO_DIGEST } from '@drumline/core/data';
import { redelivery } from '@drumline/core/wire';
import { ElementQueue } from './element-queue.ts';

/** Dead letters kept a queue. */
const DEAD_CAP = 1_000;
const COLUMNS = ['published', 'ok', 'failed', 'dropped', 'duplicate'] as const;
const NOTHING: TaskCounts = { published: 0, ok: 0, failed: 0, dropped: 0, duplicate: 0, digest: NO_DIGEST };

/** The queue's share of one run. */
interface Share {
  epoch: number;
  seq: number;
  beat: number;
  readonly ledger: Map<number, TaskCounts>;
}

/** One queue and all that goes with it; each method is one of the scripts of the Redis bus, with the same contract. */
export class MemoryQueue {
  readonly dead: DeadLetter[] = [];
  readonly #elements = new ElementQueue();
  readonly #claimed = new Map<string, string[]>();
  readonly #shares = new Map<string, Share>();
  /** Claims that wait, in the order of their coming. */
  readonly #waiters = new Set<() => void>();

  get length(): number {
    return this.#elements.length;
  }

  push(push: Push): PushReply {
    const share = this.#shares.get(push.run) ?? emptyShare();
    if (push.epoch < share.epoch) return { kind: 'fenced', epoch: share.epoch };
    if (push.seq <= share.seq && push.epoch === share.epoch) return { kind: 'pushed', length: this.length };
    if (push.seq !== share.seq + 1) return { kind: 'gap', last: share.seq };
    this.#shares.set(push.run, share);
    share.epoch = push.epoch;
    share.seq = push.seq;
    share.beat = push.beat;
    for (const [task, ops] of push.published) count(share, task, { published: ops });
    this.#elements.append(push.elements);
    const { length } = this;
    this.#serve();
    return { kind: 'pushed', length };
  }

  fence(run: string, epoch: number): FenceReply {
    const share = this.#shares.get(run) ?? emptyShare();
    if (epoch < share.epoch) return { kind: 'fenced', epoch: share.epoch };
    share.epoch = epoch;
    this.#shares.set(run, share);
    return { kind: 'ready', last: share.seq, beat: share.beat };
  }

  claim(seat: string, max: number): string[] {
    const elements = this.#elements.take(max);
    if (elements.length === 0) return elements;
    const list = this.#claimed.get(seat) ?? [];
    for (const element of elements) list.push(element);
    this.#claimed.set(seat, list);
    return elements;
  }

  /** Serves the seat as soon as there is something, after those who waited before. Answers how to stop waiting. */
  wait(seat: string, max: number, serve: (elements: string[]) => void): () => void {
    const waiter = (): void => serve(this.claim(seat, max));
    this.#waiters.add(waiter);
    return () => this.#waiters.delete(waiter);
  }

  /** Answers whether it came too late: the element is no longer this seat's. */
  ack(seat: string, { element, run, task, ok, failed, dropped, digest }: Ack): boolean {
    const isHeld = this.#remove(seat, element);
    if (run === undefined) return false;
    const share = this.#shares.get(run);
    if (isHeld && share !== undefined) count(share, task, { ok, failed, dropped, ...(digest && { digest }) });
    return !isHeld;
  }

  bury(seat: string, letter: DeadLetter): void {
    if (!this.#remove(seat, letter.element)) return;
    this.dead.push(letter);
    if (this.dead.length > DEAD_CAP) this.dead.shift();
  }

  giveBack(seat: string, elements: readonly string[]): void {
    this.#elements.prepend(elements.filter((element) => this.#remove(seat, element)));
    this.#serve();
  }

  reclaim(seat: string): number {
    const elements = this.held(seat);
    this.#claimed.delete(seat);
    const marked = elements.map(redelivery);
    for (const { ops } of marked) {
      const share = ops && this.#shares.get(ops.run);
      if (share !== undefined && share.seq > 0) count(share, ops?.task ?? 0, { duplicate: ops?.count ?? 0 });
    }
    this.#elements.prepend(marked.map(({ element }) => element));
    this.#serve();
    return elements.length;
  }

  held(seat: string): string[] {
    return [...(this.#claimed.get(seat) ?? [])];
  }

  ledger(run: string): ReadonlyMap<number, TaskCounts> {
    return this.#shares.get(run)?.ledger ?? new Map();
  }

  forget(run: string): void {
    this.#shares.delete(run);
  }

  #remove(seat: string, element: string): boolean {
    const list = this.#claimed.get(seat);
    const at = list?.indexOf(element) ?? -1;
    if (list === undefined || at < 0) return false;
    list.splice(at, 1);
    if (list.length === 0) this.#claimed.delete(seat);
    return true;
  }

  #serve(): void {
    for (const waiter of this.#waiters) {
      if (this.length === 0) return;
      this.#waiters.delete(waiter);
      waiter();
    }
  }
}

const emptyShare = (): Share => ({ epoch: 0, seq: 0, beat: -1, ledger: new Map() });

function count(share: Share, task: number, more: Partial<TaskCounts>): void {
  const before = share.ledger.get(task) ?? NOTHING;
  const digest = more.digest === undefined ? before.digest : addDigests(before.digest, more.digest);
  const sum = { ...before, digest };
  for (const column of COLUMNS) sum[column] += more[column] ?? 0;
  share.ledger.set(task, sum);
}
