import { DrumlineError } from '../errors/index.ts';
import type { Task } from '../plan/plan.ts';
import { type Micros, micros } from '../units/index.ts';
import { type Curve, curveOf, DAY, HOURS } from './curve.ts';
import { changingRate, constantRate, curveRate, endingRate, type Rate, rememberingRate } from './rate.ts';
import { parseRational, type Rational, rational, times } from './rational.ts';

/** How the ops of a beat are spaced. */
export type Arrivals = 'even' | 'poisson';

/** From `at` on, the rate is the planned one times `factor`. */
export interface RateChange {
  /** Elapsed time since the task's start, whole µs; on a boundary of a beat, or batches change that are already out. */
  readonly at: Micros;
  /** Decimal text ≥ 0, or two with a slash between them (`"1000/3"`). */
  readonly factor: string;
}

/**
 * All that a schedule depends on. Numbers are decimal texts so that none is rounded; a slash between two is allowed.
 * At least one of `times` and `duration` has to be there.
 */
export interface ScheduleSpec {
  /** Ops per second. */
  readonly qps: string;
  /** 24 multipliers by hour, not all 0; absent = constant. */
  readonly qpss?: readonly string[] | undefined;
  /** Default `step`. */
  readonly curve?: 'step' | 'smooth' | undefined;
  /** µs after the curve's midnight at the task's start: `phaseOf(…)` for the wall clock, 0 (default) for the run's. */
  readonly phase?: Micros | undefined;
  readonly times?: number | undefined;
  /** On the plan's axis: with `speed` 2 it takes half as long. */
  readonly duration?: Micros | undefined;
  /** Multiplies `qps` and `times` (rounded down, at least 1). Default `"1"`. */
  readonly scale?: string | undefined;
  /** Divides durations, the curve's hours among them; leaves `qps` and `times` alone. Default `"1"`. */
  readonly speed?: string | undefined;
  /** Default `even`. */
  readonly arrivals?: Arrivals | undefined;
  /** Ops that one batch holds at most. Default 200. */
  readonly batchOps?: number | undefined;
  /** Live changes of the rate, in the order of their times. */
  readonly history?: readonly RateChange[] | undefined;
  /** Elapsed µs since the task's start at which this repeat of the task begins. Default 0. */
  readonly start?: Micros | undefined;
}

export interface SpecOptions {
  readonly scale?: string | undefined;
  readonly speed?: string | undefined;
  /** `phaseOf(start of the task, its time zone)`; not used by a task whose clock is the run's. */
  readonly phase?: Micros | undefined;
  readonly batchOps?: number | undefined;
  readonly history?: readonly RateChange[] | undefined;
  readonly start?: Micros | undefined;
}

/** The spec of a task's schedule. */
export function specOf(task: Task, options: SpecOptions = {}): ScheduleSpec {
  const { qps, qpss, curve, times, arrivals } = task;
  const duration = task.duration === undefined ? undefined : micros(task.duration);
  const phase = task.clock === 'run' ? micros(0) : options.phase;
  return { ...options, qps, qpss, curve, times, duration, arrivals, phase };
}

/** A spec with every text read and every default filled in. */
export interface Resolved {
  readonly rate: Rate;
  /** Ticks in an elapsed µs. */
  readonly ticks: bigint;
  /** Ticks of a day of the curve; `undefined` = a constant rate. */
  readonly day: bigint | undefined;
  /** The ticks at which the factor changes. */
  readonly changes: readonly bigint[];
  /** The tick at which the duration ends. */
  readonly stop: bigint | undefined;
  /** After `scale`. */
  readonly times: number | undefined;
  readonly arrivals: Arrivals;
  readonly batchOps: number;
  readonly start: Micros;
}

export const DEFAULT_BATCH_OPS = 200;
/** Ops per second. Above it a single beat would be millions of batches; the fastest fleets do some 10⁸. */
export const MAX_RATE = 1_000_000_000;

/** @throws {DrumlineError} `DRUM_USAGE` for scale and speed, `DRUM_PLAN_INVALID` for the rest, `DRUM_PLAN_TOO_LARGE` */
export function resolveSpec(spec: ScheduleSpec): Resolved {
  const scale = factorOf('scale', spec.scale ?? '1');
  const speed = factorOf('speed', spec.speed ?? '1');
  const start = wholeOf('start', spec.start ?? 0, 0);
  const qps = times(positiveOf('qps', spec.qps), scale);
  const duration = spec.duration === undefined ? undefined : wholeOf('duration', spec.duration, 1);
  if (spec.times === undefined && duration === undefined) {
    throw new DrumlineError('DRUM_PLAN_INVALID', 'The task has neither times nor duration.', {
      hint: 'Give one of them.',
    });
  }
  const count = spec.times === undefined ? undefined : scaledTimes(wholeOf('times', spec.times, 1), scale);
  const changes = changesOf(spec.history ?? [], start, speed.num);
  const hours = spec.qpss === undefined ? undefined : hoursOf(spec.qpss);
  checkPeak(qps, hours ?? [], changes);
  const stop = duration === undefined ? undefined : BigInt(duration) * speed.den;
  const planned = plannedRate(spec, qps, speed, hours, start);
  const live = changingRate(planned, changes);
  return {
    rate: rememberingRate(stop === undefined ? live : endingRate(live, stop)),
    ticks: speed.num,
    day: hours === undefined ? undefined : BigInt(DAY) * speed.den,
    changes: changes.map(({ tick }) => tick),
    stop,
    times: count,
    arrivals: spec.arrivals ?? 'even',
    batchOps: wholeOf('batchOps', spec.batchOps ?? DEFAULT_BATCH_OPS, 1),
    start,
  };
}

