import type { HttpTask } from './http/http-task.ts';

/**
 * The parsed plan: a traffic file after every check, before scale, speed, time zone and drawn seeds are known.
 * Parsing neither mutates nor reads the environment.
 */

/** What is done to a database. */
export const DATA_ACTIONS = [
  'putItem',
  'updateItem',
  'getItem',
  'getSubItem',
  'deleteItem',
  'batchGetItem',
  'batchGetSubItem',
  'batchPutItem',
  'query',
] as const;
export type DataAction = (typeof DATA_ACTIONS)[number];

/** Their order is part of every op's digest: new ones go to the end. */
export const ACTIONS = [...DATA_ACTIONS, 'http'] as const;
/** What an operation does to its target. */
export type Action = (typeof ACTIONS)[number];

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** What a column holds: a literal, or `len` bytes that are a function of (seed, key, column). */
export type ColumnSpec =
  | { readonly kind: 'bytes'; readonly name: string; readonly len: number }
  | { readonly kind: 'literal'; readonly name: string; readonly value: Json }
  /** Column `name` + a suffix drawn from 0…r−1 for each op, `len` bytes. */
  | { readonly kind: 'suffixed'; readonly name: string; readonly r: number; readonly len: number };

/** One entry of the traffic file. Lengths of time are microseconds, rates are decimal texts so that none is rounded. */
export interface Task {
  readonly kind: 'task';
  readonly action: Action;
  /** Operations per second; the shortest decimal text of the number in the file, e.g. `"0.29"`. */
  readonly qps: string;
  /** 24 multipliers by hour as decimal texts, `undefined` = constant rate. */
  readonly qpss: readonly string[] | undefined;
  readonly curve: 'step' | 'smooth';
  readonly clock: 'wall' | 'run';
  /** IANA name; `undefined` = the publisher's. */
  readonly timezone: string | undefined;
  readonly times: number | undefined;
  /** µs */
  readonly duration: number | undefined;
  readonly repeat: number;
  /** `undefined` = drawn once when the run starts. Seed 0 and an absent one parse to `undefined`. */
  readonly seed: string | undefined;
  /** Weights of the streams 1…n; `undefined` = the one stream `seed`. */
  readonly seeds: readonly number[] | undefined;
  readonly offset: number;
  /** Single-item actions: rows made up front, 0 = a fresh row an op. Batch actions: items an op. */
  readonly samples: number;
  /** `undefined` = a row of the config's `sample_data`. */
  readonly data: readonly ColumnSpec[] | undefined;
  readonly arrivals: 'even' | 'poisson';
  /** µs of age past which an op is dropped instead of sent; `undefined` = always send. */
  readonly late: number | undefined;
  /** Items that `query` asks for at most. */
  readonly limit: number;
  /** What action `http` sends and expects; absent for all others. */
  readonly http?: HttpTask;
  /** Where the entry stands in the file, for messages: 1-based. */
  readonly line: number;
  /** 1-based; absent in tasks that no file was parsed for. */
  readonly column?: number;
}

/** The tree of a plan: `sequence` members run in order, `group` members at the same time. */
export type PlanNode =
  | Task
  | { readonly kind: 'sequence'; readonly members: readonly PlanNode[] }
  | { readonly kind: 'group'; readonly members: readonly PlanNode[] };

export interface Plan {
  readonly root: PlanNode;
  /** All tasks of the tree in file order: a task's number is its index here. */
  readonly tasks: readonly Task[];
}
