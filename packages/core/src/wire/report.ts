import { z } from 'zod';
import { DrumlineError } from '../errors/index.ts';
import {
  BEATS_REPORTED,
  COUNTERS,
  type Durations,
  Histogram,
  type HttpFigures,
  LONGEST_ENCODED,
  type RunSeconds,
  type TaskFigures,
  WINDOWS_REPORTED,
  zeroCounters,
} from '../stats/index.ts';
import { type Instant, instant, type Micros, type Millis, micros, millis } from '../units/index.ts';

/** The statistics of one task on one worker, cumulative since the run began on this incarnation of the worker. */
export interface TaskReport extends TaskFigures {
  readonly run: string;
  /** Index into the plan's tasks. */
  readonly task: number;
  readonly action: string;
}

/** What every worker says once a second on `<prefix>_stats`. */
export interface WorkerReport {
  readonly worker: string;
  /** When this process of the worker started: a restart under the same name begins all counts anew. */
  readonly incarnation: Instant;
  readonly host: string;
  readonly pid: number;
  /** Number of the report within the incarnation, from 1 without gaps. */
  readonly seq: number;
  readonly at: Instant;
  /** A task that has not changed for some reports may be left out: readers keep what they last heard of it. */
  readonly tasks: readonly TaskReport[];
  /** Seconds of each run in which this incarnation has sent or ended ops, and those that were disturbed; cumulative. */
  readonly seconds: readonly RunSeconds[];
  /** Ops that are with their target now. */
  readonly inFlight: number;
  /** Ops that are claimed and wait for their intended start. */
  readonly pending: number;
  /** Consumers that are running. */
  readonly threads: number;
  readonly paused: boolean;
  /** How late the event loop of the slowest OS thread was since the last report. */
  readonly eventLoopDelay: { readonly p50: Millis; readonly p99: Millis; readonly max: Millis };
  /** Part (0 … 1) of the time since the last report in which the event loop of the busiest OS thread had work. */
  readonly loopBusy: number;
  /** CPU cores used since the last report, all OS threads together. */
  readonly cpu: number;
  /** Bytes. */
  readonly memory: { readonly rss: number; readonly heapUsed: number };
  /** Error bar of the worker's reading of the fleet's clock. */
  readonly clockError: Micros;
  /** Elements set aside in dead-letter lists by this incarnation. */
  readonly garbage: number;
}

/** Characters of the longest report that is looked at. */
export const LONGEST_REPORT = 16 * 1024 * 1024;
/** Tasks and error codes that one report may hold: it bounds what reading it can allocate. */
export const MOST_ENTRIES = 256;

const count = z.int().nonnegative();
const time = z.number().nonnegative();
/** Printable ASCII without blanks: names end on terminals and in file names. */
const name = z.string().regex(/^[\x21-\x7e]{1,200}$/);
const histogram = z.strictObject({ hdr: z.string().max(LONGEST_ENCODED), clamped: count });
const fewEntries = (record: object): boolean => Object.keys(record).length <= MOST_ENTRIES;

const durations = { response: histogram, service: histogram, lateness: histogram };

const beatCounts = z.array(count).max(BEATS_REPORTED);

const HTTP = z.strictObject({
  /** By status code; there are some 500. */
  statuses: z.record(z.string().regex(/^[1-9]\d{2}$/), count),
  connect: histogram,
  firstByte: histogram,
});

const TASK = z.strictObject({
  run: name,
  task: count,
  action: name,
  sent: count,
  early: count,
  late: count,
  waited: count,
  ok: count,
  failed: count,
  dropped: count,
  items: count,
  misses: count,
  throttles: count,
  unprocessed: count,
  capacity: z.number().nonnegative(),
  bytesSent: count,
  bytesReceived: count,
  errors: z.record(z.string().regex(/^[A-Z][A-Z0-9_]{0,63}$/), count).refine(fewEntries, 'too many error codes'),
  ...durations,
  disturbed: z.strictObject(durations).optional(),
  http: HTTP.optional(),
  windows: z.strictObject({ first: count, counts: z.array(count).max(WINDOWS_REPORTED) }),
  beats: z
    .strictObject({ first: count, intended: beatCounts, sent: beatCounts })
    .refine(({ intended, sent }) => intended.length === sent.length, 'sides of different length'),
});

const REPORT = z.strictObject({
  kind: z.literal('report'),
  worker: name,
  incarnation: time,
  host: name,
  pid: count,
  seq: count.min(1),
  at: time,
  tasks: z.array(TASK).max(MOST_ENTRIES),
  seconds: z
    .array(z.strictObject({ run: name, of: count, disturbed: count, stall: count, redelivery: count, clock: count }))
    .max(MOST_ENTRIES),
  inFlight: count,
  pending: count,
  threads: count,
  paused: z.boolean(),
  eventLoopDelay: z.strictObject({ p50: time, p99: time, max: time }),
  loopBusy: z.number().min(0).max(1),
  cpu: time,
  memory: z.strictObject({ rss: count, heapUsed: count }),
  clockError: time,
  garbage: count,
});

