import { DrumlineError } from '../errors/index.ts';
import { type Instant, instant, type Micros, micros } from '../units/index.ts';
import { shown } from './shown.ts';

/**
 * A contiguous range of ops of one task whose intended starts lie in one beat: one list element. It says which ops and
 * when, never what: the task's definition is in the run's hash, and op *n* is a function of (task, *n*). So a batch of
 * one op and a batch of thousands have the same size.
 *
 * With even arrivals op `first + i` is intended at `at + round(span · i / (count − 1))`, at `at` when `count` is 1.
 */
export interface Batch {
  readonly run: string;
  /** Index into the plan's tasks. */
  readonly task: number;
  /** Number of the first op. */
  readonly first: number;
  /** Ops, ≥ 1. */
  readonly count: number;
  /** Intended start of the first op. */
  readonly at: Instant;
  /** From the first op's intended start to the last one's; the slot's length with Poisson arrivals. */
  readonly span: Micros;
  /** For `seeds`: how often each stream was picked by the ops before `first`. */
  readonly positions?: readonly number[];
  /** How often the batch was given back by workers that died holding it, up to `MOST_REDELIVERIES`; absent = never. */
  readonly redelivered?: number;
}

/** More ops than any publisher puts into one batch: a bound on what a forged element can make a worker do. */
export const MAX_BATCH_OPS = 100_000;
/** Beyond it redeliveries are not told apart any more. */
export const MOST_REDELIVERIES = 1_000;

/** The list element: JSON of some 90 bytes, e.g. `{"run":"k3v9x2","task":0,"first":4500,"count":200,"at":…,"span":398}`. */
export function encodeBatch(batch: Batch): string {
  const positions = batch.positions === undefined ? '' : `,"positions":[${batch.positions.join(',')}]`;
  const redelivered = batch.redelivered === undefined ? '' : `,"redelivered":${batch.redelivered}`;
  return `{"run":${JSON.stringify(batch.run)},"task":${batch.task},"first":${batch.first},"count":${batch.count},"at":${batch.at},"span":${batch.span}${positions}${redelivered}}`;
}

/**
 * Reads a parsed list element as a batch.
 * @throws DrumlineError DRUM_ELEMENT_INVALID naming the field, its value and its bound.
 */
export function batchOf(element: Readonly<Record<string, unknown>>): Batch {
  const run = element['run'];
  if (typeof run !== 'string' || run.length === 0 || run.length > 64) throw invalid('run', run, 'a text of 1 to 64');
  const batch = {
    run,
    task: whole(element, 'task', 0, 1_000_000),
    first: whole(element, 'first', 0, Number.MAX_SAFE_INTEGER),
    count: whole(element, 'count', 1, MAX_BATCH_OPS),
    at: instant(whole(element, 'at', 0, Number.MAX_SAFE_INTEGER)),
    span: micros(whole(element, 'span', 0, 3_600_000_000)),
  };
  const positions = element['positions'];
  const redelivered = element['redelivered'];
  if (positions !== undefined && !isPositions(positions)) {
    throw invalid('positions', positions, 'a list of at most 1,024 whole numbers ≥ 0');
  }
  return {
    ...batch,
    ...(positions !== undefined && { positions }),
    ...(redelivered !== undefined && { redelivered: whole(element, 'redelivered', 1, MOST_REDELIVERIES) }),
  };
}

const isWhole = (value: unknown): value is number => typeof value === 'number' && Number.isSafeInteger(value);

const isPositions = (value: unknown): value is number[] =>
  Array.isArray(value) && value.length <= 1_024 && value.every((position) => isWhole(position) && position >= 0);

function whole(element: Readonly<Record<string, unknown>>, field: string, least: number, most: number): number {
  const value = element[field];
  if (isWhole(value) && value >= least && value <= most) return value;
  throw invalid(field, value, `a whole number from ${least} to ${most}`);
}

function invalid(field: string, value: unknown, expected: string): DrumlineError {
  return new DrumlineError('DRUM_ELEMENT_INVALID', `${field} is ${shown(value)}, expected ${expected}`);
}
