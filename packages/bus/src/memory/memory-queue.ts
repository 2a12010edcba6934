import type { Ack, DeadLetter, FenceReply, Push, PushReply, TaskCounts } from '@drumline/core/bus';
import { ElementQueue } from './element-queue.ts';

/** Dead letters kept a queue. */
const DEAD_CAP = 1_000;
const COLUMNS = ['published', 'ok', 'failed', 'dropped', 'duplicate'] as const;
const NOTHING: TaskCounts = { published: 0, ok: 0, failed: 0, dropped: 0, duplicate: 0 };

/** The queue's share of one run. */
interface Share {
  epoch: number;
  seq: number;
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
    const share = this.#shares.get(push.run) ?? { epoch: 0, seq: 0, ledger: new Map() };
    if (push.epoch < share.epoch) return { kind: 'fenced', epoch: share.epoch };
    if (push.seq <= share.seq && push.epoch === share.epoch) return { kind: 'pushed', length: this.length };
    if (push.seq !== share.seq + 1) return { kind: 'gap', last: share.seq };
    this.#shares.set(push.run, share);
    share.epoch = push.epoch;
    share.seq = push.seq;
    for (const [task, ops] of push.published) count(share, task, { published: ops });
    this.#elements.append(push.elements);
    const { length } = this;
    this.#serve();
    return { kind: 'pushed', length };
  }

  fence(run: string, epoch: number): FenceReply {
    const share = this.#shares.get(run) ?? { epoch: 0, seq: 0, ledger: new Map() };
    if (epoch < share.epoch) return { kind: 'fenced', epoch: share.epoch };
    share.epoch = epoch;
    this.#shares.set(run, share);
    return { kind: 'ready', last: share.seq };
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

  ack(seat: string, { element, run, task, ok, failed, dropped }: Ack): void {
    const held = this.#remove(seat, element);
    const share = run === undefined ? undefined : this.#shares.get(run);
    if (share !== undefined) count(share, task, held ? { ok, failed, dropped } : { duplicate: ok + failed + dropped });
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
    this.giveBack(seat, elements);
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

function count(share: Share, task: number, more: Partial<TaskCounts>): void {
  const sum: Record<keyof TaskCounts, number> = { ...(share.ledger.get(task) ?? NOTHING) };
  for (const column of COLUMNS) sum[column] += more[column] ?? 0;
  share.ledger.set(task, sum);
}