type WireHistogram = z.infer<typeof histogram>;
type WireTask = z.infer<typeof TASK>;
type WireReport = z.infer<typeof REPORT>;

/** The message for `report`. */
export function encodeReport(report: WorkerReport): string {
  const { tasks, seconds, ...rest } = report;
  const wire: WireReport = {
    kind: 'report',
    ...rest,
    tasks: tasks.map(encodeTask),
    seconds: [...seconds],
  };
  return JSON.stringify(wire);
}

function encodeTask(report: TaskReport): WireTask {
  const { counters, errors, disturbed, http, windows, beats, ...rest } = report;
  return {
    run: rest.run,
    task: rest.task,
    action: rest.action,
    ...counters,
    errors: Object.fromEntries(errors),
    ...encodeDurations(report),
    ...(disturbed !== undefined && { disturbed: encodeDurations(disturbed) }),
    ...(http !== undefined && { http: encodeHttp(http) }),
    windows: { first: windows.first, counts: [...windows.counts] },
    beats: { first: beats.first, intended: [...beats.intended], sent: [...beats.sent] },
  };
}

const encodeHttp = ({ statuses, connect, firstByte }: HttpFigures): WireTask['http'] => ({
  statuses: Object.fromEntries(statuses),
  connect: encodeHistogram(connect),
  firstByte: encodeHistogram(firstByte),
});

const encodeDurations = ({ response, service, lateness }: Durations): Durations<WireHistogram> => ({
  response: encodeHistogram(response),
  service: encodeHistogram(service),
  lateness: encodeHistogram(lateness),
});

const encodeHistogram = (from: Histogram): WireHistogram => ({ hdr: from.encode(), clamped: from.clamped });

/**
 * Reads a message of the stats channel. `undefined` when it is of another kind (a reply, or what the original's workers
 * write). Trusts nothing: throws only `DRUM_REPORT_INVALID`, for what is no JSON object, or a report with a missing,
 * unknown or impossible field.
 */
export function decodeReport(text: string): WorkerReport | undefined {
  if (text.length > LONGEST_REPORT) {
    throw invalid(`it has ${text.length} characters, at most ${LONGEST_REPORT} are read`);
  }
  const value = parseJson(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid('it is not a JSON object');
  if (!Object.hasOwn(value, 'kind') || Reflect.get(value, 'kind') !== 'report') return undefined;
  const parsed = REPORT.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw invalid(`at ${issue?.path.map(String).join('.') || 'its top level'}: ${issue?.message ?? 'unknown problem'}`);
  }
  return decodeWire(parsed.data);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw invalid('it is not JSON', cause);
  }
}

function decodeWire(wire: WireReport): WorkerReport {
  const { p50, p99, max } = wire.eventLoopDelay;
  return {
    worker: wire.worker,
    incarnation: instant(wire.incarnation),
    host: wire.host,
    pid: wire.pid,
    seq: wire.seq,
    at: instant(wire.at),
    tasks: wire.tasks.map(decodeTask),
    seconds: wire.seconds,
    inFlight: wire.inFlight,
    pending: wire.pending,
    threads: wire.threads,
    paused: wire.paused,
    eventLoopDelay: { p50: millis(p50), p99: millis(p99), max: millis(max) },
    loopBusy: wire.loopBusy,
    cpu: wire.cpu,
    memory: wire.memory,
    clockError: micros(wire.clockError),
    garbage: wire.garbage,
  };
}

function decodeTask(wire: WireTask): TaskReport {
  const counters = zeroCounters();
  for (const counter of COUNTERS) counters[counter] = wire[counter];
  return {
    run: wire.run,
    task: wire.task,
    action: wire.action,
    counters,
    errors: new Map(Object.entries(wire.errors)),
    ...decodeDurations(wire),
    ...(wire.disturbed !== undefined && { disturbed: decodeDurations(wire.disturbed) }),
    ...(wire.http !== undefined && { http: decodeHttp(wire.http) }),
    windows: wire.windows,
    beats: wire.beats,
  };
}

const decodeHttp = ({ statuses, connect, firstByte }: NonNullable<WireTask['http']>): HttpFigures => ({
  statuses: new Map(Object.entries(statuses).map(([status, times]) => [Number(status), times])),
  connect: Histogram.decode(connect.hdr, connect.clamped),
  firstByte: Histogram.decode(firstByte.hdr, firstByte.clamped),
});

const decodeDurations = ({ response, service, lateness }: Durations<WireHistogram>): Durations => ({
  response: Histogram.decode(response.hdr, response.clamped),
  service: Histogram.decode(service.hdr, service.clamped),
  lateness: Histogram.decode(lateness.hdr, lateness.clamped),
});

function invalid(problem: string, cause?: unknown): DrumlineError {
  // What the problem quotes may be anybody's: no control characters, and no more than a line of it.
  const safe = problem.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 300);
  return new DrumlineError('DRUM_REPORT_INVALID', `a message on the stats channel cannot be read: ${safe}`, {
    hint: 'See that all workers run the same version, and that nobody else writes to the channel.',
    cause,
  });
}