function plannedRate(
  spec: ScheduleSpec,
  qps: Rational,
  speed: Rational,
  hours: readonly Rational[] | undefined,
  start: Micros,
): Rate {
  const perTick = times(qps, rational(1n, 1_000_000n * speed.num));
  if (hours === undefined) return constantRate(perTick);
  const curve: Curve = curveOf(hours, spec.curve ?? 'step');
  const phase = wholeOf('phase', spec.phase ?? 0, 0);
  return curveRate(perTick, curve, speed.den, BigInt(phase % DAY) * speed.den + BigInt(start) * speed.num);
}

/** The changes as a repeat that begins at `start` sees them: what came before holds from its first tick on. */
function changesOf(history: readonly RateChange[], start: Micros, ticks: bigint): { tick: bigint; factor: Rational }[] {
  let before = 0;
  return history.map(({ at, factor }) => {
    if (wholeOf('history at', at, 0) < before) throw invalid('history at', at, `at least ${before}, the one before it`);
    before = at;
    const value = parseRational(factor);
    if (value === undefined) throw invalid('history factor', factor, 'a number ≥ 0');
    return { tick: BigInt(Math.max(at - start, 0)) * ticks, factor: value };
  });
}

function hoursOf(qpss: readonly string[]): Rational[] {
  if (qpss.length !== HOURS) throw invalid('qpss', qpss.length, `${HOURS} multipliers`);
  const hours = qpss.map((text) => {
    const value = parseRational(text);
    if (value === undefined) throw invalid('qpss', text, 'a number ≥ 0');
    return value;
  });
  if (hours.every(({ num }) => num === 0n)) throw invalid('qpss', 'all 0', 'at least one multiplier > 0');
  return hours;
}

const highest = (values: readonly Rational[]): number =>
  values.length === 0 ? 1 : Math.max(...values.map(({ num, den }) => Number(num) / Number(den)));

function checkPeak(qps: Rational, hours: readonly Rational[], changes: readonly { factor: Rational }[]): void {
  const factor = Math.max(1, highest(changes.map((change) => change.factor)));
  const peak = (Number(qps.num) / Number(qps.den)) * highest(hours) * factor;
  // `not at most` rather than `above`, so that a rate too high even for a float is refused too.
  if (!(peak <= MAX_RATE)) throw tooLarge('rate', `${peak} ops/s`, `${MAX_RATE} ops/s`);
}

function scaledTimes(count: number, scale: Rational): number {
  const scaled = (BigInt(count) * scale.num) / scale.den;
  if (scaled > BigInt(Number.MAX_SAFE_INTEGER)) throw tooLarge('number of ops', scaled, Number.MAX_SAFE_INTEGER);
  return Math.max(1, Number(scaled));
}

function factorOf(name: string, text: string): Rational {
  const value = parseRational(text);
  if (value !== undefined && value.num > 0n) return value;
  throw new DrumlineError('DRUM_USAGE', `--${name} must be a number > 0, not ${JSON.stringify(text)}.`);
}

function positiveOf(name: string, text: string): Rational {
  const value = parseRational(text);
  if (value === undefined || value.num === 0n) throw invalid(name, text, 'a number > 0');
  return value;
}

function wholeOf(name: string, value: number, least: number): Micros & number {
  if (!Number.isSafeInteger(value) || value < least) throw invalid(name, value, `a whole number ≥ ${least}`);
  return micros(value);
}

const invalid = (name: string, value: string | number, expected: string): DrumlineError =>
  new DrumlineError('DRUM_PLAN_INVALID', `${name} must be ${expected}, not ${JSON.stringify(value)}.`);

export const tooLarge = (what: string, value: string | number | bigint, bound: string | number): DrumlineError =>
  new DrumlineError(
    'DRUM_PLAN_TOO_LARGE',
    `The task's ${what} would be ${value}; at most ${bound} can be counted exactly.`,
    {
      hint: 'Lower qps, times, duration or --scale, or split the task.',
    },
  );
