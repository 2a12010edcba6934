import type { Bus, TaskCounts } from '@drumline/core/bus';

/** What a contract is tested with: two participants on a bus of their own, anew for each test. */
export interface Handles {
  readonly bus: Bus;
  readonly other: Bus;
  /** One more participant. All are closed after the test. */
  connect(): Promise<Bus>;
  /** The ledger by task, over queues 0…`queues`−1 (default 1), of run `r` unless said otherwise. */
  ledger(queues?: number, run?: string): Promise<Readonly<Record<number, TaskCounts>>>;
}
