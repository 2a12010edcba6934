import type { Action, DataAction, Json } from '../plan/plan.ts';
import type { Instant } from '../units/index.ts';

/** One column of a row as an op sees it: the suffix is drawn, the value is not yet made. */
export type Column =
  | { readonly name: string; readonly len: number; readonly salt: number }
  | { readonly name: string; readonly value: Json };
export type Row = readonly Column[];

/** A key, and the columns that go with it. Reading actions use the columns' names only. */
export interface Item {
  /** 32 hex digits. */
  readonly key: string;
  /** First 32-bit word of the key: with a column's `salt` it picks the value bytes (see values.ts). */
  readonly word: number;
  readonly row: Row;
}

/** One execution of an action. */
export interface Op {
  readonly action: Action;
  /** Number within the task, from 0. */
  readonly n: number;
  readonly intended: Instant;
  /** One item for single-item actions, `samples` items for batch actions. */
  readonly items: readonly Item[];
  /** Items that `query` asks for at most. */
  readonly limit: number;
}

/** An op of a database. */
export type DataOp = Op & { readonly action: DataAction };
